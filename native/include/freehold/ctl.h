/*
 * libfreeholdctl: how the host agent tells the dataplane what should be.
 *
 * Theory of operation
 * -------------------
 * The agent builds a transaction (fh_txn) out of whole objects, each with a generation, and commits it:
 * the dataplane validates everything first, then applies all of it or nothing. Putting an object again with
 * the same generation changes nothing, so a caller that does not know whether a commit arrived repeats it.
 *
 *   segment   a tenant's L2 network: VNI, MTU, gateway MAC, subnets (answers ARP, ND, DHCP, RA from this)
 *   set       addresses that rules refer to; shared, changed in place (whole or by members)
 *   group     a security group: rules plus its egress default; shared by reference
 *   port      one NIC: vhost-user socket, MAC, addresses, the groups that it has
 *   router    joins segments of one tenant: their gateway addresses are its addresses
 *   uplink    what is done with one of the devices that the dataplane was started with: the way to other hosts
 *   remote    a NIC on another host, in a segment that an uplink carries
 *
 * A port takes part in forwarding once its front end has connected. A put object that refers to one that neither
 * exists nor is in the same transaction, or that belongs to another tenant, is refused (FH_EREF).
 *
 * Effective rules of a port: the union of its groups' rules. A drop rule wins over allow rules. Without a match,
 * ingress is dropped and egress is allowed unless one of the groups has FH_GROUP_EGRESS_DROP. Stateful.
 * A rule counts only in [valid_from, valid_until) by the host's clock: the dataplane switches it on and off by
 * itself, also when no agent runs. Commit-confirm is built on that.
 *
 * Every call takes a deadline and never blocks beyond it. No callbacks. No call aborts the process. A handle may be
 * used by one thread at a time; several handles may be open. The library allocates what it hands out, and says how to
 * give it back. Structures start with struct_size (set by the caller) and grow only at the end.
 *
 * All integers are in host byte order; addresses are in network byte order. Times are ns since the Unix epoch, 0 = none.
 */
#ifndef FREEHOLD_CTL_H
#define FREEHOLD_CTL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FH_CTL_API_VERSION 1u

/* Results: 0 or negative. fh_strerror() has a sentence for each. */
enum fh_result {
	FH_OK = 0,
	FH_EINVAL = -1,     /* an argument is out of range; nothing was sent */
	FH_ENOMEM = -2,
	FH_ECONNECT = -3,   /* the dataplane's socket is absent or refuses */
	FH_ETIMEDOUT = -4,  /* no answer before the deadline; the commit may or may not have happened */
	FH_EPROTO = -5,     /* the peer speaks another version or sent a malformed answer */
	FH_EREF = -6,       /* an object refers to one that does not exist */
	FH_ELIMIT = -7,     /* a documented limit was exceeded */
	FH_ESTALE = -8,     /* base generation of a member change does not match; put the whole set */
	FH_ENOENT = -9,
	FH_EINTERNAL = -10,
	FH_ECLOSED = -11,   /* the connection broke; open again */
	FH_ENOSPACE = -12,  /* the file system of the dataplane's state directory is full */
};

enum fh_kind {
	FH_KIND_SEGMENT = 1,
	FH_KIND_SET = 2,
	FH_KIND_GROUP = 3,
	FH_KIND_PORT = 4,
	FH_KIND_ROUTER = 5,
	FH_KIND_UPLINK = 6,
	FH_KIND_REMOTE_PORT = 7,
};

struct fh_id {
	uint8_t b[16]; /* a UUID in network order */
};

struct fh_addr {
	uint8_t family; /* 4 or 6 */
	uint8_t prefix_len; /* 0-32 or 0-128; hosts 32 or 128 */
	uint8_t pad[2];
	uint8_t b[16]; /* IPv4 in the first four bytes */
};

