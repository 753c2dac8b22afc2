package cloud.freehold.portal.traffic.domain;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Why the dataplane drops a packet, for the tenant: what happened, and what one can do about it. */
public enum DropReason {
    DEFAULT("default", "No rule allows it", "Add a rule that allows it, if it should pass."),
    RULE(
            "rule",
            "A rule drops it",
            "A drop rule wins over every rule that allows. Change that rule, if it should pass."),
    REVOKED(
            "revoked",
            "Its rule was taken away",
            "The connection was allowed by a rule that is gone, so it was cut. Allow it again, if it should go on."),
    NO_CONNECTION(
            "no-connection",
            "It belongs to no connection",
            "It is in the middle of a TCP connection, or an answer, that this NIC does not know: it was ended, timed out, or"
                    + " its beginning came another way. Opening the connection anew helps."),
    TCP_STATE(
            "tcp-state",
            "Its TCP flags do not fit the connection",
            "Seldom ones are harmless, such as what arrives after the end. Many point to a faulty peer."),
    TCP_WINDOW(
            "tcp-window",
            "Its TCP numbers are outside the window",
            "Seldom ones are late repetitions. Many point to a faulty peer, or to somebody who guesses."),
    TCP_RESET(
            "tcp-reset",
            "A TCP reset with a wrong number",
            "Somebody may have tried to break the connection from outside. It goes on."),
    CONNECTIONS_FULL(
            "connections-full",
            "The NIC's connections are used up",
            "Look at the connections of the NIC, and end those that are not needed."),
    ICMP_UNRELATED(
            "icmp-unrelated",
            "An ICMP error about no connection",
            "It quotes a packet that this NIC has not sent lately, so it may be forged."),
    SPOOFED_IP(
            "spoofed-ip",
            "Its sender's address is not the NIC's",
            "A VM may send from the addresses of its NIC alone. Look at the addresses set inside the guest."),
    SPOOFED_MAC(
            "spoofed-mac",
            "Its sender's MAC address is not the NIC's",
            "A bridge or container network inside the guest sends with a MAC address of its own; let it route or translate."),
    SPOOFED_NEIGHBOUR(
            "spoofed-neighbour",
            "It claims another's address",
            "An ARP or neighbour message from the guest speaks for an address that is not the NIC's."),
    FORGED_CONTROL(
            "forged-control",
            "Only the network may send this",
            "A DHCP server or router advertisements run inside the guest. Switch them off on this interface."),
    BAD_ADDRESS("bad-address", "An address that must not be on the wire", "Look at what the guest sends."),
    NO_ROUTE(
            "no-route",
            "There is no way to its destination",
            "No NIC of this network has the address. Check the destination and the guest's routes."),
    LINK_DOWN(
            "link-down", "The receiver is not connected", "The VM is off, or its network driver has not started yet."),
    RECEIVER_FULL(
            "receiver-full",
            "The receiver does not keep up",
            "The guest takes packets more slowly than they come. Look at its load."),
    RATE_LIMITED(
            "rate-limited",
            "More of its kind than is allowed a second",
            "Control messages are limited. It can be sent again."),
    TTL("ttl", "It has passed too many hops", "There may be a routing loop."),
    TOO_BIG("too-big", "It is larger than the network carries", "Set the guest's MTU to that of the network."),
    NAT_PORTS(
            "nat-ports",
            "No port is free for its translation",
            "Too many connections to the same destination are open."),
    FRAGMENT_INVALID("fragment-invalid", "Its fragments do not fit together", "Many of these point to an attack."),
    FRAGMENT_LIMIT("fragment-limit", "Too many unfinished fragments", "A piece was lost, or somebody floods."),
    VLAN_TAGGED("vlan-tagged", "It carries a VLAN tag", "The network is untagged. Remove the VLAN inside the guest."),
    ETHERTYPE("ethertype", "It is neither IP nor ARP", "Only IPv4, IPv6 and ARP are carried."),
    IP_OPTIONS("ip-options", "It asks for source routing", "That is never carried."),
    SHORT_FRAME("short-frame", "It is shorter than its headers", "It is malformed. Look at what the guest sends."),
    IP_HEADER("ip-header", "Its IP header is malformed", "Look at what the sender sends."),
    L4_HEADER("l4-header", "Its TCP, UDP or ICMP header is malformed", "Look at what the sender sends."),
    TCP_FLAGS("tcp-flags", "TCP flags that no TCP sends", "Somebody scans."),
    GUEST_RING("guest-ring", "The guest's driver handed over nonsense", "Update the guest's kernel.");

    private static final Map<String, DropReason> BY_CODE =
            Arrays.stream(values()).collect(Collectors.toMap(DropReason::code, Function.identity()));

    private final String code;
    private final String title;
    private final String advice;

    DropReason(String code, String title, String advice) {
        this.code = code;
        this.title = title;
        this.advice = advice;
    }

    /** @return null: a reason of a newer dataplane */
    public static @Nullable DropReason of(@Nullable String code) {
        return code == null ? null : BY_CODE.get(code);
    }

    /** Words for a reason, also for one that is not known here. */
    public static String titleOf(@Nullable String code) {
        DropReason reason = of(code);
        return reason == null ? "For another reason (" + code + ")" : reason.title;
    }

    /** The dataplane's word for it; stable. */
    public String code() {
        return code;
    }

    public String title() {
        return title;
    }

    public String advice() {
        return advice;
    }
}
