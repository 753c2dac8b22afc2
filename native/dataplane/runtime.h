/*
 * What the threads of the dataplane share.
 *
 * Theory of operation
 * -------------------
 * Threads: one control thread (socket, transactions, timers, port life cycle), N workers (packets), and librte_vhost's
 * own (socket messages of the front ends).
 *
 *   world      immutable; what packets are judged and routed by. The control thread builds another one for each
 *              transaction, swaps the pointer, waits until every worker passed a quiescent state, frees the old one.
 *   port       mutable; one NIC's vhost device, connection table and counters. It outlives worlds.
 *   queue list immutable; which guest queues a worker polls.
 *
 * A worker loads world and queue list afresh in each round and reports a quiescent state between rounds; it is offline
 * while it sleeps. Nothing that it found through them is kept across rounds, but for what is held in port->frag.
 *
 * Writers: fields of struct port marked [c] belong to the control thread, [v] to librte_vhost's callbacks (read with
 * acquire by workers), [w] to the worker that polls the queue, [l] are guarded by a lock of port.c.
 */
#ifndef FH_DP_RUNTIME_H
#define FH_DP_RUNTIME_H

#include <pthread.h>
#include <rte_mbuf.h>
#include <rte_rcu_qsbr.h>
#include <rte_spinlock.h>

#include "conntrack.h"
#include "lookup.h"

#define DP_BURST 32
#define DP_MAX_QUEUES 16
#define DP_MAX_PORTS 4096
#define DP_MAX_SEGMENTS 4096
#define DP_MAX_ROUTERS 1024
#define DP_NO_ROUTER UINT32_MAX
#define DP_MAX_UPLINKS 8
#define DP_NO_UPLINK UINT32_MAX
#define DP_MAX_WORKERS (FH_WORKERS_MAX - 1)
#define DP_NS_PER_S 1000000000ull

struct worker;
struct port;
struct uplink;
struct link;
struct gateway6;
struct fh_route_mode;
struct traffic_image;

/* --- immutable views ---------------------------------------------------------------------------------------------- */
struct prefix4 {
	uint32_t addr, mask; /* network order */
};

struct prefix6 {
	uint8_t addr[16];
	uint8_t mask[16];
};

struct subnet_view {
	uint8_t v6, prefix_len, has_gateway, dhcp;
	uint8_t prefix[16];
	uint8_t gateway[16];
	uint32_t n_dns;
	uint8_t dns[FH_MAX_DNS][16]; /* of the subnet's own family only */
};

struct segment_view {
	uint32_t vni;
	uint32_t mtu;
	uint32_t router; /* index into world.routers, or DP_NO_ROUTER */
	uint8_t gateway_mac[6];
	uint8_t gateway_link_local[16]; /* EUI-64 of the gateway's MAC */
	uint32_t n_subnets;
	struct subnet_view subnets[FH_MAX_SUBNETS];
	struct fh_lookup *lookup;
	/* Out of this host */
	const struct fh_route_mode *out; /* NULL: there is no way */
	uint32_t uplink;                 /* index into world.uplinks, or DP_NO_UPLINK */
	uint32_t tags;                   /* outer << 16 | inner */
	uint32_t path_mtu;               /* for IP packets to remotes */
	uint32_t n_remotes;
	struct remote_view *remotes;
	/* External segments: */
	uint8_t external;
	struct link *link;
	struct gateway6 *gateway6; /* towards everything in IPv6; NULL: none */
	uint32_t n_owned;
	uint32_t *owned; /* public addresses of ports on this host, network order */
};

/* A NIC on another host. */
struct remote_view {
	uint32_t vtep; /* network order; 0: by VLAN */
	uint8_t mac[6];
};

struct uplink_view {
	struct uplink *uplink;
	struct link *link; /* of the tunnels */
	uint8_t mac[6];
	uint16_t vlan, udp_port;         /* of the tunnels */
	uint32_t address, mask, gateway; /* network order; address 0: no tunnels, gateway 0: none */
	uint32_t n_next_hops;
	uint32_t *next_hops;             /* to all tunnel ends */
	struct fh_lookup *lookup;        /* VNIs and tags to segment slots; tunnel ends that are known */
};

struct port_view {
	struct port *port;
	struct fh_policy *policy;
	uint32_t segment; /* index into world.segments */
	uint32_t flags;   /* FH_PORT_* */
	uint64_t generation;
	uint8_t mac[6];
	uint8_t link_local[16];
	uint32_t n4, n6;
	struct prefix4 allowed4[FH_MAX_PORT_ADDRS];
	struct prefix6 allowed6[FH_MAX_PORT_ADDRS];
	/* DHCPv4: the address to give; zero: none */
	uint8_t dhcp4[4];
	uint32_t dhcp4_subnet;
	/* DHCPv6 */
	bool has_dhcp6;
	uint8_t dhcp6[16];
	char hostname[FH_MAX_NAME];
	uint32_t n_public4;
};

/* One way on: addresses under the prefix are in that segment, or behind via, which is. */
struct hop {
	uint8_t addr[16], mask[16];
	uint8_t via[16];
	uint8_t prefix_len, has_via, reject;
	uint32_t segment; /* index into world.segments */
};

struct router_view {
	uint32_t n_segments;
	uint32_t segments[FH_MAX_ROUTER_SEGMENTS];
	uint32_t external; /* index into world.segments, DP_MAX_SEGMENTS: none */
	uint32_t n4, n; /* IPv4 hops first, then IPv6; each the longest prefix first */
	struct hop hops[];
};

