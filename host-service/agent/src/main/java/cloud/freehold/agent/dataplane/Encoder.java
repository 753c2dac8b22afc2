package cloud.freehold.agent.dataplane;

import static cloud.freehold.agent.dataplane.Layouts.ADDR;
import static cloud.freehold.agent.dataplane.Layouts.GROUP;
import static cloud.freehold.agent.dataplane.Layouts.ID;
import static cloud.freehold.agent.dataplane.Layouts.PORT;
import static cloud.freehold.agent.dataplane.Layouts.PUBLIC;
import static cloud.freehold.agent.dataplane.Layouts.RULE;
import static cloud.freehold.agent.dataplane.Layouts.SET;

import cloud.freehold.agent.desired.Desired.AddressSet;
import cloud.freehold.api.desired.DesiredNic;
import cloud.freehold.api.desired.DesiredRule;
import cloud.freehold.api.desired.DesiredSecurityGroup;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

/**
 * Writes desired objects as the control library's structures. What cannot be written is an
 * {@link IllegalArgumentException} that says why.
 */
final class Encoder {
    private static final int ANY = 0xffff;
    private static final int GROUP_EGRESS_DROP = 1;
    private static final int PORT_NO_SECURITY = 1;
    private static final int RULE_LOG = 1;
    private static final int PUBLIC_FLOATING = 1;
    private static final int PUBLIC_SHARED = 2;
    private static final int DIRECTION_EGRESS = 1;
    private static final int ACTION_DROP = 1;
    private static final int REMOTE_PREFIX = 1;
    private static final int REMOTE_SET = 2;

    /** Keeps what a structure points to as long as the structure. */
    record Encoded(Memory memory, Memory pointedTo) {}

    static Memory zeroed(long size) {
        var memory = new Memory(Math.max(size, 1));
        memory.clear();
        return memory;
    }

    static Memory id(UUID id) {
        var memory = zeroed(ID.size());
        id(memory, 0, id);
        return memory;
    }

    static void id(Pointer to, long offset, UUID id) {
        // The library wants the UUID's bytes in network order.
        to.setLong(offset, Long.reverseBytes(id.getMostSignificantBits()));
        to.setLong(offset + 8, Long.reverseBytes(id.getLeastSignificantBits()));
    }

    static Encoded set(AddressSet desired) {
        var set = sized(SET);
        var list = addresses(desired.members());
        set.setInt(SET.at("n_members"), desired.members().size());
        id(set, SET.at("id"), desired.ref().id());
        id(set, SET.at("tenant"), desired.tenantId());
        set.setLong(SET.at("generation"), desired.revision());
        set.setPointer(SET.at("members"), list);
        return new Encoded(set, list);
    }

    static Encoded group(DesiredSecurityGroup group) {
        var memory = sized(GROUP);
        var rules = zeroed((long) group.rules().size() * RULE.size());
        for (int i = 0; i < group.rules().size(); i++) {
            rule(rules, (long) i * RULE.size(), group.rules().get(i));
        }
        boolean drop = group.egressDefault() == DesiredSecurityGroup.EgressDefault.DROP;
        memory.setInt(GROUP.at("flags"), drop ? GROUP_EGRESS_DROP : 0);
        id(memory, GROUP.at("id"), group.id());
        memory.setLong(GROUP.at("generation"), group.revision());
        id(memory, GROUP.at("tenant"), group.tenantId());
        memory.setInt(GROUP.at("n_rules"), group.rules().size());
        memory.setInt(GROUP.at("rule_size"), RULE.size());
        memory.setPointer(GROUP.at("rules"), rules);
        return new Encoded(memory, rules);
    }

    private static void rule(Pointer to, long offset, DesiredRule rule) {
        id(to, offset + RULE.at("id"), rule.id());
        boolean egress = rule.direction() == DesiredRule.Direction.EGRESS;
        to.setByte(offset + RULE.at("direction"), (byte) (egress ? DIRECTION_EGRESS : 0));
        to.setByte(offset + RULE.at("ethertype"), (byte) ethertype(rule.etherType()));
        to.setByte(offset + RULE.at("action"), (byte) (rule.action() == DesiredRule.Action.DROP ? ACTION_DROP : 0));
        u16(to, offset + RULE.at("protocol"), rule.protocol(), ANY);
        u16(to, offset + RULE.at("port_min"), rule.portMin(), 0);
        u16(to, offset + RULE.at("port_max"), rule.portMax(), ANY);
        u16(to, offset + RULE.at("icmp_type"), rule.icmpType(), ANY);
        u16(to, offset + RULE.at("icmp_code"), rule.icmpCode(), ANY);
        to.setShort(offset + RULE.at("flags"), (short) (rule.log() ? RULE_LOG : 0));
        if (rule.remotePrefix() != null) {
            to.setByte(offset + RULE.at("remote"), (byte) REMOTE_PREFIX);
            address(to, offset + RULE.at("prefix"), rule.remotePrefix());
        } else if (rule.remoteSet() != null) {
            to.setByte(offset + RULE.at("remote"), (byte) REMOTE_SET);
            id(to, offset + RULE.at("set"), rule.remoteSet().id());
        }
        to.setLong(offset + RULE.at("valid_from"), nanos(rule.validFrom()));
        to.setLong(offset + RULE.at("valid_until"), nanos(rule.validUntil()));
    }

    private static int ethertype(DesiredRule.EtherType type) {
        return switch (type) {
            case ANY -> 0;
            case IPV4 -> 4;
            case IPV6 -> 6;
        };
    }

