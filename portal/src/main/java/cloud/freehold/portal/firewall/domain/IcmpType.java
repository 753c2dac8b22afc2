package cloud.freehold.portal.firewall.domain;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An ICMP or ICMPv6 type, and its code when it matters. */
public record IcmpType(int type, @Nullable Integer code) {

    private static final Map<String, Integer> IPV4 = ipv4();
    private static final Map<String, Integer> IPV6 = ipv6();

    public IcmpType {
        if (type < 0 || type > 255 || (code != null && (code < 0 || code > 255))) {
            throw new IllegalArgumentException("ICMP " + type + "/" + code);
        }
    }

    private static Map<String, Integer> ipv4() {
        Map<String, Integer> names = new LinkedHashMap<>();
        names.put("echo-request", 8);
        names.put("echo-reply", 0);
        names.put("destination-unreachable", 3);
        names.put("source-quench", 4);
        names.put("redirect", 5);
        names.put("router-advertisement", 9);
        names.put("router-solicitation", 10);
        names.put("time-exceeded", 11);
        names.put("parameter-problem", 12);
        names.put("timestamp-request", 13);
        names.put("timestamp-reply", 14);
        return names;
    }

    private static Map<String, Integer> ipv6() {
        Map<String, Integer> names = new LinkedHashMap<>();
        names.put("echo-request", 128);
        names.put("echo-reply", 129);
        names.put("destination-unreachable", 1);
        names.put("packet-too-big", 2);
        names.put("time-exceeded", 3);
        names.put("parameter-problem", 4);
        names.put("listener-query", 130);
        names.put("listener-report", 131);
        names.put("listener-done", 132);
        names.put("router-solicitation", 133);
        names.put("router-advertisement", 134);
        names.put("neighbor-solicitation", 135);
        names.put("neighbor-advertisement", 136);
        names.put("redirect", 137);
        return names;
    }

    public static List<String> names(Protocol protocol) {
        return List.copyOf(table(protocol).keySet());
    }

    /** {@code echo-request}, {@code 8}, {@code destination-unreachable/4} or {@code 3/4}. */
    public static IcmpType parse(String text, Protocol protocol) {
        String[] parts = text.strip().toLowerCase(Locale.ROOT).split("/", -1);
        String word = parts[0].strip().equals("ping") ? "echo-request" : parts[0].strip();
        Integer type = table(protocol).get(word);
        if (type == null && isByte(word)) {
            type = Integer.valueOf(word);
        }
        if (type == null || parts.length > 2) {
            throw new UnreadableException("“" + text.strip() + "” is not a type of " + protocol.display()
                    + ". Write a name like echo-request, a number from 0 to 255, or type/code like "
                    + (protocol.equals(Protocol.ICMP) ? "3/4" : "1/4") + ".");
        }
        if (parts.length == 2 && !isByte(parts[1].strip())) {
            throw new UnreadableException("“" + parts[1].strip() + "” is not a code: it is a number from 0 to 255.");
        }
        return new IcmpType(type, parts.length == 2 ? Integer.valueOf(parts[1].strip()) : null);
    }

    private static boolean isByte(String word) {
        return word.matches("[0-9]{1,3}") && Integer.parseInt(word) <= 255;
    }

    private static Map<String, Integer> table(Protocol protocol) {
        return protocol.equals(Protocol.ICMPV6) ? IPV6 : IPV4;
    }

    /** Names differ between ICMP and ICMPv6, so the text needs the protocol. */
    public String format(Protocol protocol) {
        String name = table(protocol).entrySet().stream()
                .filter(entry -> entry.getValue() == type)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseGet(() -> String.valueOf(type));
        return code == null ? name : name + "/" + code;
    }
}