#define FH_MAX_PATH 108
#define FH_MAX_NAME 64
#define FH_MAX_DEVICE 16
#define FH_MAX_SUBNETS 8
#define FH_MAX_DNS 4
#define FH_MAX_PORT_ADDRS 32
#define FH_MAX_PORT_GROUPS 64

struct fh_subnet {
	struct fh_addr prefix;
	struct fh_addr gateway; /* family 0: none */
	struct fh_addr dns[FH_MAX_DNS];
	uint32_t n_dns;
	uint32_t dhcp; /* 1: answer DHCPv4 / send RA and answer DHCPv6 */
};

/* How a segment reaches its NICs on other hosts. */
enum fh_transport {
	FH_TRANSPORT_NONE = 0,  /* it is on this host only */
	FH_TRANSPORT_VXLAN = 1, /* by its VNI, to the hosts of its remotes */
	FH_TRANSPORT_VLAN = 2,  /* vlan 1-4094; 0: untagged, external segments only */
	FH_TRANSPORT_QINQ = 3,  /* outer_vlan (802.1ad) and vlan, each 1-4094 */
};

/* The segment is a network outside, not a tenant's: routers lead to it, public addresses are in it, its subnets' gateways are other
 * people's routers. It has no ports, a tenant of zero, and an uplink. */
#define FH_SEGMENT_EXTERNAL 1u

struct fh_segment {
	uint32_t struct_size;
	uint32_t vni; /* 1 - 2^24-1 */
	struct fh_id id;
	uint64_t generation;
	uint32_t mtu; /* 576 - 65535 */
	uint8_t gateway_mac[6];
	uint8_t pad[2];
	uint32_t n_subnets;
	struct fh_subnet subnets[FH_MAX_SUBNETS];
	struct fh_id tenant; /* zero: of no tenant in particular, ports of all may be in it */
	struct fh_id uplink; /* that carries it; for another transport than NONE */
	uint16_t transport;  /* enum fh_transport */
	uint16_t vlan, outer_vlan;
	uint16_t flags; /* FH_SEGMENT_* */
};

enum fh_direction { FH_INGRESS = 0, FH_EGRESS = 1 };
enum fh_action { FH_ALLOW = 0, FH_DROP = 1 };
enum fh_remote { FH_REMOTE_ANY = 0, FH_REMOTE_PREFIX = 1, FH_REMOTE_SET = 2 };
#define FH_PROTO_ANY 0xffffu
#define FH_ICMP_ANY 0xffffu
#define FH_RULE_LOG 1u
/* In place of a rule's id, where a default decided: a UUID whose last byte is one of these and whose others are zero. */
#define FH_RULE_DEFAULT_INGRESS_DROP 1u
#define FH_RULE_DEFAULT_EGRESS_ALLOW 2u
#define FH_RULE_DEFAULT_EGRESS_DROP 3u

struct fh_rule {
	struct fh_id id;
	uint8_t direction; /* enum fh_direction */
	uint8_t ethertype; /* 0 any, 4, 6 */
	uint8_t action;    /* enum fh_action */
	uint8_t remote;    /* enum fh_remote */
	uint16_t protocol; /* 0-255 or FH_PROTO_ANY */
	uint16_t port_min; /* TCP, UDP, SCTP, UDP-Lite, DCCP; 0-65535 */
	uint16_t port_max;
	uint16_t icmp_type; /* 0-255 or FH_ICMP_ANY */
	uint16_t icmp_code;
	uint16_t flags; /* FH_RULE_* */
	struct fh_addr prefix;   /* FH_REMOTE_PREFIX */
	struct fh_id set;        /* FH_REMOTE_SET */
	uint64_t valid_from;
	uint64_t valid_until;
};

#define FH_GROUP_EGRESS_DROP 1u

struct fh_group {
	uint32_t struct_size;
	uint32_t flags; /* FH_GROUP_* */
	struct fh_id id;
	uint64_t generation;
	uint32_t n_rules; /* 0 - 10000 */
	uint32_t rule_size; /* sizeof(struct fh_rule) as the caller knows it: the stride of rules; 0 = that of API version 1 */
	const struct fh_rule *rules;
	struct fh_id tenant; /* groups, sets and ports refer only to each other within one tenant; zero is a tenant, too */
};

