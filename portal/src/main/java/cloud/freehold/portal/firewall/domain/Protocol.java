package cloud.freehold.portal.firewall.domain;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An IP protocol by its number; null is any.
 */
public record Protocol(@Nullable Integer number) {

    public static final Protocol ANY = new Protocol(null);
    public static final Protocol TCP = new Protocol(6);
    public static final Protocol UDP = new Protocol(17);
    public static final Protocol ICMP = new Protocol(1);
    public static final Protocol ICMPV6 = new Protocol(58);

    private static final Map<String, Integer> NUMBERS = numbers();
    private static final Set<Integer> WITH_PORTS = Set.of(6, 17, 33, 132, 136);

    public Protocol {
        if (number != null && (number < 0 || number > 255)) {
            throw new IllegalArgumentException("Protocol " + number);
        }
    }

    private static Map<String, Integer> numbers() {
        Map<String, Integer> numbers = new LinkedHashMap<>();
        numbers.put("tcp", 6);
        numbers.put("udp", 17);
        numbers.put("icmp", 1);
        numbers.put("icmpv6", 58);
        numbers.put("sctp", 132);
        numbers.put("gre", 47);
        numbers.put("esp", 50);
        numbers.put("ah", 51);
        numbers.put("igmp", 2);
        numbers.put("ipip", 4);
        numbers.put("ipv6", 41);
        numbers.put("dccp", 33);
        numbers.put("udplite", 136);
        numbers.put("ospf", 89);
        numbers.put("pim", 103);
        numbers.put("vrrp", 112);
        numbers.put("l2tp", 115);
        return numbers;
    }

    /** What an input offers to complete. */
    public static List<String> names() {
        return List.copyOf(NUMBERS.keySet());
    }

    public static Protocol parse(String text) {
        String word = text.strip().toLowerCase(Locale.ROOT);
        if (word.isEmpty() || word.equals("any") || word.equals("all")) {
            return ANY;
        }
        Integer number = switch (word) {
            case "icmp6", "ipv6-icmp" -> Integer.valueOf(58);
            case "icmpv4", "icmp4" -> Integer.valueOf(1);
            default -> NUMBERS.get(word);
        };
        if (number != null) {
            return new Protocol(number);
        }
        if (word.matches("[0-9]{1,3}") && Integer.parseInt(word) <= 255) {
            return new Protocol(Integer.valueOf(word));
        }
        throw new UnreadableException("“" + text.strip()
                + "” is not a protocol. Write any, tcp, udp, icmp, icmpv6 or another name, or a number from 0 to 255.");
    }

    public boolean isAny() {
        return number == null;
    }

    public boolean hasPorts() {
        return number != null && WITH_PORTS.contains(number);
    }

    public boolean isIcmp() {
        return equals(ICMP) || equals(ICMPV6);
    }

    /** The IP version that alone carries it. */
    public EtherType family() {
        return equals(ICMP) ? EtherType.IPV4 : equals(ICMPV6) ? EtherType.IPV6 : EtherType.ANY;
    }

    /** Upper case for reading: "TCP", "protocol 99". */
    public String display() {
        if (number == null) {
            return "any protocol";
        }
        if (equals(ICMPV6)) {
            return "ICMPv6";
        }
        String name = toString();
        return Character.isDigit(name.charAt(0)) ? "protocol " + name : name.toUpperCase(Locale.ROOT);
    }

    /** The canonical word: a name where there is one, else the number. */
    @Override
    public String toString() {
        if (number == null) {
            return "any";
        }
        return NUMBERS.entrySet().stream()
                .filter(entry -> entry.getValue().equals(number))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseGet(() -> String.valueOf(number));
    }
}
