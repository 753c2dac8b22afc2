package cloud.freehold.portal.network.domain;

import cloud.freehold.portal.common.InvalidInputException;
import java.math.BigInteger;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/** Prefixes that a subnet may have. */
final class Prefixes {

    private static final int SHORTEST_IPV4 = 8;
    private static final int LONGEST_IPV4 = 28;
    private static final int IPV6 = 64;
    private static final SecureRandom RANDOM = new SecureRandom();

    private Prefixes() {}

    /** @param field where the text was typed, for the message */
    static IpRange check(String field, String text) {
        IpRange range = IpRange.prefix(text.strip())
                .orElseThrow(() -> refused(
                        field,
                        "Write it as an address and a length without bits beyond it, such as 10.0.0.0/24 or"
                                + " fd12:3456:789a::/64."));
        return range.family() == 4 ? ipv4(field, range) : ipv6(field, range);
    }

    /** Not one that hosts treat specially. */
    private static IpRange ipv4(String field, IpRange range) {
        if (range.length() < SHORTEST_IPV4 || range.length() > LONGEST_IPV4) {
            throw refused(
                    field,
                    "The length of an IPv4 prefix lies between /" + SHORTEST_IPV4 + " and /" + LONGEST_IPV4 + ".");
        }
        long address = range.first().longValueExact();
        long first = address >>> 24;
        if (first == 0 || first == 127 || first >= 224 || address >>> 16 == 0xA9FE) {
            throw refused(
                    field, "This range has a special meaning; use one of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.");
        }
        return range;
    }

    /** A /64, because guests form their addresses themselves. */
    private static IpRange ipv6(String field, IpRange range) {
        int first = range.first().shiftRight(120).intValueExact();
        boolean routable = (first & 0xfe) == 0xfc || (first & 0xe0) == 0x20;
        if (range.length() != IPV6) {
            throw refused(field, "An IPv6 prefix is a /64, because guests form their addresses themselves.");
        }
        if (!routable) {
            throw refused(field, "Use a unique local (fd…) or a global (2… or 3…) IPv6 prefix.");
        }
        return range;
    }

    /** Of those of {@link #check}, without the subnet's own, the broadcast and the gateway's address; null: countless. */
    static @Nullable Long size(IpRange range) {
        return range.family() == 6
                ? null
                : range.last().subtract(range.first()).subtract(BigInteger.TWO).longValueExact();
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
