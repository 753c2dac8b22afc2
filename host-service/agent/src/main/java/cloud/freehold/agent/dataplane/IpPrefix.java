package cloud.freehold.agent.dataplane;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/** An address or CIDR as the dataplane takes it. */
record IpPrefix(byte[] address, int length) {
    private static final Pattern NUMERIC = Pattern.compile("[0-9.]{7,15}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

    /** @throws IllegalArgumentException it is neither */
    static IpPrefix parse(String text) {
        int slash = text.indexOf('/');
        var numeric = slash < 0 ? text : text.substring(0, slash);
        if (!NUMERIC.matcher(numeric).matches()) {
            throw new IllegalArgumentException("'" + text + "' is not an IP address or CIDR");
        }
        try {
            var bytes = InetAddress.getByName(numeric).getAddress();
            int most = bytes.length * 8;
            int length = slash < 0 ? most : Integer.parseInt(text.substring(slash + 1));
            if (length < 0 || length > most) {
                throw new IllegalArgumentException("'" + text + "': the prefix length must be 0 to " + most);
            }
            return new IpPrefix(bytes, length);
        } catch (UnknownHostException | NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is not an IP address or CIDR", e);
        }
    }

    int family() {
        return address.length == 4 ? 4 : 6;
    }
}
