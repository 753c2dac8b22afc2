/*
 * Compiled security-group policy.
 *
 * Theory of operation
 * -------------------
 * Objects, all owned by a domain (one tenant; domains share nothing, so one tenant's address sets cost another nothing):
 *
 *   set     addresses and prefixes that rules refer to; shared; members change in place
 *   group   a security group: an ordered list of rules and its egress default; compiled once, shared by any number of NICs
 *   policy  what one NIC obeys: references to groups, and a stamp
 *
 * Verdict for the first packet of a connection: of all groups' rules that match (direction, ethertype, protocol, ports or
 * ICMP type, remote, time), a drop rule wins; else an allow rule; else the default: ingress drop; egress allow, unless a
 * group sets its egress default to drop. Rules of equal action: the one listed first in the group attached first decides
 * (only its counters differ).
 *
 * A group is compiled into an immutable blob per direction, drop rules first:
 *   up to 16 rules   a linear list
 *   more             (protocol, port) -> interval class through a two-level page table: a short list of rules, or a bitmap
 *                    with a summary; remote address -> ids of all sets and prefixes that contain it, from the domain's
 *                    index (hash per prefix length); first rule in both wins. Cost does not grow with the number of rules.
 * Sets are not compiled into groups: a member change touches only the domain's index, then the stamps.
 *
 * Stamp: each change that may alter a verdict gives each policy concerned a new stamp, after the new state is
 * visible. A connection holds the stamp it was judged under; conntrack re-judges it on mismatch. A worker reads the stamp
 * before it judges, so a verdict formed from a half-applied change carries the old stamp and is judged again. 1,000 NICs
 * that refer to a changed set cost 1,000 stores.
 *
 * Time: fh_pol_tick() switches rules at their boundaries. fh_pol_next_boundary() says when it is due.
 *
 * Hit counters live in slots keyed by rule id; they survive recompilation and are per worker and padded. A slot is reused
 * only 6 days after its rule disappeared (longer than any connection can sit idle).
 *
 * Thread safety
 * -------------
 * fh_pol_eval() and fh_pol_stamp(): any worker, any time, no lock. It may follow pointers only until the worker's next
 * quiescent state: whatever is unlinked goes through hooks.defer, which must free after all workers passed one.
 * Everything else: one control thread at a time (the caller serialises).
 * Order: blob or index change (release) -> stamp (release); reader: stamp (acquire) -> blob (acquire).
 */
#ifndef FH_CONNTRACK_POLICY_H
#define FH_CONNTRACK_POLICY_H

#include "freehold/ctl.h"
#include "packet.h"

#define FH_WORKERS_MAX 32 /* workers and the control thread; each has a number below */
#define FH_POL_LINEAR_MAX 16

/* Numbers of the implicit rules' counter slots; ids are all zeroes but for the last byte (1, 2, 3). */
enum { FH_SLOT_INGRESS_DEFAULT_DROP = 0, FH_SLOT_EGRESS_DEFAULT_ALLOW = 1, FH_SLOT_EGRESS_DEFAULT_DROP = 2, FH_SLOT_FIRST = 3 };
#define FH_SLOT_NONE UINT32_MAX

struct fh_pol_ctx;    /* one a process */
struct fh_pol_domain; /* one a tenant */
struct fh_pol_set;
struct fh_pol_group;
struct fh_policy;     /* one a NIC */

struct fh_pol_hooks {
	/* Calls fn(p) after every worker passed a quiescent state. May be NULL: freed at once (single-threaded use). */
	void (*defer)(void *arg, void (*fn)(void *), void *p);
	void *arg;
};

struct fh_pol_verdict {
	uint8_t action; /* enum fh_action */
	uint8_t reason; /* enum fh_drop_reason: NONE, RULE or DEFAULT */
	bool log;       /* the deciding rule asks for a log record */
	uint32_t slot;  /* of the deciding rule */
};

struct fh_pol_counters {
	uint64_t connections, packets, bytes, last_hit_ns;
};

/* --- life cycle ----------------------------------------------------------------------------------------------------- */
/* @param workers  number of worker slots used, control thread included, <= FH_WORKERS_MAX. Return: NULL without memory. */
struct fh_pol_ctx *fh_pol_ctx_new(const struct fh_pol_hooks *hooks, unsigned workers);
/* All domains must be gone and no worker may run. */
void fh_pol_ctx_free(struct fh_pol_ctx *ctx);
struct fh_pol_domain *fh_pol_domain_new(struct fh_pol_ctx *ctx);
/* All of its sets, groups and policies must be gone. */
void fh_pol_domain_free(struct fh_pol_domain *domain);

