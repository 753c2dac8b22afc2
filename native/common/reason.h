/*
 * Why a packet was dropped. The numbers are on the control wire and in fh_port_status.drops[]: never renumber.
 * There is room for 32, the size of that array.
 */
#ifndef FH_COMMON_REASON_H
#define FH_COMMON_REASON_H

#include <stdint.h>

/* X(number, identifier, name on the wire, sentence for people) */
#define FH_DROP_REASONS(X) \
	X(0, NONE, "none", "Not dropped.") \
	X(1, SHORT_FRAME, "short-frame", "The frame is shorter than its headers.") \
	X(2, VLAN_TAGGED, "vlan-tagged", "The guest sent a VLAN tag; this network carries untagged frames.") \
	X(3, ETHERTYPE, "ethertype", "Only IPv4, IPv6 and ARP are carried.") \
	X(4, IP_HEADER, "ip-header", "The IP header or its length field is malformed.") \
	X(5, RATE_LIMITED, "rate-limited", "More of this kind of control message than is allowed per second.") \
	X(6, IP_OPTIONS, "ip-options", "Source routing or a malformed chain of IPv6 extension headers.") \
	X(7, L4_HEADER, "l4-header", "The TCP, UDP, ICMP or SCTP header is truncated or malformed.") \
	X(8, TCP_FLAGS, "tcp-flags", "A combination of TCP flags that no TCP sends.") \
	X(9, BAD_ADDRESS, "bad-address", "A source or destination address that must not be on the wire.") \
	X(10, SPOOFED_MAC, "spoofed-mac", "The source MAC address does not belong to this NIC.") \
	X(11, SPOOFED_IP, "spoofed-ip", "The source IP address is not allowed on this NIC.") \
	X(12, SPOOFED_NEIGHBOUR, "spoofed-neighbour", "An ARP or neighbour message claims a foreign address.") \
	X(13, FORGED_CONTROL, "forged-control", "A guest must not send router advertisements, DHCP answers or RARP.") \
	X(14, FRAGMENT_INVALID, "fragment-invalid", "Fragments overlap, exceed 64 KB, or the first lacks the L4 header.") \
	X(15, FRAGMENT_LIMIT, "fragment-limit", "Too many incomplete datagrams, or the first fragment never came.") \
	X(16, CT_NO_CONNECTION, "no-connection", "TCP in mid-stream that belongs to no known connection.") \
	X(17, CT_TCP_STATE, "tcp-state", "The TCP flags do not fit the state of the connection.") \
	X(18, CT_TCP_WINDOW, "tcp-window", "Sequence or acknowledgement outside the window.") \
	X(19, CT_TCP_RESET, "tcp-reset", "A reset whose sequence number does not match exactly.") \
	X(20, CT_FULL, "connections-full", "The NIC's connection quota is used up by established connections, or the host has no room for more.") \
	X(21, ICMP_UNRELATED, "icmp-unrelated", "An ICMP error that quotes no live connection.") \
	X(22, LINK_DOWN, "link-down", "The destination NIC is not connected.") \
	X(23, RULE, "rule", "A rule says drop.") \
	X(24, DEFAULT, "default", "No rule allows it.") \
	X(25, REVOKED, "revoked", "The rule that had allowed this connection is gone; it was cut.") \
	X(26, NAT_PORTS, "nat-ports", "No free port for address translation towards this destination.") \
	X(27, NO_ROUTE, "no-route", "The destination address or MAC is unknown.") \
	X(28, TTL, "ttl", "Time to live or hop limit exceeded.") \
	X(29, TOO_BIG, "too-big", "Larger than the MTU, or an offload that the receiver did not negotiate.") \
	X(30, RECEIVER_FULL, "receiver-full", "The destination does not take packets fast enough.") \
	X(31, GUEST_RING, "guest-ring", "The guest's queue holds malformed descriptors or offload headers.")

enum fh_drop_reason {
#define FH_REASON_ENUM(n, id, name, text) FH_DROP_##id = (n),
	FH_DROP_REASONS(FH_REASON_ENUM)
#undef FH_REASON_ENUM
	FH_DROP_REASON_COUNT
};

/* Stable name, lower case with dashes. Return: NULL beyond the last reason. */
const char *fh_reason_name(uint32_t reason);
/* One sentence in English. Return: NULL beyond the last reason. */
const char *fh_reason_text(uint32_t reason);

#endif
