/* Private to the policy engine: its objects. policy.h has the theory of operation and the thread rules. */
#ifndef FH_CONNTRACK_POL_OBJECTS_H
#define FH_CONNTRACK_POL_OBJECTS_H

#include "pol_internal.h"

struct pol_refs {
	void **v;
	uint32_t n, capacity;
};

struct fh_pol_ctx {
	struct fh_pol_hooks hooks;
	struct pol_slots *slots;
	struct fh_pol_group *groups; /* all, for the clock */
	uint64_t now_ns;             /* that was last told */
	uint32_t stamp;              /* the last that was given out */
};

struct fh_pol_domain {
	struct fh_pol_ctx *ctx;
	struct pol_index *index;
	struct pol_interned *interned; /* prefixes of rules that are in the index, by prefix */
	uint32_t n_interned, interned_capacity;
	uint32_t next_id;
	struct { uint32_t *v, n, capacity; } free_ids;
};

/* A prefix that rules name has an id of its own in the index, as if it were a set of one. Sorted array. */
struct pol_interned {
	struct pol_prefix prefix;
	uint32_t id, refs;
};

struct fh_pol_set {
	struct fh_pol_domain *domain;
	uint32_t refs, id;
	struct pol_prefix *members; /* sorted */
	uint32_t n;
	struct pol_refs groups; /* that refer to it, one entry a rule set */
};

/* Immutable; workers read it. */
struct pol_compiled {
	struct pol_program *dir[2];
	uint32_t flags;
};

struct fh_pol_group {
	struct fh_pol_domain *domain;
	struct pol_compiled *compiled;
	uint32_t refs;
	/* control thread only */
	struct fh_rule *rules;
	struct fh_pol_set **sets;
	uint32_t *slots;
	struct pol_prefix *prefixes; /* interned ones, one reference each */
	uint32_t n, n_prefixes, flags;
	uint64_t boundary;
	struct pol_refs policies;
	struct fh_pol_group *next, **prev;
};

struct pol_attached; /* policy.c */

struct fh_policy {
	uint32_t stamp;
	struct pol_attached *attached;
	struct fh_pol_domain *domain;
} fh_cache_aligned;

/* --- pol_set.c ------------------------------------------------------------------------------------------------------------- */
/* Return: false without memory. */
bool pol_refs_add(struct pol_refs *r, void *p);
void pol_refs_remove(struct pol_refs *r, const void *p);
/* Parses, sorts, removes duplicates. Return: FH_OK with *out (malloc), FH_EINVAL or FH_ENOMEM. */
int pol_prefixes_from(const struct fh_addr *addrs, uint32_t n, struct pol_prefix **out, uint32_t *n_out);
/* Takes one reference to each of the sorted, distinct prefixes. All or nothing. */
int pol_intern(struct fh_pol_domain *d, const struct pol_prefix *p, uint32_t n);
/* Gives the references back; prefixes without one leave the index. */
void pol_unintern(struct fh_pol_domain *d, const struct pol_prefix *p, uint32_t n);
/* Return: the id of an interned prefix, entered into the index at its first use; POL_REMOTE_ANY without memory. */
uint32_t pol_interned_id(struct fh_pol_domain *d, const struct pol_prefix *p);

/* --- pol_group.c ----------------------------------------------------------------------------------------------------------- */
/* Gives every policy that has the group a new stamp. */
void pol_group_bump(const struct fh_pol_group *g);

#endif