struct fh_set {
	uint32_t struct_size;
	uint32_t n_members; /* 0 - 65536 */
	struct fh_id id;
	uint64_t generation;
	const struct fh_addr *members;
	struct fh_id tenant;
};

#define FH_PORT_NO_SECURITY 1u /* MAC and IP source checks off */
#define FH_PORT_UNFILTERED 2u  /* no rules and no connections: the control of measurements */

#define FH_MAX_PORT_PUBLIC 8

/* How a port reaches the external segment of its segment's router, and is reached from there. */
enum fh_public_kind {
	FH_PUBLIC_FLOATING = 1, /* IPv4: one of the port's addresses and the public one are the same thing, in both directions */
	FH_PUBLIC_SHARED = 2,   /* IPv4: for connections that the port opens: the address is shared, these ports of it are this port's */
	FH_PUBLIC_OWN = 3,      /* IPv6: the port's own address is seen outside as it is; the external link's routers take it for a neighbour's */
};

struct fh_public {
	uint32_t kind; /* enum fh_public_kind */
	uint16_t port_min, port_max; /* SHARED: multiples of 64, from 1024 on: the first of a block, the last of a block (1024-2047) */
	struct fh_addr address;
	struct fh_addr inside; /* FLOATING */
};

struct fh_port {
	uint32_t struct_size;
	uint32_t flags; /* FH_PORT_* */
	struct fh_id id;
	struct fh_id segment;
	uint64_t generation;
	uint64_t incarnation;   /* changes when the NIC is another one (re-created, migrated back): its connections go */
	char socket_path[FH_MAX_PATH]; /* QEMU listens there; the dataplane connects and reconnects */
	char hostname[FH_MAX_NAME];    /* for DHCP option 12; may be empty */
	uint8_t mac[6];
	uint16_t queue_pairs; /* 1 - 16 */
	uint32_t connection_quota; /* 1024 - 4194304 */
	uint32_t tcp_established_s; /* 60 - 432000; 0 = default (86400) */
	uint32_t n_addrs;
	uint32_t n_groups;
	struct fh_addr addrs[FH_MAX_PORT_ADDRS]; /* allowed source addresses; hosts or prefixes (allowed address pairs) */
	struct fh_id groups[FH_MAX_PORT_GROUPS];
	struct fh_id tenant;
	uint32_t n_public;
	uint32_t pad;
	struct fh_public public_[FH_MAX_PORT_PUBLIC]; /* a floating one goes before a shared one; connections through what is gone are cut */
};

#define FH_MAX_ROUTER_SEGMENTS 32
#define FH_MAX_ROUTER_ROUTES 64

struct fh_route {
	struct fh_addr prefix;
	struct fh_addr via; /* an address in one of the router's segments, of the prefix's family; family 0: reject, the sender is told */
};

/* Packets to a segment's gateway MAC are routed on the sender's host: between the subnets of the router's segments, and along
 * its static routes (longest prefix first). A segment has at most one router; its segments' subnets must not overlap. The
 * egress rules of the sender and the ingress rules of the receiver judge the packet as it is. */
struct fh_router {
	uint32_t struct_size;
	uint32_t n_segments;
	struct fh_id id;
	uint64_t generation;
	struct fh_id tenant;
	uint32_t n_routes;
	uint32_t pad;
	struct fh_id segments[FH_MAX_ROUTER_SEGMENTS];
	struct fh_route routes[FH_MAX_ROUTER_ROUTES];
	struct fh_id external; /* segment that whatever no route matches goes to, by ports that have a public address; zero: none */
};