struct world {
	struct segment_view *segments[DP_MAX_SEGMENTS];
	struct port_view *ports[DP_MAX_PORTS];
	struct router_view *routers[DP_MAX_ROUTERS];
	struct uplink_view *uplinks[DP_MAX_UPLINKS]; /* by the index of the device */
};

/* --- ports ---------------------------------------------------------------------------------------------------------- */
struct port_counters {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
	uint64_t drops[FH_DROP_REASON_COUNT];
	uint64_t answers_tick; /* rate limits of local answers: the 100 ms that these count in */
	uint64_t answers, errors;
} fh_cache_aligned;

struct rxq {
	struct port *port;
	uint16_t index;    /* of the queue pair */
	uint32_t id;       /* in dp.rxqs */
	int kick_fd;       /* [c] ours, a dup; -1: none */
	struct worker *worker; /* [c] who polls it; NULL: nobody */
	/* [w] */
	uint64_t last_packet_tsc;
	uint32_t refusals; /* times that it could not sleep though nothing came */
	uint8_t parked;    /* waits for a kick */
	uint8_t stuck;     /* the ring says that there is something and never delivers */
	uint8_t listed;    /* is in the worker's active array */
};

struct port {
	struct fh_id id;
	uint64_t incarnation;
	uint32_t slot;
	uint32_t session;              /* [v] counts connections of the front end */
	char socket_path[FH_MAX_PATH]; /* [c] */
	uint16_t queue_pairs;          /* [c] */
	bool registered;               /* [c] its front end is looked for */
	bool started;                  /* [c] librte_vhost has the socket */
	uint64_t next_start_ms;        /* [c] */
	bool leaving;                  /* [l] its socket is being given up */
	uint32_t connects;             /* [l] to the front end since connects_since_ms */
	uint64_t connects_since_ms, rests_until_ms, refused_log_ms; /* [l] */
	uint32_t front_end_pid;        /* [v] who listens at the socket */
	int connected;                 /* [v] the front end's socket is there */
	int ended;                     /* [v] it was there, and the control thread has not noticed yet that it is gone */
	int vid;                       /* [v] -1: no running device */
	uint64_t features;             /* [v] negotiated virtio features */
	uint32_t rx_rings;             /* [v] bit q: ring towards the guest of queue pair q is enabled */
	struct rte_mempool *pool;      /* [c] set before the queues are handed to workers */
	struct rxq rxq[DP_MAX_QUEUES];
	struct fh_ct *ct;              /* [c] published */
	void *ct_mem;
	size_t ct_size;
	uint32_t ct_quota;
	uint32_t n_public;             /* [c] those that are public_[]'s */
	struct fh_public public_[FH_MAX_PORT_PUBLIC]; /* [c] */
	struct fh_ct *next_ct;         /* [c] between prepare and adopt */
	void *next_ct_mem;
	size_t next_ct_size;
	char ct_path[FH_MAX_PATH + FH_MAX_NAME];
	struct fh_frag *frag[2];       /* by enum fh_direction, under frag_lock */
	rte_spinlock_t frag_lock[2];
	uint64_t next_ra_ns;           /* [w] of queue 0: the next unsolicited router advertisement */
	struct port_counters *counters; /* one per worker */
	struct traffic_image *traffic;  /* for bills */
};

/* --- workers --------------------------------------------------------------------------------------------------------- */
struct queue_list {
	uint32_t number; /* one more than the worker's list before. Tells lists apart: a later one may lie where an earlier one lay */
	uint32_t n;
	struct rxq *q[];
};

struct worker {
	unsigned id;     /* also the slot in qsbr, policy and connection counters */
	int core;        /* -1: not pinned */
	int epoll_fd, wake_fd;
	pthread_t thread;
	struct queue_list *queues; /* published by the control thread */
	/* private */
	uint32_t seen_number; /* of the list that it goes by; not its place: it may be freed while its worker sleeps */
	uint32_t n_active, n_stuck, capacity;
	struct rxq **active;
	uint64_t now_ns;  /* CLOCK_BOOTTIME at the start of the round */
	uint64_t wakeups, rounds;
	int telling; /* is telling a guest of packets; a hostile front end may make that block */
	const struct world *world;
} fh_cache_aligned;

struct dp {
	const char *state_dir;
	struct rte_rcu_qsbr *qsbr;
	struct world *world; /* published */
	unsigned n_workers;
	struct worker workers[DP_MAX_WORKERS];
	struct rxq *rxqs[DP_MAX_PORTS * DP_MAX_QUEUES]; /* published: queue ids to queues */
	struct fh_pol_ctx *rules;
	struct fh_flow_ring *flows[FH_WORKERS_MAX]; /* by worker number */
	struct fh_hash hash;
	uint64_t seed;
	uint64_t epoch, started_ns;
	bool unsealed; /* takes guest memory that its owner could take away (huge pages, DPDK's own guests) */
	cpu_set_t all_cores; /* that the process started with */
	struct uplink *uplinks[DP_MAX_UPLINKS];
	unsigned n_uplinks;
	int stop;
};

extern struct dp dp;

/* Worker number of the control thread in connection tables and counters. */
static inline unsigned dp_control_id(void)
{
	return dp.n_workers;
}

/* Waits until every worker passed a quiescent state. Not for workers. */
void dp_grace(void);
uint64_t dp_boot_ns(void);
static inline uint64_t dp_boot_ms(void)
{
	return dp_boot_ns() / 1000000;
}
uint64_t dp_unix_ns(void);

#endif
