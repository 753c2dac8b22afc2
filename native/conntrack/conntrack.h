/*
 * Connection tracking: one table a NIC.
 *
 * Theory of operation
 * -------------------
 * Goals: one lookup a packet, the same entry for both directions; established packets cost two cache lines and no
 * allocation, lock on a shared line or system call; a flood costs only the NIC's own quota; state survives a crash.
 *
 * Use, a burst of packets of one NIC in one direction:
 *     fh_pkt_parse() each; fh_hash_burst(); fh_ct_prefetch();  ... (routing look-ups fit here) ...; fh_ct_burst()
 * The verdicts say pass, drop (with reason and deciding slot) or hold (fragments only). A packet between two local NICs passes
 * the sender's table (FH_EGRESS) and then the receiver's (FH_INGRESS) with the *same* fh_pkt: the first lookup leaves a
 * hint in it that makes the second find its entry without the index. Packets whose kind is ARP, ND or MLD never come here.
 *
 * Memory: an image given by the caller (a mapped file) with a header and the entries: numbers instead of pointers, a layout version,
 * asserted sizes. fh_ct_open() creates or, after a crash, recovers: it trusts only entries that validate and builds the index (memory
 * of the process) anew, so a process killed at any instruction leaves nothing worse than a lost connection. Of the image only what
 * is used costs memory, and a file system without room for more of it costs only new connections (ct_image.c).
 *   bucket 64 B: version (odd: locked), overflow link, 8 tags of 16 bits, 8 entry numbers; about 4 entries a bucket
 *   entry 128 B: the first line has everything that an IPv4 packet needs, the second IPv6 key words, NAT, counters
 * 128 + 16 + overflow 1.x B: below 150 B a connection.
 *
 * Time: ticks of 2^27 ns (134 ms) of a monotonic clock that survives the process (CLOCK_BOOTTIME), given by the caller.
 * A packet writes the entry's expiry only if the tick changed. Expiry is tested in lookup; fh_ct_sweep() reclaims in time slices.
 *
 * Full table, or no room for its image to grow: first expired entries, then never-answered ones, then closing ones are evicted, never established ones; then
 * the packet is dropped and counted.
 *
 * Policy: see policy.h. On a stamp mismatch the original tuple is judged again: allowed, restamp; else the entry is deleted
 * and the packet dropped (FH_DROP_REVOKED), whichever direction it has.
 *
 * TCP: Linux's transition table and window checks (SACK, scaling to 14). A reset must hit the expected number exactly or
 * by one; an invalid packet changes nothing. No pickup in mid-stream. After recovery or import, an entry learns its windows anew
 * from the packets of the first FH_CT_RELEARN_S seconds instead of dropping them.
 *
 * Concurrency
 * -----------
 * Any number of workers may call fh_ct_burst() on one table. The lock order is bucket, then entry.
 *   lookup   no lock: read bucket version (acquire), tags, entry's key; then the version again. Retry if it moved.
 *   insert   under the bucket's version lock: search again, initialise the entry, publish its number (release).
 *   delete   bucket lock, entry lock: unlink, mark free, push on the free list (tagged compare-and-swap).
 *   update   state, windows, counters under the entry's byte lock; after taking it the key is compared again, because the
 *            entry may have been reused. Entries are type-stable: the memory is always an entry.
 * A table with one worker (cfg.workers <= 2: it and the control thread) takes none of these locks, except while the control thread is
 * inside; see ct_enter() in ct_internal.h. It needs membarrier(2) (allow it in seccomp filters).
 * The image may be unmapped only after all workers passed a quiescent state.
 */
#ifndef FH_CONNTRACK_H
#define FH_CONNTRACK_H

#include "flow.h"
#include "hash.h"
#include "policy.h"

struct fh_ct;

#define FH_CT_TICK_SHIFT 27
#define FH_CT_RELEARN_S 60
#define FH_CT_CAPACITY_MIN 64u
#define FH_CT_CAPACITY_MAX (1u << 24)
#define FH_CT_NONE UINT32_MAX /* no entry */
#define FH_CT_BURST_MAX 64

enum fh_ct_action { FH_CT_PASS = 0, FH_CT_DROP = 1, FH_CT_HOLD = 2 };

/* What the packet is to its connection. */
enum fh_ct_class { FH_CT_UNTRACKED = 0, FH_CT_NEW, FH_CT_ESTABLISHED, FH_CT_RELATED };

