package cloud.freehold.portal.hostlink.domain;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/** Addresses in what hosts report. */
final class Addresses {

    private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";

    /** An expression for an IPv4 address; a leading zero would make it another one to some. */
    static final String IPV4 = OCTET + "(\\." + OCTET + "){3}";

    private static final Pattern NUMERIC = Pattern.compile(IPV4 + "|[0-9a-fA-F:.]{0,45}:[0-9a-fA-F:.]{0,45}");

    private Addresses() {}

    /** Whether it is one address, as numbers; no name is looked up. */
    static boolean isNumeric(String text) {
        if (!NUMERIC.matcher(text).matches()) {
            return false;
        }
        try {
            InetAddress.getByName(text);
            return true;
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
