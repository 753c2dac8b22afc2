package cloud.freehold.agent.dataplane;

import java.util.List;

/** The structures of {@code freehold/ctl.h}, API version 1. */
final class Layouts {
    static final int API_VERSION = 1;

    static final int MAX_PATH = 108;
    static final int MAX_NAME = 64;
    static final int MAX_SUBNETS = 8;
    static final int MAX_DNS = 4;
    static final int MAX_PORT_ADDRS = 32;
    static final int MAX_PORT_GROUPS = 64;
    static final int MAX_PORT_PUBLIC = 8;
    static final int MAX_ROUTER_SEGMENTS = 32;
    static final int MAX_ROUTER_ROUTES = 64;
    static final int MAX_DEVICE = 16;
    static final int MESSAGE = 256;
    static final int DROP_REASONS = 32;
    static final int TRAFFIC_CLASSES = 4;
    static final int ADDRESS = 16;

    static final CStruct ID = new CStruct("fh_id").bytes("b", 16);
    static final CStruct ADDR =
            new CStruct("fh_addr").u8("family", "prefix_len").bytes("pad", 2).bytes("b", 16);
    static final CStruct SUBNET = new CStruct("fh_subnet")
            .struct("prefix", ADDR)
            .struct("gateway", ADDR)
            .structs("dns", ADDR, MAX_DNS)
            .u32("n_dns", "dhcp");
    static final CStruct SEGMENT = new CStruct("fh_segment")
            .u32("struct_size", "vni")
            .struct("id", ID)
            .u64("generation")
            .u32("mtu")
            .bytes("gateway_mac", 6)
            .bytes("pad", 2)
            .u32("n_subnets")
            .structs("subnets", SUBNET, MAX_SUBNETS)
            .struct("tenant", ID)
            .struct("uplink", ID)
            .u16("transport", "vlan", "outer_vlan", "flags");
    static final CStruct RULE = new CStruct("fh_rule")
            .struct("id", ID)
            .u8("direction", "ethertype", "action", "remote")
            .u16("protocol", "port_min", "port_max", "icmp_type", "icmp_code", "flags")
            .struct("prefix", ADDR)
            .struct("set", ID)
            .u64("valid_from", "valid_until");
    static final CStruct GROUP = new CStruct("fh_group")
            .u32("struct_size", "flags")
            .struct("id", ID)
            .u64("generation")
            .u32("n_rules", "rule_size")
            .pointer("rules")
            .struct("tenant", ID);
    static final CStruct SET = new CStruct("fh_set")
            .u32("struct_size", "n_members")
            .struct("id", ID)
            .u64("generation")
            .pointer("members")
            .struct("tenant", ID);
    static final CStruct PUBLIC = new CStruct("fh_public")
            .u32("kind")
            .u16("port_min", "port_max")
            .struct("address", ADDR)
            .struct("inside", ADDR);
    static final CStruct PORT = new CStruct("fh_port")
            .u32("struct_size", "flags")
            .struct("id", ID)
            .struct("segment", ID)
            .u64("generation", "incarnation")
            .bytes("socket_path", MAX_PATH)
            .bytes("hostname", MAX_NAME)
            .bytes("mac", 6)
            .u16("queue_pairs")
            .u32("connection_quota", "tcp_established_s", "n_addrs", "n_groups")
            .structs("addrs", ADDR, MAX_PORT_ADDRS)
            .structs("groups", ID, MAX_PORT_GROUPS)
            .struct("tenant", ID)
            .u32("n_public", "pad")
            .structs("public_", PUBLIC, MAX_PORT_PUBLIC);
    static final CStruct ROUTE = new CStruct("fh_route").struct("prefix", ADDR).struct("via", ADDR);
    static final CStruct ROUTER = new CStruct("fh_router")
            .u32("struct_size", "n_segments")
            .struct("id", ID)
            .u64("generation")
            .struct("tenant", ID)
            .u32("n_routes", "pad")
            .structs("segments", ID, MAX_ROUTER_SEGMENTS)
            .structs("routes", ROUTE, MAX_ROUTER_ROUTES)
            .struct("external", ID);
    static final CStruct UPLINK = new CStruct("fh_uplink")
            .u32("struct_size", "flags")
            .struct("id", ID)
            .u64("generation")
            .bytes("device", MAX_DEVICE)
            .u32("mtu")
            .u16("vlan", "udp_port")
            .struct("address", ADDR)
            .struct("gateway", ADDR)
            .bytes("mac", 6)
            .bytes("pad", 2);
    static final CStruct REMOTE_PORT = new CStruct("fh_remote_port")
            .u32("struct_size", "flags")
            .struct("id", ID)
            .struct("segment", ID)
            .u64("generation")
            .struct("tenant", ID)
            .bytes("mac", 6)
            .bytes("pad", 2)
            .struct("tunnel", ADDR)
            .u32("n_addrs")
            .structs("addrs", ADDR, MAX_PORT_ADDRS);
    static final CStruct COMMIT_RESULT = new CStruct("fh_commit_result")
            .u32("struct_size", "result")
            .u64("revision", "enforced_ns")
            .u32("failed_kind", "pad")
            .struct("failed_id", ID)
            .bytes("message", MESSAGE);
    static final CStruct INFO = new CStruct("fh_info")
            .u32("struct_size", "api_version")
            .u64("epoch", "revision")
            .struct("revision_epoch", ID)
            .u64("started_ns")
            .u32("pid", "workers", "n_segments", "n_sets", "n_groups", "n_ports")
            .bytes("version", MAX_NAME)
            .u32("n_routers", "n_uplinks", "n_remotes", "pad");
    static final CStruct TRAFFIC = new CStruct("fh_traffic").u64("packets", "bytes");
    static final CStruct PORT_STATUS = new CStruct("fh_port_status")
            .u32("struct_size", "state")
            .struct("id", ID)
            .u64("generation", "incarnation", "policy_generation", "rx_packets", "rx_bytes", "tx_packets", "tx_bytes")
            .u64("connections", "connection_quota")
            .u64s("drops", DROP_REASONS)
            .u32("workers", "front_end_pid")
            .u64("traffic_epoch")
            .structs("from_guest", TRAFFIC, TRAFFIC_CLASSES)
            .structs("to_guest", TRAFFIC, TRAFFIC_CLASSES)
            .u64("flows_lost");
    static final CStruct UPLINK_STATUS = new CStruct("fh_uplink_status")
            .u32("struct_size", "mtu")
            .struct("id", ID)
            .u64("generation")
            .bytes("device", MAX_DEVICE)
            .bytes("driver", 16)
            .bytes("note", 128)
            .bytes("mac", 6)
            .bytes("pad", 2)
            .u32("neighbours", "neighbours_resolved")
            .u64("rx_packets", "rx_bytes", "tx_packets", "tx_bytes")
            .u64s("drops", DROP_REASONS);
    static final CStruct OBJECT_REF =
            new CStruct("fh_object_ref").struct("id", ID).u64("generation").u32("kind", "pad");
    static final CStruct RULE_HIT =
            new CStruct("fh_rule_hit").struct("rule", ID).u64("connections", "packets", "bytes", "last_hit_ns");
    static final CStruct CONNECTION = new CStruct("fh_connection")
            .u32("struct_size", "state")
            .u8("family", "protocol", "direction", "reply_seen")
            .bytes("src", ADDRESS)
            .bytes("dst", ADDRESS)
            .u16("src_port", "dst_port")
            .u64s("packets", 2)
            .u64s("bytes", 2)
            .u64("age_ns", "expires_in_ns")
            .struct("rule", ID)
            .u32("handle", "pad");
    static final CStruct PACKET = new CStruct("fh_packet")
            .u32("struct_size")
            .u8("direction", "family", "protocol", "tcp_flags")
            .bytes("src", ADDRESS)
            .bytes("dst", ADDRESS)
            .u16("src_port", "dst_port");
    static final CStruct PACKET_VERDICT = new CStruct("fh_packet_verdict")
            .u32("struct_size", "action", "reason", "class_")
            .struct("rule", ID);
    static final CStruct DROP_EVENT = new CStruct("fh_drop_event")
            .u32("struct_size", "reason")
            .u64("time_ns")
            .struct("port", ID)
            .struct("rule", ID)
            .u8("direction", "family", "protocol", "pad")
            .bytes("src", ADDRESS)
            .bytes("dst", ADDRESS)
            .u16("src_port", "dst_port");