struct fh_ct_verdict {
	uint8_t action; /* enum fh_ct_action */
	uint8_t reason; /* enum fh_drop_reason */
	uint8_t class_; /* enum fh_ct_class */
	uint8_t flags;  /* FH_CT_V_* */
	uint32_t entry; /* FH_CT_NONE without one */
	uint32_t slot;  /* deciding rule; valid for class NEW and for drops by policy, else FH_SLOT_NONE */
};
enum {
	FH_CT_V_REPLY = 1,     /* against the direction of the connection */
	FH_CT_V_LOG = 2,       /* the deciding rule asks for a log record (first packet only) */
	FH_CT_V_TRANSLATE = 4, /* headers must be rewritten: fh_ct_translate() */
};

enum fh_ct_state {
	FH_CT_S_FREE = 0, /* TCP states first, in Linux's order */
	FH_CT_S_SYN_SENT, FH_CT_S_SYN_RECV, FH_CT_S_ESTABLISHED, FH_CT_S_FIN_WAIT, FH_CT_S_CLOSE_WAIT, FH_CT_S_LAST_ACK,
	FH_CT_S_TIME_WAIT, FH_CT_S_CLOSE, FH_CT_S_SYN_SENT2,
	FH_CT_S_UNREPLIED, FH_CT_S_REPLIED, /* everything else */
	FH_CT_S_COUNT
};
const char *fh_ct_state_name(uint32_t state);

/* Seconds. */
struct fh_ct_timeouts {
	uint32_t tcp[FH_CT_S_SYN_SENT2 + 1]; /* by enum fh_ct_state */
	uint32_t udp_unreplied, udp_replied;
	uint32_t icmp;
	uint32_t sctp_unreplied, sctp_replied;
	uint32_t other;
};
void fh_ct_default_timeouts(struct fh_ct_timeouts *t);

struct fh_ct_config {
	uint32_t capacity;        /* connections, FH_CT_CAPACITY_MIN - FH_CT_CAPACITY_MAX */
	unsigned workers;         /* worker numbers are below this; the control thread is one of them (the last) */
	struct fh_pol_ctx *rules; /* hit counters; NULL: none */
	const struct fh_hash *hash; /* of the process, copied; the one that fh_hash_burst() is given */
	struct fh_flow_ring *const *flows; /* a ring for each worker number; outlives the table. NULL: no flow records */
	struct fh_ct_timeouts timeouts;
	struct fh_id nic;         /* identity of the zone, checked at recovery together with incarnation */
	uint64_t incarnation;
};

/* --- life cycle ----------------------------------------------------------------------------------------------------------- */
/* Bytes of the image for that capacity; a multiple of 4096. */
size_t fh_ct_image_size(uint32_t capacity);
/* Creates a table in zeroed memory, or recovers the one that is there.
 * @param mem        page-aligned, fh_ct_image_size(cfg->capacity) bytes
 * @param recovered  number of connections found; 0 for a new image. An image of another version, capacity, NIC, or incarnation is
 *                   erased and starts empty.
 * Return: FH_OK, FH_EINVAL, FH_ENOMEM, FH_ENOSPACE (the file system has no room for what the image must have). */
int fh_ct_open(void *mem, size_t size, const struct fh_ct_config *cfg, uint64_t now_ns, struct fh_ct **out, uint32_t *recovered);
/* Forgets the handle, not the image. */
void fh_ct_close(struct fh_ct *ct);
/* Any time, by the control thread; counts from the next packet of each connection. */
void fh_ct_set_timeouts(struct fh_ct *ct, const struct fh_ct_timeouts *t);
uint32_t fh_ct_capacity(const struct fh_ct *ct);
/* By the control thread. Return: whether a new connection found no room in the file system since the last call. */
bool fh_ct_take_starved(struct fh_ct *ct);

/* --- packets ---------------------------------------------------------------------------------------------------------------- */
/* Starts the memory accesses of a burst. Needs hashes. Optional, but the point of the exercise. */
void fh_ct_prefetch(const struct fh_ct *ct, struct fh_pkt *const pkts[], unsigned n);
/* Judges n <= FH_CT_BURST_MAX packets of kinds FLOW, ICMP_ERROR and ICMP_OTHER in order (BAD ones are dropped with their reason).
 * Fragments: only through fh_frag_input(), which turns them into something that this takes.
 * @param policy  NULL: everything is allowed
 * @param dir     FH_EGRESS: from the guest, FH_INGRESS: to it
 * @param data    data[i]: first segment of packet i, seg_len[i] its length (ICMP errors, SACK). */