/* A device of the host, opened when the dataplane started (--uplink), and its own place in the network that it leads to. */
struct fh_uplink {
	uint32_t struct_size;
	uint32_t flags; /* 0 */
	struct fh_id id;
	uint64_t generation;
	char device[FH_MAX_DEVICE];
	uint32_t mtu;      /* of the packets on the link, 576 - 65535; 0: that of the device */
	uint16_t vlan;     /* that the tunnels' own packets are tagged with; 0: untagged */
	uint16_t udp_port; /* of VXLAN; 0: 4789 */
	struct fh_addr address; /* IPv4, the tunnel end, with the prefix that is on the link; family 0: no tunnels. The
				 * host's kernel must not have it; guests never reach anything under the prefix. */
	struct fh_addr gateway; /* for tunnel ends beyond the prefix; family 0: none */
	uint8_t mac[6]; /* zero: one of its own, made from the device's; the device's own where a network takes only that */
	uint8_t pad[2];
};

/* A NIC on another host. Its rules are enforced there. */
struct fh_remote_port {
	uint32_t struct_size;
	uint32_t flags; /* 0 */
	struct fh_id id;
	struct fh_id segment;
	uint64_t generation;
	struct fh_id tenant;
	uint8_t mac[6];
	uint8_t pad[2];
	struct fh_addr tunnel; /* VXLAN: the IPv4 address of the host's tunnel end */
	uint32_t n_addrs;
	struct fh_addr addrs[FH_MAX_PORT_ADDRS]; /* hosts */
};

struct fh_commit_result {
	uint32_t struct_size;
	int32_t result;      /* enum fh_result */
	uint64_t revision;   /* the dataplane's revision mark after the call */
	uint64_t enforced_ns; /* when every worker saw the new state, ns since the Unix epoch */
	uint32_t failed_kind; /* the object that was refused, if any */
	uint32_t pad;
	struct fh_id failed_id;
	char message[256]; /* a sentence, UTF-8, NUL-terminated */
};

struct fh_info {
	uint32_t struct_size;
	uint32_t api_version;
	uint64_t epoch;    /* of the counters: changes when they start from zero */
	uint64_t revision; /* the last revision mark committed; 0 after a start without state */
	struct fh_id revision_epoch; /* what the mark counts in (see fh_txn_mark) */
	uint64_t started_ns;
	uint32_t pid;
	uint32_t workers;
	uint32_t n_segments, n_sets, n_groups, n_ports;
	char version[FH_MAX_NAME];
	uint32_t n_routers, n_uplinks, n_remotes;
	uint32_t pad;
};

/* Why a packet was dropped: the index into fh_port_status.drops[]. fh_drop_reason_name() and _text() explain each. */
enum fh_reason {
	FH_REASON_NONE = 0,
	FH_REASON_SHORT_FRAME = 1,
	FH_REASON_VLAN_TAGGED = 2,
	FH_REASON_ETHERTYPE = 3,
	FH_REASON_IP_HEADER = 4,
	FH_REASON_RATE_LIMITED = 5,
	FH_REASON_IP_OPTIONS = 6,
	FH_REASON_L4_HEADER = 7,
	FH_REASON_TCP_FLAGS = 8,
	FH_REASON_BAD_ADDRESS = 9,
	FH_REASON_SPOOFED_MAC = 10,
	FH_REASON_SPOOFED_IP = 11,
	FH_REASON_SPOOFED_NEIGHBOUR = 12,
	FH_REASON_FORGED_CONTROL = 13,
	FH_REASON_FRAGMENT_INVALID = 14,
	FH_REASON_FRAGMENT_LIMIT = 15,
	FH_REASON_CT_NO_CONNECTION = 16,
	FH_REASON_CT_TCP_STATE = 17,
	FH_REASON_CT_TCP_WINDOW = 18,
	FH_REASON_CT_TCP_RESET = 19,
	FH_REASON_CT_FULL = 20,
	FH_REASON_ICMP_UNRELATED = 21,
	FH_REASON_LINK_DOWN = 22,
	FH_REASON_RULE = 23,
	FH_REASON_DEFAULT = 24,
	FH_REASON_REVOKED = 25,
	FH_REASON_NAT_PORTS = 26,
	FH_REASON_NO_ROUTE = 27,
	FH_REASON_TTL = 28,
	FH_REASON_TOO_BIG = 29,
	FH_REASON_RECEIVER_FULL = 30,
	FH_REASON_GUEST_RING = 31,
};

