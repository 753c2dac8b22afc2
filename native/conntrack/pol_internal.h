/* Private to conntrack/: what the parts of the policy engine share. policy.h has the theory of operation. */
#ifndef FH_CONNTRACK_POL_INTERNAL_H
#define FH_CONNTRACK_POL_INTERNAL_H

#include "policy.h"

/* --- what is judged ------------------------------------------------------------------------------------------------------ */
struct pol_query {
	uint64_t remote[2]; /* IPv4: host order in [0]; IPv6: as loaded */
	uint16_t dst_port;  /* ICMP: type << 8 | code */
	uint8_t proto;
	bool v6;
};
struct fh_pol_verdict pol_judge(const struct fh_policy *policy, enum fh_direction dir, const struct pol_query *q);

/* --- addresses: which sets and prefixes contain an address (pol_index.c) --------------------------------------------------- */
struct pol_prefix {
	uint64_t a[2]; /* masked; IPv4: host order in [0] */
	uint8_t len;
	bool v6;
};

struct pol_node { /* immutable once published, but for next */
	struct pol_node *next;
	struct pol_prefix prefix;
	uint64_t marks; /* pol_mark() of each id */
	uint32_t n;
	uint32_t ids[]; /* ascending */
};

/* One of 64 bits for an id: tells most absent ones without a search. */
static inline uint64_t pol_mark(uint32_t id)
{
	return (uint64_t)1 << (id * 0x9e3779b1u >> 26);
}

struct pol_index;

#define POL_COVER_MAX 129 /* one node a prefix length */
struct pol_cover {
	unsigned n;
	uint64_t marks; /* of all nodes */
	const struct pol_node *node[POL_COVER_MAX];
};

bool pol_prefix_make(const struct fh_addr *addr, struct pol_prefix *out);
/* Order of the sorted member arrays. */
int pol_prefix_cmp(const struct pol_prefix *a, const struct pol_prefix *b);
uint64_t pol_mask_word(bool v6, unsigned len, unsigned word);

struct pol_index *pol_index_new(const struct fh_pol_hooks *hooks);
void pol_index_free(struct pol_index *ix);
/* Adds id to and removes it from prefixes; the two lists are disjoint and each has no prefix twice; what is added is
 * absent, what is removed is present. All or nothing. Return: FH_OK or FH_ENOMEM. */
int pol_index_change(struct pol_index *ix, uint32_t id, const struct pol_prefix *add, uint32_t n_add,
		     const struct pol_prefix *remove, uint32_t n_remove);
/* Workers: all nodes whose prefix contains the address. */
void pol_index_cover(const struct pol_index *ix, const struct pol_query *q, struct pol_cover *out);
bool pol_cover_search(const struct pol_cover *cover, uint32_t id);
static inline bool pol_cover_has(const struct pol_cover *cover, uint32_t id)
{
	return cover->marks & pol_mark(id) && pol_cover_search(cover, id);
}

/* --- compiled rules (pol_compile.c) ------------------------------------------------------------------------------------------ */
#define POL_REMOTE_ANY UINT32_MAX
enum { POL_V4 = 1, POL_V6 = 2 };

struct pol_rule {
	uint64_t addr[2], mask[2]; /* a prefix, for the linear form */
	uint32_t slot;
	uint32_t remote;           /* id in the index, or POL_REMOTE_ANY */
	uint16_t proto;            /* 0-255 or FH_PROTO_ANY */
	uint16_t lo, hi;           /* ports; ICMP type << 8 | code */
	uint8_t families;
	uint8_t action;
	bool is_prefix, log;
};

struct pol_program; /* one direction of a group */

/* Compiles rules, drop rules first. Takes ownership of rules (malloc). Return: NULL without memory (rules freed). */
struct pol_program *pol_compile(struct pol_rule *rules, uint32_t n);
void pol_program_free(struct pol_program *prog);

/* Address look-ups are made once for all groups of a NIC, and only if a rule asks. */
struct pol_lookup {
	const struct pol_index *index;
	const struct pol_query *query;
	bool done;
	struct pol_cover cover;
};
/* Return: the deciding rule, NULL when none matches. */
const struct pol_rule *pol_run(const struct pol_program *prog, struct pol_lookup *lk);

/* --- counter slots (pol_slots.c) ---------------------------------------------------------------------------------------------- */
struct pol_slots;
struct pol_slots *pol_slots_new(unsigned workers);
void pol_slots_free(struct pol_slots *s);
/* One more reference to the slot of a rule id. Return: FH_SLOT_NONE without memory or beyond the limit. */
uint32_t pol_slot_get(struct pol_slots *s, const struct fh_id *id, uint64_t now_ns);
void pol_slot_put(struct pol_slots *s, uint32_t slot, uint64_t now_ns);
struct pol_slots *pol_ctx_slots(const struct fh_pol_ctx *ctx);

/* Frees now or after the grace period. */
void pol_defer(const struct fh_pol_hooks *hooks, void (*fn)(void *), void *p);

#endif
