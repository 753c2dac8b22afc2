package cloud.freehold.portal.network.domain;

import cloud.freehold.portal.common.InvalidInputException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Prefixes that a network may have. */
final class Prefixes {

    private static final Pattern IPV4 =
            Pattern.compile("([0-9]{1,3})\\.([0-9]{1,3})\\.([0-9]{1,3})\\.([0-9]{1,3})/([0-9]{1,2})");
    private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:]{2,39}/64");
    private static final SecureRandom RANDOM = new SecureRandom();

    private Prefixes() {}

    /** Between /8 and /28, without bits beyond the prefix, not one that hosts treat specially. */
    static String ipv4(String text) {
        Matcher matcher = IPV4.matcher(text);
        if (!matcher.matches()) {
            throw refused("ipv4Prefix", "Write it as an address and a length, such as 10.0.0.0/24.");
        }
        long bits = 0;
        for (int part = 1; part <= 4; part++) {
            int octet = Integer.parseInt(matcher.group(part));
            if (octet > 255) {
                throw refused("ipv4Prefix", "Each part of an IPv4 address is at most 255.");
            }
            bits = bits << 8 | octet;
        }
        int length = Integer.parseInt(matcher.group(5));
        if (length < 8 || length > 28) {
            throw refused("ipv4Prefix", "The length lies between /8 and /28.");
        }
        if ((bits & (0xFFFF_FFFFL >>> length)) != 0) {
            throw refused("ipv4Prefix", "It has bits set beyond its /" + length + ".");
        }
        long first = bits >>> 24;
        if (first == 0 || first == 127 || first >= 224 || bits >>> 16 == 0xA9FE) {
            throw refused(
                    "ipv4Prefix",
                    "This range has a special meaning; use one of 10.0.0.0/8, 172.16.0.0/12 or" + " 192.168.0.0/16.");
        }
        return text;
    }

    /** A /64, because guests form their addresses themselves. */
    static String ipv6(String text) {
        if (!IPV6.matcher(text).matches()) {
            throw refused("ipv6Prefix", "Write it as a /64, such as fd12:3456:789a::/64.");
        }
        byte[] bytes = parse(text.substring(0, text.indexOf('/')));
        for (int i = 8; i < bytes.length; i++) {
            if (bytes[i] != 0) {
                throw refused("ipv6Prefix", "It has bits set beyond its /64.");
            }
        }
        int first = bytes[0] & 0xff;
        boolean routable = (first & 0xfe) == 0xfc || (first & 0xe0) == 0x20;
        if (!routable) {
            throw refused("ipv6Prefix", "Use a unique local (fd…) or a global (2… or 3…) prefix.");
        }
        return text;
    }

    private static byte[] parse(String address) {
        try {
            byte[] bytes = InetAddress.getByName(address).getAddress();
            if (bytes.length == 16) {
                return bytes;
            }
        } catch (UnknownHostException e) {
            throw refused("ipv6Prefix", "This is no IPv6 address.");
        }
        throw refused("ipv6Prefix", "This is no IPv6 address.");
    }

    /** Unique local (RFC 4193): 40 random bits, so that networks that meet one day do not overlap. */
    static String randomIpv6() {
        byte[] id = new byte[5];
        RANDOM.nextBytes(id);
        return String.format("fd%02x:%02x%02x:%02x%02x::/64", id[0], id[1], id[2], id[3], id[4]);
    }

    private static InvalidInputException refused(String field, String why) {
        return InvalidInputException.field("network.prefix", field, why);
    }
}