/* What a port's packets are to a bill, as their routing decided. */
enum fh_traffic_class {
	FH_TRAFFIC_NETWORK = 0,  /* within its network, on this host or another */
	FH_TRAFFIC_ROUTED = 1,   /* between networks of its tenant, through their router */
	FH_TRAFFIC_EXTERNAL = 2, /* beyond: through a public address, also when that is one of this very host */
	FH_TRAFFIC_SERVICE = 3,  /* with the dataplane itself: ARP, neighbour discovery, DHCP, the gateway's answers */
};
#define FH_TRAFFIC_CLASSES 4

/* Frames as the guest sees them, without a tunnel's headers; a large segment counts as the frames that it takes on a wire. */
struct fh_traffic {
	uint64_t packets, bytes;
};

enum fh_port_state { FH_PORT_CONNECTING = 0, FH_PORT_CONNECTED = 1, FH_PORT_UP = 2 /* driver ready, queues enabled */ };

struct fh_port_status {
	uint32_t struct_size;
	uint32_t state; /* enum fh_port_state */
	struct fh_id id;
	uint64_t generation;
	uint64_t incarnation;
	uint64_t policy_generation; /* what packets are judged by now */
	uint64_t rx_packets, rx_bytes; /* from the guest */
	uint64_t tx_packets, tx_bytes; /* to the guest */
	uint64_t connections; /* live now */
	uint64_t connection_quota;
	uint64_t drops[32]; /* by enum fh_reason */
	uint32_t workers; /* bit w: worker w serves one of its queues */
	uint32_t front_end_pid; /* of the process behind its socket (QEMU); 0: not connected, or not known */
	/* For bills; by enum fh_traffic_class. They go on over a restart or kill of the dataplane and begin anew, with another epoch, with
	 * the port's incarnation (or a lost state directory): with the same epoch, what came between two readings is their difference;
	 * with another one, it is at least the new reading. */
	uint64_t traffic_epoch; /* Unix ns when they began at zero */
	struct fh_traffic from_guest[FH_TRAFFIC_CLASSES]; /* that passed the port's own checks and rules and have somewhere to go */
	struct fh_traffic to_guest[FH_TRAFFIC_CLASSES];   /* that the guest's ring took */
	uint64_t flows_lost; /* flow records that found no room; counts like drops */
};

/* A device that the dataplane was started with, used or not. */
struct fh_uplink_status {
	uint32_t struct_size;
	uint32_t mtu; /* of the device */
	struct fh_id id; /* of the fh_uplink; zero: the device is not used */
	uint64_t generation;
	char device[FH_MAX_DEVICE];
	char driver[16]; /* af_xdp or af_packet */
	char note[128];  /* why the better driver is not used; empty: nothing to say */
	uint8_t mac[6];  /* that it is known by; zero: not used */
	uint8_t pad[2];
	uint32_t neighbours, neighbours_resolved;
	uint64_t rx_packets, rx_bytes;
	uint64_t tx_packets, tx_bytes;
	uint64_t drops[32]; /* by enum fh_reason, of frames that no port can be charged with */
};

struct fh_object_ref {
	struct fh_id id;
	uint64_t generation;
	uint32_t kind;
	uint32_t pad;
};

struct fh_rule_hit {
	struct fh_id rule;
	uint64_t connections; /* new connections that the rule decided */
	uint64_t packets;
	uint64_t bytes;
	uint64_t last_hit_ns;
};

/* --- connection ------------------------------------------------------------------------------------------------- */
typedef struct fh_ctl fh_ctl;
typedef struct fh_txn fh_txn;