/* --- sets: reference counted; new ones have one reference, groups that use them hold another ------------------------------ */
struct fh_pol_set *fh_pol_set_new(struct fh_pol_domain *domain);
void fh_pol_set_unref(struct fh_pol_set *set);
/* Replaces all members (only the difference touches the index). Prefix bits beyond prefix_len are ignored; duplicates count once.
 * Return: FH_OK, FH_ENOMEM (nothing changed), FH_EINVAL (a malformed member; nothing changed). */
int fh_pol_set_replace(struct fh_pol_set *set, const struct fh_addr *members, uint32_t n);
/* Adding a member that is there and removing one that is not are no errors. Removals are applied first. */
int fh_pol_set_change(struct fh_pol_set *set, const struct fh_addr *add, uint32_t n_add, const struct fh_addr *remove,
		      uint32_t n_remove);
bool fh_pol_set_contains(const struct fh_pol_set *set, const struct fh_addr *addr);
uint32_t fh_pol_set_size(const struct fh_pol_set *set);

/* --- groups: reference counted likewise ----------------------------------------------------------------------------------- */
struct fh_pol_group *fh_pol_group_new(struct fh_pol_domain *domain);
void fh_pol_group_unref(struct fh_pol_group *group);
/* Compiles and publishes; policies that have the group get a new stamp.
 * @param rules  sets[i] is the set of rules[i] if its remote is FH_REMOTE_SET (same domain), else ignored; fh_rule.set is
 *               not looked at. sets may be NULL when no rule refers to one.
 * @param flags  FH_GROUP_EGRESS_DROP
 * @param now_ns Unix time, decides which rules are switched on
 * Return: FH_OK; FH_EINVAL with *bad = index of the malformed rule, FH_ENOMEM: nothing changed. */
int fh_pol_group_set(struct fh_pol_group *group, const struct fh_rule *rules, struct fh_pol_set *const *sets, uint32_t n,
		     uint32_t flags, uint64_t now_ns, uint32_t *bad);

/* --- policies --------------------------------------------------------------------------------------------------------- */
struct fh_policy *fh_policy_new(struct fh_pol_domain *domain);
void fh_policy_free(struct fh_policy *policy);
/* Replaces the list of groups (same domain) and bumps the stamp. Return: FH_OK, FH_ENOMEM, FH_ELIMIT (> FH_MAX_PORT_GROUPS). */
int fh_policy_attach(struct fh_policy *policy, struct fh_pol_group *const *groups, uint32_t n);
/* Forces each connection to be judged again. */
void fh_policy_bump(struct fh_policy *policy);

/* --- workers ------------------------------------------------------------------------------------------------------------ */
/* Never 0: a connection with stamp 0 (recovered, imported) is judged at its next packet. */
uint32_t fh_pol_stamp(const struct fh_policy *policy);
/* Judges a tuple as the first packet of a connection. No side effects: also for the packet tester and previews.
 * @param dir  FH_INGRESS (to the guest) or FH_EGRESS (from it); remote is the source or the destination accordingly */
struct fh_pol_verdict fh_pol_eval(const struct fh_policy *policy, enum fh_direction dir, const struct fh_pkt *pkt);

/* --- time ----------------------------------------------------------------------------------------------------------------- */
/* Unix ns of the next switch of a rule; UINT64_MAX: none. */
uint64_t fh_pol_next_boundary(const struct fh_pol_ctx *ctx);
/* Recompiles the groups whose boundary has passed. Return: how many; < 0: FH_ENOMEM (tried again at the next call). */
int fh_pol_tick(struct fh_pol_ctx *ctx, uint64_t now_ns);

/* --- counters ----------------------------------------------------------------------------------------------------------- */
/* Adds to a slot on behalf of a worker (conntrack does this; the dataplane need not). */
void fh_pol_count(struct fh_pol_ctx *ctx, unsigned worker, uint32_t slot, uint64_t connections, uint64_t packets,
		  uint64_t bytes, uint64_t now_ns);
/* Slot numbers are below this. */
uint32_t fh_pol_slots(const struct fh_pol_ctx *ctx);
/* Return: false when the slot is unused. */
bool fh_pol_slot_id(const struct fh_pol_ctx *ctx, uint32_t slot, struct fh_id *id);
/* Return: FH_SLOT_NONE when no rule with that id is or was known. */
uint32_t fh_pol_slot_of(const struct fh_pol_ctx *ctx, const struct fh_id *id);
/* What finished connections left behind, summed over workers. Packets and bytes of live connections are in their entries:
 * add fh_ct_rule_live() of each table, then pass the sum through fh_pol_slot_monotonic(), which never goes back. */
void fh_pol_slot_read(const struct fh_pol_ctx *ctx, uint32_t slot, struct fh_pol_counters *out);
void fh_pol_slot_monotonic(struct fh_pol_ctx *ctx, uint32_t slot, struct fh_pol_counters *counters);

#endif
