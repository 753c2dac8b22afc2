package cloud.freehold.portal.network.domain;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A range of addresses, from strict text; no name is ever looked up.
 *
 * @param family 4 or 6
 * @param first its lowest address as a number
 * @param length of the prefix; 32 or 128 for a single address
 */
record IpRange(int family, BigInteger first, int length) {

    private static final String OCTET = "(?:0|[1-9][0-9]{0,2})";
    private static final Pattern IPV4 = Pattern.compile(OCTET + "(?:\\." + OCTET + "){3}");
    private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:]*:[0-9a-fA-F:.]*");
    private static final Pattern LENGTH = Pattern.compile("[0-9]{1,3}");
    private static final int LONGEST_TEXT = 45;

    /** An address alone. */
    static Optional<IpRange> address(String text) {
        return bytes(text)
                .map(bytes -> new IpRange(bytes.length == 4 ? 4 : 6, new BigInteger(1, bytes), 8 * bytes.length));
    }

    /** Address and length; empty as well when bits are set beyond the length. */
    static Optional<IpRange> prefix(String text) {
        int slash = text.indexOf('/');
        if (slash < 0 || !LENGTH.matcher(text.substring(slash + 1)).matches()) {
            return Optional.empty();
        }
        int length = Integer.parseInt(text.substring(slash + 1));
        return address(text.substring(0, slash))
                .filter(address -> length <= address.bits())
                .map(address -> new IpRange(address.family, address.first, length))
                .filter(range -> range.first.equals(range.network(range.first)));
    }

    private static Optional<byte[]> bytes(String text) {
        if (text.length() > LONGEST_TEXT
                || !(IPV4.matcher(text).matches() || IPV6.matcher(text).matches())) {
            return Optional.empty();
        }
        try {
            // Nothing of this form is taken for a name.
            byte[] bytes = InetAddress.getByName(text).getAddress();
            boolean mapped = bytes.length == 4 && text.contains(":");
            return mapped ? Optional.empty() : Optional.of(bytes);
        } catch (UnknownHostException e) {
            return Optional.empty();
        }
    }

    int bits() {
        return family == 4 ? 32 : 128;
    }

    boolean contains(IpRange other) {
        return family == other.family
                && length <= other.length
                && network(other.first).equals(first);
    }

    boolean overlaps(IpRange other) {
        return contains(other) || other.contains(this);
    }

    /** The highest address. */
    BigInteger last() {
        return first.add(BigInteger.ONE.shiftLeft(bits() - length)).subtract(BigInteger.ONE);
    }

    private BigInteger network(BigInteger address) {
        int host = bits() - length;
        return address.shiftRight(host).shiftLeft(host);
    }
}