uint32_t fh_ctl_api_version(void);
const char *fh_strerror(int result);
/* Name of a drop reason (stable, lower case with dashes), NULL beyond the last one. */
const char *fh_drop_reason_name(uint32_t reason);
/* One English sentence about a drop reason, NULL beyond the last one. */
const char *fh_drop_reason_text(uint32_t reason);

int fh_ctl_open(const char *socket_path, uint32_t timeout_ms, fh_ctl **out);
void fh_ctl_close(fh_ctl *ctl);
int fh_ctl_info(fh_ctl *ctl, uint32_t timeout_ms, struct fh_info *out);

/* --- desired state ---------------------------------------------------------------------------------------------- */
fh_txn *fh_txn_new(void);
void fh_txn_free(fh_txn *txn);
int fh_txn_put_segment(fh_txn *txn, const struct fh_segment *segment);
int fh_txn_put_set(fh_txn *txn, const struct fh_set *set);
/* Changes members of a set whose generation is base; cheaper than the whole set. */
int fh_txn_change_set(fh_txn *txn, const struct fh_id *id, uint64_t base, uint64_t generation,
		      const struct fh_addr *add, uint32_t n_add, const struct fh_addr *remove, uint32_t n_remove);
int fh_txn_put_group(fh_txn *txn, const struct fh_group *group);
int fh_txn_put_port(fh_txn *txn, const struct fh_port *port);
int fh_txn_put_router(fh_txn *txn, const struct fh_router *router);
int fh_txn_put_uplink(fh_txn *txn, const struct fh_uplink *uplink);
int fh_txn_put_remote_port(fh_txn *txn, const struct fh_remote_port *remote);
/* Removing what does not exist succeeds; removing what is referred to (after the whole transaction) is FH_EREF. */
int fh_txn_remove(fh_txn *txn, uint32_t kind, const struct fh_id *id);
/* The transaction holds the whole state: what it does not put is removed. */
int fh_txn_replace_all(fh_txn *txn);
/* Leaves a mark that fh_ctl_info returns, so that an agent which restarts knows where it was. */
int fh_txn_mark(fh_txn *txn, const struct fh_id *epoch, uint64_t revision);
int fh_ctl_commit(fh_ctl *ctl, const fh_txn *txn, uint32_t timeout_ms, struct fh_commit_result *out);

/* --- what is ---------------------------------------------------------------------------------------------------- */
/* The pages start with *cursor 0; each call fills up to capacity entries and sets *count and *cursor; *cursor 0: the end.
 * A page may hold fewer entries than the capacity without being the last one.
 * fh_ctl_ports: out[0].struct_size is set by the caller and is the stride of the array. */
int fh_ctl_objects(fh_ctl *ctl, uint32_t timeout_ms, uint64_t *cursor, struct fh_object_ref *out, uint32_t capacity, uint32_t *count);
int fh_ctl_ports(fh_ctl *ctl, uint32_t timeout_ms, uint64_t *cursor, struct fh_port_status *out, uint32_t capacity, uint32_t *count);
/* As fh_ctl_ports. */
int fh_ctl_uplinks(fh_ctl *ctl, uint32_t timeout_ms, uint64_t *cursor, struct fh_uplink_status *out, uint32_t capacity, uint32_t *count);
int fh_ctl_rule_hits(fh_ctl *ctl, uint32_t timeout_ms, uint64_t *cursor, struct fh_rule_hit *out, uint32_t capacity, uint32_t *count);