void fh_ct_burst(struct fh_ct *ct, unsigned worker, const struct fh_policy *policy, enum fh_direction dir, uint64_t now_ns,
		 struct fh_pkt *const pkts[], const uint8_t *const data[], const uint16_t seg_len[],
		 struct fh_ct_verdict verdicts[], unsigned n);

/* What fh_ct_burst() would answer, without any side effect (packet tester). TCP windows are not checked. */
struct fh_ct_verdict fh_ct_test(struct fh_ct *ct, const struct fh_policy *policy, enum fh_direction dir, uint64_t now_ns,
				struct fh_pkt *pkt);

/* Frees expired entries, at most max entries looked at. Each worker calls this in its idle time and at least once a second;
 * sleeping workers too. Return: number freed. */
uint32_t fh_ct_sweep(struct fh_ct *ct, unsigned worker, uint64_t now_ns, uint32_t max);

/* --- what is there (control thread; workers go on) --------------------------------------------------------------------------- */
struct fh_ct_info {
	uint32_t entry;
	uint8_t v6, proto, state, reply_seen; /* state: enum fh_ct_state */
	uint8_t direction;                    /* enum fh_direction of the first packet */
	uint8_t assured, translated, pinned;
	uint8_t src[16], dst[16];             /* of the first packet, before translation */
	uint16_t src_port, dst_port;          /* ICMP: identifier, type << 8 | code */
	uint8_t public_addr[4];               /* translated: what the outside sees instead of the NIC's own end */
	uint16_t public_port, pad;
	uint64_t packets[2], bytes[2];        /* [0] along the first packet's direction, [1] against */
	uint64_t age_ns, idle_left_ns;        /* since creation; until expiry */
	uint32_t slot;                        /* deciding rule */
	uint32_t stamp;
};
/* @param cursor  0 to begin. Return: false at the end. Expired entries are skipped. */
bool fh_ct_next(struct fh_ct *ct, uint64_t now_ns, uint32_t *cursor, struct fh_ct_info *out);
/* The same for a page at once: much cheaper than one by one. Return: how many; less than n: the end. */
uint32_t fh_ct_list(struct fh_ct *ct, uint64_t now_ns, uint32_t *cursor, struct fh_ct_info *out, uint32_t n);
/* Kills one connection if it still is the one described by info. Return: whether it was. */
bool fh_ct_kill(struct fh_ct *ct, unsigned worker, const struct fh_ct_info *info, uint64_t now_ns);
/* Kills all. Return: how many. */
uint32_t fh_ct_flush(struct fh_ct *ct, unsigned worker, uint64_t now_ns);
/* Flow records of all connections, before the table goes for good; no worker uses it any more. Those that the ring has no room for are
 * counted as lost, not looked at. */
void fh_ct_end_all(struct fh_ct *ct, unsigned worker, uint64_t now_ns);
/* Live connections that candidate would cut at their next packet; those that ended by themselves have nothing to cut. Calls cb for each
 * (may be NULL). Return: how many. */
uint32_t fh_ct_preview(struct fh_ct *ct, const struct fh_policy *candidate, uint64_t now_ns,
		       void (*cb)(void *arg, const struct fh_ct_info *info), void *arg);
/* Persist flag of a change: connections that candidate would cut are pinned and outlive this and later policies. */
uint32_t fh_ct_pin(struct fh_ct *ct, const struct fh_policy *candidate, uint64_t now_ns);
/* Adds packets and bytes of live connections to out[slot], slot < n_slots. */
void fh_ct_rule_live(struct fh_ct *ct, struct fh_pol_counters *out, uint32_t n_slots);

struct fh_ct_stats {
	uint64_t live;
	uint64_t hits, misses, created, deleted, expired, revoked, killed;
	uint64_t evicted_unreplied, evicted_closing, denied_full;
	uint64_t invalid; /* dropped for TCP state, window, reset, no connection */
	uint64_t related, lookup_retries, hint_hits;
	uint64_t flows, flows_lost; /* records written; that found no room */
};
void fh_ct_stats(const struct fh_ct *ct, struct fh_ct_stats *out);

