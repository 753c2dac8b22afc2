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
	struct table tables[FH_KIND_PORT + 1];
	bool replace_all;
	struct fh_commit_result *out;
};

/* Decodes and validates every record. Return: FH_OK or a failure, told in s->out. */
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

struct domain *domain_get(const struct fh_id *tenant);
void domain_put(struct domain *d);
void object_free(struct object *o);

#endif
