package cloud.freehold.portal.traffic.domain;

import cloud.freehold.api.query.DescribedPacket;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.InvalidInputException.FieldProblem;
import cloud.freehold.portal.firewall.PacketWords;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Supplier;

/** Reads the description of a packet as people type it. */
public final class PacketReader {

    /** What a TCP packet's flags say, in the order in which they are offered. */
    public static final Map<String, Integer> FLAGS = flags();

    private static final int TCP = 6;
    private static final int HIGHEST_PORT = 65_535;
    /** From the range that systems choose from. */
    private static final int ANY_SOURCE_PORT = 49_152;

    private final List<FieldProblem> problems = new ArrayList<>();

    private PacketReader() {}

    private static Map<String, Integer> flags() {
        Map<String, Integer> flags = new LinkedHashMap<>();
        flags.put("syn", 0x02);
        flags.put("syn-ack", 0x12);
        flags.put("ack", 0x10);
        flags.put("fin", 0x11);
        flags.put("rst", 0x04);
        return flags;
    }

    /**
     * @param direction ingress or egress
     * @param own the NIC's own address in the packet; empty: the one of the other end's IP version
     * @param port the destination's, or the ICMP type
     * @param sourcePort empty: some port
     */
    public record Typed(
            String direction,
            String protocol,
            String remote,
            String own,
            String port,
            String sourcePort,
            String flags) {}

    /** @throws InvalidInputException with all that is wrong */
    public static TestedPacket read(TrafficNic nic, Typed typed) {
        return new PacketReader().packet(nic, typed);
    }

    private TestedPacket packet(TrafficNic nic, Typed typed) {
        boolean ingress = !typed.direction().equals("egress");
        int protocol = protocol(typed.protocol());
        String remote = address("remote", typed.remote(), "the other end");
        String own = typed.own().isEmpty() ? ownFor(nic, remote) : address("own", typed.own(), "the VM's own address");
        if (problems.isEmpty() && remote.contains(":") != own.contains(":")) {
            problem("own", "The VM's address and the other end's are of two IP versions. Choose two that fit.");
        }
        int destination = port("port", typed.port(), protocol);
        int source = typed.sourcePort().isEmpty() || !PacketWords.hasPorts(protocol)
                ? PacketWords.hasPorts(protocol) ? ANY_SOURCE_PORT : 0
                : number("sourcePort", typed.sourcePort());
        int flags = protocol == TCP ? FLAGS.getOrDefault(typed.flags(), FLAGS.get("syn")) : 0;
        if (!problems.isEmpty()) {
            throw new InvalidInputException("packet.unreadable", problems.get(0).message(), problems);
        }
        return new TestedPacket(
                nic,
                new DescribedPacket(
                        ingress, protocol, flags, ingress ? remote : own, source, ingress ? own : remote, destination));
    }

    private int protocol(String text) {
        OptionalInt named = PacketWords.protocolNumber(text);
        if (named.isPresent()) {
            return named.getAsInt();
        }
        if (text.matches("[0-9]{1,3}") && Integer.parseInt(text) <= 255) {
            return Integer.parseInt(text);
        }
        problem("protocol", "Write tcp, udp, icmp, icmpv6 or another name, or a number from 0 to 255.");
        return 0;
    }

    private String address(String field, String text, String what) {
        return PacketWords.single(text).orElseGet(() -> {
            problem(
                    field,
                    text.isEmpty()
                            ? "Write the address of " + what + "."
                            : "“" + shortened(text) + "” is not the address of one machine.");
            return "";
        });
    }

    private String ownFor(TrafficNic nic, String remote) {
        return nic.addresses().stream()
                .filter(address -> address.contains(":") == remote.contains(":"))
                .findFirst()
                .orElseGet(() -> {
                    if (!remote.isEmpty()) {
                        problem(
                                "remote",
                                nic.name() + " has no " + (remote.contains(":") ? "IPv6" : "IPv4")
                                        + " address, so nothing of this kind reaches it.");
                    }
                    return "";
                });
    }

    private int port(String field, String text, int protocol) {
        if (PacketWords.isIcmp(protocol)) {
            OptionalInt type = PacketWords.icmp(protocol, text.isEmpty() ? "echo-request" : text);
            return orProblem(
                    type,
                    field,
                    () -> "“" + shortened(text)
                            + "” is not an ICMP type. Write a name like echo-request, or a number.");
        }
        if (!PacketWords.hasPorts(protocol)) {
            return 0;
        }
        return number(field, text);
    }

    private int number(String field, String text) {
        OptionalInt port = text.matches("[0-9]{1,5}") && Integer.parseInt(text) <= HIGHEST_PORT
                ? OptionalInt.of(Integer.parseInt(text))
                : OptionalInt.empty();
        return orProblem(port, field, () -> "Write one port, from 0 to 65535.");
    }

    private int orProblem(OptionalInt value, String field, Supplier<String> otherwise) {
        if (value.isEmpty()) {
            problem(field, otherwise.get());
        }
        return value.orElse(0);
    }

    private void problem(String field, String message) {
        problems.add(new FieldProblem(field, message));
    }

    private static String shortened(String text) {
        return text.length() <= 60 ? text : text.substring(0, 60) + "…";
    }
}
