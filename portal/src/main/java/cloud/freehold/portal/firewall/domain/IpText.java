package cloud.freehold.portal.firewall.domain;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Addresses as text: strict reading (no names are ever looked up) and RFC 5952 writing. An address is 16 bytes in two
 * longs; IPv4 takes the low 32 bits.
 */
final class IpText {

    static final Pattern UP_TO_THREE_DIGITS = Pattern.compile("[0-9]{1,3}");

    private static final Pattern HEXADECIMAL_GROUP = Pattern.compile("[0-9a-fA-F]{1,4}");
    private static final int GROUPS = 8;

    private IpText() {}

    static long readIpv4(String text) {
        String[] parts = text.split("\\.", -1);
        if (parts.length != 4) {
            throw new UnreadableException(
                    "“" + text + "” is not an IPv4 address: it needs four numbers, like 192.0.2.7.");
        }
        long address = 0;
        for (String part : parts) {
            if (!UP_TO_THREE_DIGITS.matcher(part).matches() || Integer.parseInt(part) > 255) {
                throw new UnreadableException(
                        "“" + text + "” is not an IPv4 address: each number lies between 0 and 255.");
            }
            if (part.length() > 1 && part.startsWith("0")) {
                throw new UnreadableException(
                        "“" + text
                                + "” has a leading zero, which some programs read as octal. Write the numbers without.",
                        withoutLeadingZeros(parts));
            }
            address = address << 8 | Integer.parseInt(part);
        }
        return address;
    }

    private static String withoutLeadingZeros(String[] parts) {
        List<String> plain = new ArrayList<>();
        for (String part : parts) {
            plain.add(UP_TO_THREE_DIGITS.matcher(part).matches() ? String.valueOf(Integer.parseInt(part)) : part);
        }
        return String.join(".", plain);
    }

    /** High and low half. */
    static long[] readIpv6(String text) {
        if (text.contains("%")) {
            throw new UnreadableException(
                    "“" + text + "” names a zone (after %), which has no meaning in a rule. Leave it out.",
                    text.substring(0, text.indexOf('%')));
        }
        int gap = text.indexOf("::");
        if (gap != text.lastIndexOf("::") || text.contains(":::")) {
            throw notIpv6(text);
        }
        List<Integer> head = groups(text, gap < 0 ? text : text.substring(0, gap));
        List<Integer> tail = gap < 0 ? List.of() : groups(text, text.substring(gap + 2));
        int missing = GROUPS - head.size() - tail.size();
        if (gap < 0 ? missing != 0 : missing < 1) {
            throw notIpv6(text);
        }
        List<Integer> all = new ArrayList<>(head);
        for (int i = 0; i < missing; i++) {
            all.add(0);
        }
        all.addAll(tail);
        return new long[] {join(all.subList(0, 4)), join(all.subList(4, GROUPS))};
    }

    private static List<Integer> groups(String whole, String part) {
        List<Integer> groups = new ArrayList<>();
        if (part.isEmpty()) {
            return groups;
        }
        String[] pieces = part.split(":", -1);
        for (int i = 0; i < pieces.length; i++) {
            String piece = pieces[i];
            if (i == pieces.length - 1 && piece.contains(".")) {
                long ipv4 = readIpv4(piece);
                groups.add((int) (ipv4 >>> 16));
                groups.add((int) (ipv4 & 0xFFFF));
            } else if (HEXADECIMAL_GROUP.matcher(piece).matches()) {
                groups.add(Integer.parseInt(piece, 16));
            } else {
                throw notIpv6(whole);
            }
        }
        return groups;
    }

    private static UnreadableException notIpv6(String text) {
        return new UnreadableException("“" + text + "” is not an IPv6 address: it needs eight groups of hexadecimal"
                + " digits, of which one run of zeros may be written ::, like 2001:db8::7.");
    }

    private static long join(List<Integer> four) {
        long half = 0;
        for (int group : four) {
            half = half << 16 | group;
        }
        return half;
    }

    static String writeIpv4(long address) {
        return (address >>> 24 & 255) + "." + (address >>> 16 & 255) + "." + (address >>> 8 & 255) + "."
                + (address & 255);
    }

    static String writeIpv6(long high, long low) {
        int[] groups = new int[GROUPS];
        for (int i = 0; i < GROUPS; i++) {
            groups[i] = (int) ((i < 4 ? high : low) >>> (48 - 16 * (i % 4)) & 0xFFFF);
        }
        int start = -1;
        int longest = 1; // a single zero group is not shortened
        for (int i = 0; i < GROUPS; i++) {
            int length = 0;
            while (i + length < GROUPS && groups[i + length] == 0) {
                length++;
            }
            if (length > longest) {
                start = i;
                longest = length;
            }
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < GROUPS; i++) {
            if (i == start) {
                text.append("::");
                i += longest - 1;
            } else {
                if (i > 0 && i != start + longest) {
                    text.append(':');
                }
                text.append(Integer.toHexString(groups[i]));
            }
        }
        return text.toString();
    }
}