/* --- seeing inside ------------------------------------------------------------------------------------------------ */
struct fh_connection {
	uint32_t struct_size;
	uint32_t state; /* fh_ctl_connection_state_name() */
	uint8_t family; /* 4 or 6 */
	uint8_t protocol;
	uint8_t direction;  /* enum fh_direction of its first packet, as the port sees it */
	uint8_t reply_seen;
	uint8_t src[16], dst[16]; /* of the first packet; IPv4 in the first four bytes */
	uint16_t src_port, dst_port; /* ICMP: identifier, type << 8 | code */
	uint64_t packets[2], bytes[2]; /* [0] along the first packet's direction, [1] against it */
	uint64_t age_ns;
	uint64_t expires_in_ns; /* if no packet comes */
	struct fh_id rule;      /* that allowed it; FH_RULE_DEFAULT_* */
	uint32_t handle;        /* with the addresses and ports: which one to kill */
	uint32_t pad;
};

/* A described packet, and what would become of it now: live connections, rules and their validity included. */
struct fh_packet {
	uint32_t struct_size;
	uint8_t direction; /* enum fh_direction, as the port sees it */
	uint8_t family;
	uint8_t protocol;
	uint8_t tcp_flags; /* as on the wire; 2 = SYN */
	uint8_t src[16], dst[16];
	uint16_t src_port, dst_port; /* ICMP: identifier, type << 8 | code */
};

enum fh_packet_class { FH_PACKET_UNTRACKED = 0, FH_PACKET_NEW = 1, FH_PACKET_ESTABLISHED = 2, FH_PACKET_RELATED = 3 };

struct fh_packet_verdict {
	uint32_t struct_size;
	uint32_t action; /* enum fh_action */
	uint32_t reason; /* enum fh_reason */
	uint32_t class_; /* enum fh_packet_class */
	struct fh_id rule; /* that decided; zero: none (an established connection, a malformed packet) */
};

/* A sample of what was dropped: at most FH_DROP_EVENTS_PER_S a second and worker; the counters have all of it. */
#define FH_DROP_EVENTS_PER_S 200u
struct fh_drop_event {
	uint32_t struct_size;
	uint32_t reason; /* enum fh_reason */
	uint64_t time_ns;
	struct fh_id port;
	struct fh_id rule; /* that said drop, if one did */
	uint8_t direction;
	uint8_t family; /* 0: no IP packet, addresses are not set */
	uint8_t protocol;
	uint8_t pad;
	uint8_t src[16], dst[16];
	uint16_t src_port, dst_port;
};

/* Connections of one port. Pages as above; out[0].struct_size is the stride. One that ends meanwhile may be missing. */
int fh_ctl_connections(fh_ctl *ctl, uint32_t timeout_ms, const struct fh_id *port, uint64_t *cursor, struct fh_connection *out,
		       uint32_t capacity, uint32_t *count);
const char *fh_ctl_connection_state_name(uint32_t state);
/* Ends one connection (which: as fh_ctl_connections gave it), or all of the port (NULL). *killed: how many. */
int fh_ctl_kill(fh_ctl *ctl, uint32_t timeout_ms, const struct fh_id *port, const struct fh_connection *which, uint32_t *killed);
int fh_ctl_test_packet(fh_ctl *ctl, uint32_t timeout_ms, const struct fh_id *port, const struct fh_packet *packet,
		       struct fh_packet_verdict *out);
/* Drop events since *cursor (0: the oldest that is kept). *cursor is where to go on later, never 0 afterwards; events that
 * were overwritten before they were read are skipped. Not a page: an empty answer means that there is nothing new. */
int fh_ctl_drop_events(fh_ctl *ctl, uint32_t timeout_ms, uint64_t *cursor, struct fh_drop_event *out, uint32_t capacity, uint32_t *count);
/* How many live connections the transaction would cut if it were committed now. Nothing is changed. Changes of a set's
 * members are not looked through; groups, ports and new sets are. The result is as of fh_ctl_commit, enforced_ns is 0. */
int fh_ctl_preview(fh_ctl *ctl, const fh_txn *txn, uint32_t timeout_ms, uint64_t *cuts, struct fh_commit_result *out);