    static final CStruct FLOW_RECORD = new CStruct("fh_flow_record")
            .u32("struct_size")
            .u8("end", "family", "protocol", "direction")
            .u64("sequence")
            .struct("port", ID)
            .struct("rule", ID)
            .bytes("src", ADDRESS)
            .bytes("dst", ADDRESS)
            .u16("src_port", "dst_port")
            .bytes("public_addr", 4)
            .u16("public_port", "flags")
            .u32("state")
            .u64("start_ns", "end_ns")
            .u64s("packets", 2)
            .u64s("bytes", 2);
    static final CStruct FLOW_STREAM =
            new CStruct("fh_flow_stream").u32("struct_size", "pad").u64("epoch", "lost");

    static final CStruct LAYOUT_ENTRY =
            new CStruct("fh_layout_entry").pointer("structure").pointer("field").u32("offset", "size");

    /** Those that cross the border. */
    static final List<CStruct> ALL = List.of(
            ID,
            ADDR,
            SUBNET,
            SEGMENT,
            RULE,
            GROUP,
            SET,
            PUBLIC,
            PORT,
            ROUTE,
            ROUTER,
            UPLINK,
            REMOTE_PORT,
            COMMIT_RESULT,
            INFO,
            TRAFFIC,
            PORT_STATUS,
            UPLINK_STATUS,
            OBJECT_REF,
            RULE_HIT,
            CONNECTION,
            PACKET,
            PACKET_VERDICT,
            DROP_EVENT,
            FLOW_RECORD,
            FLOW_STREAM,
            LAYOUT_ENTRY);

    private Layouts() {}
}