/* --- state transfer (migration) -------------------------------------------------------------------------------------------- */
/* A record is self-contained and versioned (little endian, fixed layout): an older reader refuses a newer version. */
#define FH_CT_RECORD_VERSION 1
#define FH_CT_RECORD_SIZE 192
/* @param cursor  0 to begin, 0 again at the end. @param since_ns only entries that saw a packet at or after (delta); 0: all.
 * Return: number of records written to buf (capacity bytes). */
uint32_t fh_ct_export(struct fh_ct *ct, uint64_t now_ns, uint64_t since_ns, uint32_t *cursor, uint8_t *buf, size_t capacity);
/* Adds or overwrites connections; each is judged again by the policy at its first packet, windows are learnt anew.
 * Return: number imported; *refused: records that are malformed or do not fit. */
uint32_t fh_ct_import(struct fh_ct *ct, unsigned worker, uint64_t now_ns, const uint8_t *buf, size_t len, uint32_t *refused);

/* --- address translation ------------------------------------------------------------------------------------------------------ */
/* IPv4. The translated tuple lives in the connection's own entry, which is found by either tuple.
 *   FH_NAT_FLOATING  1:1: the NIC's inside address <-> public address, ports kept, both directions may open connections
 *   FH_NAT_SOURCE    many NICs share a public address; each has a block of ports. A port is used again towards another remote end.
 * Only packets with FH_PKT_TRANSLATE are translated: the dataplane sets it for egress that leaves the tenant's networks, and
 * for ingress that arrived at the public address. Policy always judges the inside tuple. Later fragments have no ports: the
 * dataplane must not let them cross the public border. */
enum fh_nat_kind { FH_NAT_NONE = 0, FH_NAT_FLOATING = 1, FH_NAT_SOURCE = 2 };
struct fh_nat {
	uint32_t kind;
	uint32_t inside_addr; /* host order; FLOATING */
	uint32_t public_addr; /* host order */
	uint16_t port_min, port_max; /* SOURCE */
};
/* Existing translated connections keep their translation until they end; flush if they must not.
 * Return: FH_OK, FH_EINVAL, FH_ELIMIT. */
int fh_ct_set_nat(struct fh_ct *ct, const struct fh_nat *nat, uint32_t n);
/* Rewrites addresses, ports and checksums (partial ones too: csum_partial) of a packet whose verdict has FH_CT_V_TRANSLATE.
 * @param data  writable private copy of the headers. Return: false when the entry is gone (drop the packet). */
bool fh_ct_translate(struct fh_ct *ct, enum fh_direction dir, const struct fh_pkt *pkt, const struct fh_ct_verdict *verdict,
		     uint8_t *data, uint16_t seg_len, bool csum_partial);

/* --- fragments ------------------------------------------------------------------------------------------------------------------ */
/* Virtual reassembly, one instance a NIC and direction, one thread at a time (the worker that polls the queue; share by lock).
 * The first fragment is judged like a whole packet and its verdict holds for the others; those that come earlier are held.
 * Bounded: 64 datagrams, 8 held packets a datagram, 128 in all; 15 s; overlaps and datagrams above 64 KB are dropped. */
struct fh_frag;
struct fh_frag *fh_frag_new(void);
/* Calls drop for each held packet. */
void fh_frag_free(struct fh_frag *f, void (*drop)(void *arg, void *cookie), void *arg);
enum fh_frag_step {
	FH_FRAG_JUDGE, /* the first: give pkt (now of kind FLOW or ICMP) to fh_ct_burst(), then fh_frag_decide() */
	FH_FRAG_PASS,  /* its datagram passed */
	FH_FRAG_DROP,  /* *reason */
	FH_FRAG_HELD,  /* the cookie is kept; it comes back from fh_frag_next_held() */
};
enum fh_frag_step fh_frag_input(struct fh_frag *f, struct fh_pkt *pkt, uint64_t now_ns, void *cookie, uint8_t *reason);
/* Tells the verdict of the datagram whose first fragment was just judged. */
void fh_frag_decide(struct fh_frag *f, const struct fh_pkt *pkt, const struct fh_ct_verdict *verdict);
/* Packets whose fate is known by now (decided or timed out); call until NULL after fh_frag_decide() and once a second.
 * Return: the cookie; *reason FH_DROP_NONE: pass it. */
void *fh_frag_next_held(struct fh_frag *f, uint64_t now_ns, uint8_t *reason);

#endif