/* --- flow records: connections that are over, or have lasted another five minutes ------------------------------------------ */
/* Why the record was written: IPFIX's flowEndReason (RFC 5102, 136). */
enum fh_flow_end {
	FH_FLOW_IDLE = 1,      /* nothing came for as long as its state allows */
	FH_FLOW_ACTIVE = 2,    /* it goes on; another record follows */
	FH_FLOW_ENDED = 3,     /* its ends closed or reset it */
	FH_FLOW_FORCED = 4,    /* killed, cut by a change of the rules, or its port went */
	FH_FLOW_RESOURCES = 5, /* evicted: the port's quota was used up */
};
#define FH_FLOW_REVOKED 1u /* FORCED: the rules had changed and no longer allowed it */

struct fh_flow_record {
	uint32_t struct_size;
	uint8_t end; /* enum fh_flow_end */
	uint8_t family; /* 4 or 6 */
	uint8_t protocol;
	uint8_t direction;   /* enum fh_direction of its first packet, as the port sees it */
	uint64_t sequence;   /* from 1, without gaps in one epoch */
	struct fh_id port;
	struct fh_id rule;   /* that allowed it; FH_RULE_DEFAULT_*; zero: not known any more */
	uint8_t src[16], dst[16]; /* of the first packet, before translation; IPv4 in the first four bytes */
	uint16_t src_port, dst_port; /* ICMP: identifier, type << 8 | code */
	uint8_t public_addr[4]; /* translated: the port's end as seen outside; else zero */
	uint16_t public_port;
	uint16_t flags; /* FH_FLOW_* */
	uint32_t state; /* fh_ctl_connection_state_name(); its last one */
	uint64_t start_ns, end_ns; /* first and last packet, to 0.14 s */
	uint64_t packets[2], bytes[2]; /* totals since its start; [0] along the first packet's direction, [1] against it */
};

struct fh_flow_stream {
	uint32_t struct_size;
	uint32_t pad;
	uint64_t epoch; /* of sequence; another one only when the state directory was lost */
	uint64_t lost;  /* records of this epoch that found no room: they were not taken in time, or a port's share was used up */
};

/* The oldest records that are kept, after forgetting those of that epoch up to taken: tell them as taken only once they are safe elsewhere.
 * Whoever does not know whether its answer arrived asks again and gets the same. epoch 0: forgets nothing. out[0].struct_size is the
 * stride. An empty answer means that there is nothing new. */
int fh_ctl_flows(fh_ctl *ctl, uint32_t timeout_ms, uint64_t epoch, uint64_t taken, struct fh_flow_stream *stream, struct fh_flow_record *out,
		 uint32_t capacity, uint32_t *count);

/* --- migration: the connections of a port as opaque records ----------------------------------------------------------- */
/* *cursor 0 to begin, 0 again at the end. since_ns (Unix): only connections that saw a packet since; 0: all.
 * Return: FH_OK, *len bytes in buf (capacity at least 4096). */
int fh_ctl_export_connections(fh_ctl *ctl, uint32_t timeout_ms, const struct fh_id *port, uint64_t since_ns, uint64_t *cursor, void *buf,
			      uint32_t capacity, uint32_t *len);
/* *imported and *refused count records. Each connection is judged by the port's rules at its next packet. */
int fh_ctl_import_connections(fh_ctl *ctl, uint32_t timeout_ms, const struct fh_id *port, const void *buf, uint32_t len, uint32_t *imported,
			      uint32_t *refused);

/* --- where the workers run ----------------------------------------------------------------------------------------------- */
/* Pins a worker (numbered from 0) to a core; core UINT32_MAX lets it float. */
int fh_ctl_pin_worker(fh_ctl *ctl, uint32_t timeout_ms, uint32_t worker, uint32_t core);

/* --- layout, for callers that build the structures without a C compiler ------------------------------------------ */
struct fh_layout_entry {
	const char *structure;
	const char *field; /* NULL: the structure itself, offset 0, its size */
	uint32_t offset;
	uint32_t size;
};
const struct fh_layout_entry *fh_ctl_layout(uint32_t *count);

#ifdef __cplusplus
}
#endif
#endif
