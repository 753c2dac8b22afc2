/* The layout table: offsets and sizes as this compiler sees them, for callers that build the structures without one. */
#include "connection.h"

#define EXPORT __attribute__((visibility("default")))

#define S(s) { #s, NULL, 0, sizeof(struct s) }
#define F(s, f) { #s, #f, offsetof(struct s, f), sizeof(((struct s *)0)->f) }

static const struct fh_layout_entry layout[] = {
	S(fh_id), F(fh_id, b),
	S(fh_addr), F(fh_addr, family), F(fh_addr, prefix_len), F(fh_addr, pad), F(fh_addr, b),
	S(fh_subnet), F(fh_subnet, prefix), F(fh_subnet, gateway), F(fh_subnet, dns), F(fh_subnet, n_dns), F(fh_subnet, dhcp),
	S(fh_segment), F(fh_segment, struct_size), F(fh_segment, vni), F(fh_segment, id), F(fh_segment, generation),
	F(fh_segment, mtu), F(fh_segment, gateway_mac), F(fh_segment, pad), F(fh_segment, n_subnets), F(fh_segment, subnets),
	F(fh_segment, tenant), F(fh_segment, uplink), F(fh_segment, transport), F(fh_segment, vlan), F(fh_segment, outer_vlan),
	F(fh_segment, flags),
	S(fh_rule), F(fh_rule, id), F(fh_rule, direction), F(fh_rule, ethertype), F(fh_rule, action), F(fh_rule, remote),
	F(fh_rule, protocol), F(fh_rule, port_min), F(fh_rule, port_max), F(fh_rule, icmp_type), F(fh_rule, icmp_code),
	F(fh_rule, flags), F(fh_rule, prefix), F(fh_rule, set), F(fh_rule, valid_from), F(fh_rule, valid_until),
	S(fh_group), F(fh_group, struct_size), F(fh_group, flags), F(fh_group, id), F(fh_group, generation),
	F(fh_group, n_rules), F(fh_group, rule_size), F(fh_group, rules), F(fh_group, tenant),
	S(fh_set), F(fh_set, struct_size), F(fh_set, n_members), F(fh_set, id), F(fh_set, generation), F(fh_set, members),
	F(fh_set, tenant),
	S(fh_public), F(fh_public, kind), F(fh_public, port_min), F(fh_public, port_max), F(fh_public, address), F(fh_public, inside),
	S(fh_port), F(fh_port, struct_size), F(fh_port, flags), F(fh_port, id), F(fh_port, segment), F(fh_port, generation),
	F(fh_port, incarnation), F(fh_port, socket_path), F(fh_port, hostname), F(fh_port, mac), F(fh_port, queue_pairs),
	F(fh_port, connection_quota), F(fh_port, tcp_established_s), F(fh_port, n_addrs), F(fh_port, n_groups),
	F(fh_port, addrs), F(fh_port, groups), F(fh_port, tenant),
	F(fh_port, n_public), F(fh_port, pad), F(fh_port, public_),
	S(fh_route), F(fh_route, prefix), F(fh_route, via),
	S(fh_route), F(fh_route, prefix), F(fh_route, via),
	S(fh_router), F(fh_router, struct_size), F(fh_router, n_segments), F(fh_router, id), F(fh_router, generation), F(fh_router, tenant),
	F(fh_router, n_routes), F(fh_router, pad), F(fh_router, segments), F(fh_router, routes), F(fh_router, external),
	S(fh_uplink), F(fh_uplink, struct_size), F(fh_uplink, flags), F(fh_uplink, id), F(fh_uplink, generation), F(fh_uplink, device),
	F(fh_uplink, mtu), F(fh_uplink, vlan), F(fh_uplink, udp_port), F(fh_uplink, address), F(fh_uplink, gateway), F(fh_uplink, mac),
	F(fh_uplink, pad),
	S(fh_remote_port), F(fh_remote_port, struct_size), F(fh_remote_port, flags), F(fh_remote_port, id), F(fh_remote_port, segment), F(fh_remote_port, generation),
	F(fh_remote_port, tenant), F(fh_remote_port, mac), F(fh_remote_port, pad), F(fh_remote_port, tunnel), F(fh_remote_port, n_addrs), F(fh_remote_port, addrs),
	S(fh_commit_result), F(fh_commit_result, struct_size), F(fh_commit_result, result), F(fh_commit_result, revision),
	F(fh_commit_result, enforced_ns), F(fh_commit_result, failed_kind), F(fh_commit_result, pad),
	F(fh_commit_result, failed_id), F(fh_commit_result, message),
	S(fh_info), F(fh_info, struct_size), F(fh_info, api_version), F(fh_info, epoch), F(fh_info, revision),
	F(fh_info, revision_epoch), F(fh_info, started_ns), F(fh_info, pid), F(fh_info, workers), F(fh_info, n_segments),
	F(fh_info, n_sets), F(fh_info, n_groups), F(fh_info, n_ports), F(fh_info, version), F(fh_info, n_routers),
	F(fh_info, n_uplinks), F(fh_info, n_remotes), F(fh_info, pad),
	S(fh_port_status), F(fh_port_status, struct_size), F(fh_port_status, state), F(fh_port_status, id),
	F(fh_port_status, generation), F(fh_port_status, incarnation), F(fh_port_status, policy_generation),
	F(fh_port_status, rx_packets), F(fh_port_status, rx_bytes), F(fh_port_status, tx_packets),
	F(fh_port_status, tx_bytes), F(fh_port_status, connections), F(fh_port_status, connection_quota),
	F(fh_port_status, drops), F(fh_port_status, workers), F(fh_port_status, front_end_pid),
	F(fh_port_status, traffic_epoch), F(fh_port_status, from_guest), F(fh_port_status, to_guest), F(fh_port_status, flows_lost),
	S(fh_traffic), F(fh_traffic, packets), F(fh_traffic, bytes),
	S(fh_uplink_status), F(fh_uplink_status, struct_size), F(fh_uplink_status, mtu), F(fh_uplink_status, id),
	F(fh_uplink_status, generation), F(fh_uplink_status, device), F(fh_uplink_status, driver), F(fh_uplink_status, note),
	F(fh_uplink_status, mac), F(fh_uplink_status, pad), F(fh_uplink_status, neighbours), F(fh_uplink_status, neighbours_resolved),
	F(fh_uplink_status, rx_packets), F(fh_uplink_status, rx_bytes), F(fh_uplink_status, tx_packets), F(fh_uplink_status, tx_bytes),
	F(fh_uplink_status, drops),
	S(fh_object_ref), F(fh_object_ref, id), F(fh_object_ref, generation), F(fh_object_ref, kind), F(fh_object_ref, pad),
	S(fh_rule_hit), F(fh_rule_hit, rule), F(fh_rule_hit, connections), F(fh_rule_hit, packets), F(fh_rule_hit, bytes),
	F(fh_rule_hit, last_hit_ns),
	S(fh_connection), F(fh_connection, struct_size), F(fh_connection, state), F(fh_connection, family), F(fh_connection, protocol),
	F(fh_connection, direction), F(fh_connection, reply_seen), F(fh_connection, src), F(fh_connection, dst),
	F(fh_connection, src_port), F(fh_connection, dst_port), F(fh_connection, packets), F(fh_connection, bytes),
	F(fh_connection, age_ns), F(fh_connection, expires_in_ns), F(fh_connection, rule), F(fh_connection, handle),
	F(fh_connection, pad),
	S(fh_packet), F(fh_packet, struct_size), F(fh_packet, direction), F(fh_packet, family), F(fh_packet, protocol),
	F(fh_packet, tcp_flags), F(fh_packet, src), F(fh_packet, dst), F(fh_packet, src_port), F(fh_packet, dst_port),
	S(fh_packet_verdict), F(fh_packet_verdict, struct_size), F(fh_packet_verdict, action), F(fh_packet_verdict, reason),
	F(fh_packet_verdict, class_), F(fh_packet_verdict, rule),
	S(fh_drop_event), F(fh_drop_event, struct_size), F(fh_drop_event, reason), F(fh_drop_event, time_ns), F(fh_drop_event, port),
	F(fh_drop_event, rule), F(fh_drop_event, direction), F(fh_drop_event, family), F(fh_drop_event, protocol),
	F(fh_drop_event, pad), F(fh_drop_event, src), F(fh_drop_event, dst), F(fh_drop_event, src_port), F(fh_drop_event, dst_port),
	S(fh_flow_record), F(fh_flow_record, struct_size), F(fh_flow_record, end), F(fh_flow_record, family), F(fh_flow_record, protocol),
	F(fh_flow_record, direction), F(fh_flow_record, sequence), F(fh_flow_record, port), F(fh_flow_record, rule), F(fh_flow_record, src),
	F(fh_flow_record, dst), F(fh_flow_record, src_port), F(fh_flow_record, dst_port), F(fh_flow_record, public_addr),
	F(fh_flow_record, public_port), F(fh_flow_record, flags), F(fh_flow_record, state), F(fh_flow_record, start_ns),
	F(fh_flow_record, end_ns), F(fh_flow_record, packets), F(fh_flow_record, bytes),
	S(fh_flow_stream), F(fh_flow_stream, struct_size), F(fh_flow_stream, pad), F(fh_flow_stream, epoch), F(fh_flow_stream, lost),
	S(fh_layout_entry), F(fh_layout_entry, structure), F(fh_layout_entry, field), F(fh_layout_entry, offset),
	F(fh_layout_entry, size),
};

EXPORT const struct fh_layout_entry *fh_ctl_layout(uint32_t *count)
{
	if (count)
		*count = sizeof layout / sizeof layout[0];
	return layout;
}
