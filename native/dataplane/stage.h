/* Private to the model: a transaction while it is being validated. */
#ifndef FH_DP_STAGE_H
#define FH_DP_STAGE_H

#include "table.h"

/* One object that the transaction names: what it was and what it becomes. */
struct staged {
	struct object o; /* kind and id; slot is that of the staging table */
	struct object *old;  /* NULL: it is new */
	struct object *next; /* NULL: it goes; == old: it stays as it is */
};

struct stage {
	struct table tables[FH_WIRE_LAST_KIND + 1];
	bool replace_all;
	struct fh_commit_result *out;
};

/* Decodes and validates every record, after those that are staged already. Return: FH_OK or a failure, told in s->out. */
int stage_records(struct stage *s, const void *payload, size_t len, struct fh_wire_txn *head);
/* Checks that whatever the resulting state refers to exists and belongs to the same tenant. */
int stage_references(struct stage *s);
/* Frees the staging tables; with_next also the new objects. */
void stage_free(struct stage *s, bool with_next);

/* The object in the resulting state, or NULL. */
struct object *stage_find(const struct stage *s, uint32_t kind, const struct fh_id *id);
/* Whether the object differs from the committed one. */
bool stage_changed(const struct stage *s, uint32_t kind, const struct fh_id *id);
/* Walks the resulting state. @param cursor 0 to begin. Return: NULL at the end. */
struct object *stage_next(const struct stage *s, uint32_t kind, uint32_t *cursor);
int stage_fail(struct stage *s, int result, uint32_t kind, const struct fh_id *id, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* --- for the kinds' own files ------------------------------------------------------------------------------------------ */
/* Makes next the outcome for the id, whatever was staged for it before. Owns next. */
int stage_object(struct stage *s, uint32_t kind, const struct fh_id *id, struct object *next);
/* Return: true when the committed object has that generation already; it is staged as kept, with *rc. */
bool stage_unchanged(struct stage *s, uint32_t kind, const struct fh_id *id, uint64_t generation, int *rc);
void *stage_new(size_t size, uint32_t kind, const struct fh_id *id, uint64_t generation);
int stage_malformed(struct stage *s, uint32_t kind, const struct fh_id *id);
int stage_no_memory(struct stage *s);
bool stage_address_ok(const struct fh_addr *a);
bool stage_unicast_mac(const uint8_t mac[6]);
/* Whether two prefixes have an address in common. */
bool stage_overlap(const struct fh_addr *a, const struct fh_addr *b);
static inline bool stage_is_zero(const struct fh_id *id)
{
	static const struct fh_id zero;
	return memcmp(id, &zero, sizeof zero) == 0;
}

/* stage_net.c */
int stage_router(struct stage *s, const struct fh_wire_item *item);
int stage_uplink(struct stage *s, const struct fh_wire_item *item);
int stage_remote(struct stage *s, const struct fh_wire_item *item);
/* Ties segments to their routers and uplinks. */
int stage_net_references(struct stage *s);

struct domain *domain_get(const struct fh_id *tenant);
void domain_put(struct domain *d);
void object_free(struct object *o);

#endif
