/*
 * Uplinks: the host's network devices through which frames reach other hosts and the outside.
 *
 * Theory of operation
 * -------------------
 * Which devices may be used is said at the start (--uplink), because opening them needs privileges that the process then gives
 * up; what is done with them is desired state (FH_KIND_UPLINK). An uplink has a MAC of its own, so that the host's kernel takes
 * no notice of its frames and the dataplane takes none of the kernel's.
 *
 * Each worker has a queue of its own: reception spread by flow, a batch of frames to send, a pool. A frame to send is one
 * buffer of that pool, whole, its checksums filled. A driver is one file behind a const vtable: af_xdp where the device has as
 * many queues as there are workers, else af_packet.
 *
 * The control thread has a packet socket on each device as well: it answers ARP and neighbour discovery for addresses that are
 * on the link because of desired state, and resolves next hops (neigh.h). Links are told apart by their VLAN tags.
 */
#ifndef FH_DP_UPLINK_H
#define FH_DP_UPLINK_H

#include "neigh.h"
#include "runtime.h"

#define UPLINK_BATCH 64u
#define UPLINK_ID (UINT64_MAX - 1) /* of its events in a worker's epoll */
#define UPLINK_TAGS 8u /* room for two VLAN tags */

struct uplink_counters {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
	uint64_t drops[FH_DROP_REASON_COUNT];
} fh_cache_aligned;

struct uplink;

struct uplink_queue {
	struct uplink *uplink;
	unsigned worker;
	int fd;
	struct rte_mempool *pool;
	void *ring; /* the driver's */
	struct rte_mbuf *tx[UPLINK_BATCH];
	unsigned n_tx;
	uint64_t last_packet_tsc;
	uint64_t errors_tick, errors; /* ICMP errors sent to the outside in these 100 ms */
	struct uplink_counters counters;
};

/* What an uplink takes in: unicast frames to the MAC, and all that carry one of these (outer) VLAN tags. */
struct uplink_filter {
	uint8_t mac[6]; /* zero: none */
	bool tagged;    /* any bit is set */
	uint64_t vlans[64];
};

struct uplink_driver {
	const char *name;
	/* Opens the queues' descriptors and rings, with privileges. Return: false with the reason. Nothing is received
	 * before listen(). */
	bool (*open)(struct uplink *u, char *why, size_t size);
	void (*close)(struct uplink *u);
	/* Takes in what the filter says from now on, or more. Control thread. */
	bool (*listen)(struct uplink *u, const struct uplink_filter *f);
	/* Return: number of frames, each in one buffer of q->pool; RTE_MBUF_F_RX_VLAN_STRIPPED: its outer tag is vlan_tci_outer's. */
	unsigned (*receive)(struct uplink_queue *q, struct rte_mbuf *m[], unsigned n);
	/* Return: how many were sent, from the first on. The buffers stay the caller's. */
	unsigned (*send)(struct uplink_queue *q, struct rte_mbuf *const m[], unsigned n);
};

extern const struct uplink_driver uplink_af_packet, uplink_af_xdp;

struct uplink {
	uint32_t index; /* in dp.uplinks */
	char device[FH_MAX_DEVICE];
	int ifindex;
	uint32_t mtu; /* of the device when it was opened */
	uint8_t device_mac[6];
	struct uplink_filter filter; /* [c] */
	const struct uplink_driver *driver;
	char note[128]; /* why not the better driver; empty: nothing to say */
	unsigned n_queues;
	struct uplink_queue *queues; /* one per worker */
	int control_fd;
	bool promiscuous; /* [c] */
	struct link *links; /* [c] */
};

/* An IPv6 router on a link. The control thread asks, workers read. */
struct gateway6 {
	uint8_t addr[16];
	uint64_t mac; /* LINK_KNOWN and the MAC; 0: not known */
	uint64_t next_ns, probes; /* [c] */
};
#define LINK_KNOWN (1ull << 48)
#define LINK_GATEWAYS6 4u

/* A broadcast domain on an uplink where next hops are looked for. Lives as long as a world refers to it. */
struct link {
	struct link *next;
	struct uplink *uplink;
	uint32_t tags; /* outer << 16 | inner; one tag is the outer; 0: untagged */
	uint8_t mac[6];   /* [c] */
	bool wanted;      /* [c] */
	uint32_t *announced, n_announced; /* [c] own addresses, sorted */
	struct neighbours *neighbours;
	struct gateway6 gateways6[LINK_GATEWAYS6];
	uint32_t n_gateways6;
};

/* --- start, in this order -------------------------------------------------------------------------------------------- */
/* Opens a device, before privileges are dropped. text: NAME, or NAME:af_packet or NAME:af_xdp to insist on a driver.
 * Return: false with a message logged. */
bool uplink_open(const char *text);
/* Once. Return: false without descriptors. */
bool uplinks_init(void);
/* After DPDK is up: pools. */
bool uplinks_start(void);
/* Lets a worker be woken by its queues. */
bool uplinks_watch(struct worker *w);

/* --- workers ---------------------------------------------------------------------------------------------------------- */
static inline void uplink_count_drop(struct uplink_queue *q, uint8_t reason, uint32_t n)
{
	fh_count(&q->counters.drops[reason], n);
}

/* Puts a whole frame into the worker's batch. Owns m. */
void uplink_put(struct worker *w, struct uplink *u, struct rte_mbuf *m);
/* Return: whether the router's MAC is known. */
static inline bool link_gateway6_mac(const struct gateway6 *g, uint8_t mac[6])
{
	uint64_t v = fh_load(&g->mac);
	memcpy(mac, &v, 6);
	return v & LINK_KNOWN;
}

/* The MAC of a neighbour on the link. Return: false while it is not known; it is asked for. */
bool link_find(struct link *l, uint32_t addr, uint64_t now_ns, uint8_t mac[6]);
/* The MAC of the way to a tunnel end. Return: false while it is not known; it is asked for. */
bool uplink_next_hop(const struct worker *w, const struct uplink_view *u, uint32_t dst, uint8_t mac[6]);
/* Sends what is in the batches. */
void uplinks_flush(struct worker *w);
/* Return: whether something came. */
bool uplinks_poll(struct worker *w);
/* Whether the worker may sleep as far as uplinks are concerned. */
bool uplinks_idle(const struct worker *w, uint64_t spin_tsc);

/* --- control thread --------------------------------------------------------------------------------------------------- */
struct uplink *uplink_find(const char *device);
/* The router with that address on the link, looked for from now on. Return: NULL: it has as many as it can have. */
struct gateway6 *link_gateway6(struct link *l, const uint8_t addr[16]);
/* The link with those tags, made if need be. Return: NULL without memory. */
struct link *uplink_link(struct uplink *u, uint32_t tags);
/* Readable when uplinks_tick() has something to do, as the devices' control_fd are. */
int uplinks_wake_fd(void);
/* Makes the sockets and neighbour tables fit the published world. */
void uplinks_apply(void);
/* ARP and ND that wait, requests that are due. Return: milliseconds until the next call, -1: none is due. */
int uplinks_tick(void);

#endif