    private static void u16(Pointer to, long offset, Integer value, int otherwise) {
        int number = value == null ? otherwise : value;
        if (number < 0 || number > ANY) {
            throw new IllegalArgumentException(number + " is out of range");
        }
        to.setShort(offset, (short) number);
    }

    static long nanos(Instant time) {
        if (time == null) {
            return 0;
        }
        var nanos = BigInteger.valueOf(time.getEpochSecond())
                .multiply(BigInteger.valueOf(1_000_000_000))
                .add(BigInteger.valueOf(time.getNano()));
        // 0 means "none"; what lies beyond 2262 never comes.
        return nanos.max(BigInteger.ONE).min(BigInteger.valueOf(Long.MAX_VALUE)).longValueExact();
    }

    static Memory port(Change.PutNic put) {
        var nic = put.nic();
        var allowed = new ArrayList<>(orEmpty(nic.addresses()));
        allowed.addAll(orEmpty(nic.allowedAddressPairs()));
        var groups = orEmpty(nic.securityGroupIds());
        atMost(Layouts.MAX_PORT_ADDRS, allowed.size(), "addresses of a NIC");
        atMost(Layouts.MAX_PORT_GROUPS, groups.size(), "security groups of a NIC");
        var port = sized(PORT);
        port.setInt(PORT.at("flags"), nic.portSecurity() ? 0 : PORT_NO_SECURITY);
        id(port, PORT.at("id"), nic.id());
        id(port, PORT.at("segment"), nic.networkId());
        id(port, PORT.at("tenant"), nic.tenantId());
        port.setLong(PORT.at("generation"), nic.revision());
        port.setLong(PORT.at("incarnation"), nic.incarnation());
        text(port, PORT.at("socket_path"), Layouts.MAX_PATH, put.socket().toString());
        text(port, PORT.at("hostname"), Layouts.MAX_NAME, put.hostName());
        port.write(PORT.at("mac"), mac(nic.mac()), 0, 6);
        port.setShort(PORT.at("queue_pairs"), (short) Math.max(1, nic.queuePairs()));
        port.setInt(PORT.at("connection_quota"), nic.connectionQuota());
        port.setInt(PORT.at("tcp_established_s"), nic.establishedTimeoutSeconds());
        port.setInt(PORT.at("n_addrs"), allowed.size());
        port.setInt(PORT.at("n_groups"), groups.size());
        addresses(port, PORT.at("addrs"), allowed);
        for (int i = 0; i < groups.size(); i++) {
            id(port, PORT.at("groups") + (long) i * ID.size(), groups.get(i));
        }
        var known = orEmpty(nic.publicAddresses());
        atMost(Layouts.MAX_PORT_PUBLIC, known.size(), "public addresses of a NIC");
        port.setInt(PORT.at("n_public"), known.size());
        for (int i = 0; i < known.size(); i++) {
            publicAddress(port, PORT.at("public_") + (long) i * PUBLIC.size(), known.get(i));
        }
        return port;
    }

    private static void publicAddress(Pointer to, long offset, DesiredNic.PublicAddress known) {
        boolean floating = known.insideAddress() != null;
        to.setInt(offset + PUBLIC.at("kind"), floating ? PUBLIC_FLOATING : PUBLIC_SHARED);
        address(to, offset + PUBLIC.at("address"), known.address());
        if (floating) {
            address(to, offset + PUBLIC.at("inside"), known.insideAddress());
        } else {
            u16(to, offset + PUBLIC.at("port_min"), known.portMin(), 0);
            u16(to, offset + PUBLIC.at("port_max"), known.portMax(), 0);
        }
    }

    static Memory addresses(Collection<String> members) {
        var list = zeroed((long) members.size() * ADDR.size());
        addresses(list, 0, members);
        return list;
    }

    static void addresses(Pointer to, long offset, Collection<String> members) {
        long at = offset;
        for (var member : members) {
            address(to, at, member);
            at += ADDR.size();
        }
    }

    static void address(Pointer to, long offset, String text) {
        var prefix = IpPrefix.parse(text);
        to.setByte(offset + ADDR.at("family"), (byte) prefix.family());
        to.setByte(offset + ADDR.at("prefix_len"), (byte) prefix.length());
        to.write(offset + ADDR.at("b"), prefix.address(), 0, prefix.address().length);
    }

    static byte[] mac(String text) {
        var parts = text.split(":");
        if (parts.length != 6) {
            throw new IllegalArgumentException("'" + text + "' is not a MAC address");
        }
        var bytes = new byte[6];
        for (int i = 0; i < 6; i++) {
            bytes[i] = (byte) Integer.parseInt(parts[i], 16);
        }
        return bytes;
    }

    static void text(Pointer to, long offset, int capacity, String text) {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        atMost(capacity - 1, bytes.length, "bytes in '" + text + "'");
        to.write(offset, bytes, 0, bytes.length);
    }

    static Memory sized(CStruct struct) {
        var memory = zeroed(struct.size());
        memory.setInt(struct.at("struct_size"), struct.size());
        return memory;
    }

    static void atMost(int most, int count, String what) {
        if (count > most) {
            throw new IllegalArgumentException(count + " " + what + ", at most " + most + " are possible");
        }
    }

    static <T> List<T> orEmpty(List<T> list) {
        return list == null ? List.of() : list;
    }

    private Encoder() {}
}
