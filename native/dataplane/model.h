/*
 * Desired state: segments, sets, groups, ports, routers, uplinks, remotes as the agent put them, and what they compile to. Control thread only.
 *
 * Theory of operation
 * -------------------
 * A transaction is staged beside the committed objects: decode and validate every record, check references in the
 * state that would result, compile new groups and policies, build the new views. Only then it is committed, in steps
 * that cannot fail: sets gain members, the world pointer is swapped, sets lose members, the workers pass a grace
 * period, old things are freed. A group is never changed in place: its ports get policies that refer to the new one, and all
 * of them change with the one pointer. Of a rule that moves from one group to another, no packet sees neither.
 * Sets are shared in place (a member change costs nothing per rule); they gain before the swap and lose after it.
 */
#ifndef FH_DP_MODEL_H
#define FH_DP_MODEL_H

#include "runtime.h"
#include "wire.h"

struct object {
	uint32_t kind; /* enum fh_kind */
	uint32_t slot; /* in its table */
	struct fh_id id;
	uint64_t generation;
};

/* Objects by id, with slots that stay put while others come and go (for paging). */
struct table {
	struct object **slots;
	uint32_t n_slots, n;
	uint32_t *index; /* open addressing: slot + 1 */
	uint32_t mask;
};

struct m_router {
	struct object o;
	struct fh_router spec;
	uint32_t world_slot; /* index into world.routers */
	struct m_segment *external; /* found again by each transaction; NULL: none */
};

struct m_uplink {
	struct object o;
	struct fh_uplink spec;
	struct uplink *device;
};

struct m_remote {
	struct object o;
	struct fh_remote_port spec;
};

struct m_segment {
	struct object o;
	struct fh_segment spec;
	uint32_t world_slot; /* index into world.segments */
	/* Found again by each transaction; NULL: none */
	struct m_router *router;
	struct m_uplink *uplink;
};

struct domain {
	struct domain *next;
	struct fh_id tenant;
	struct fh_pol_domain *rules;
	uint32_t users;
};

struct m_set {
	struct object o;
	struct domain *domain;
	uint32_t n;
	struct fh_addr *members; /* sorted, unique */
	struct fh_pol_set *compiled; /* handed on to the set's next version */
	bool owns_compiled;
};

struct m_group {
	struct object o;
	struct domain *domain;
	uint32_t flags, n_rules;
	struct fh_rule *rules;
	struct fh_pol_group *compiled;
};

struct m_port {
	struct object o;
	struct domain *domain;
	struct fh_port spec;
	struct port *port;
};

struct model {
	struct table tables[FH_WIRE_LAST_KIND + 1];
	struct domain *domains;
	struct fh_id mark_epoch;
	uint64_t revision;
};

extern struct model model;

void model_init(void);
struct object *table_find(const struct table *t, const struct fh_id *id);
/* Applies a transaction.
 * @param journal  appends the payload to the journal before it takes effect; false while the journal is replayed
 * @param out      filled in completely
 * Return: out->result */
int model_commit(const void *payload, size_t len, bool journal, struct fh_commit_result *out);
struct model_record {
	const void *payload;
	size_t len;
};

/* Applies what these transactions give together, to nothing, at the start. One by one they would do once more what was done then: begin tables
 * anew, end connections of ports that went, show packets rules that hold no longer.
 * Return: out->result; when it is a failure nothing was changed */
int model_replay(const struct model_record *records, unsigned n, struct fh_commit_result *out);
/* How many live connections the transaction would cut; it is prepared and taken back. Return: out->result */
int model_preview(const void *payload, size_t len, uint64_t *cuts, struct fh_commit_result *out);
/* The whole state as one transaction. Return: false without memory. */
bool model_snapshot(struct fh_buffer *b);
/* Switches rules whose time has come. Return: ms until the next one, -1: none. */
int model_tick(void);
/* For struct fh_pol_hooks. */
void model_defer(void *arg, void (*fn)(void *), void *p);

#endif
