#include "wire.h"

#include <stdlib.h>
#include <string.h>

static size_t align8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

bool fh_wire_read_txn(struct fh_wire_reader *r, const void *payload, size_t len, struct fh_wire_txn *txn)
{
	if (len < sizeof *txn || len > FH_WIRE_MAX_PAYLOAD)
		return false;
	memcpy(txn, payload, sizeof *txn);
	*r = (struct fh_wire_reader){ .p = payload, .len = len, .off = sizeof *txn, .records_left = txn->n_records };
	return true;
}

int fh_wire_next(struct fh_wire_reader *r, struct fh_wire_item *item)
{
	struct fh_wire_record rec;
	if (r->records_left == 0)
		return r->off == r->len ? 0 : -1;
	if (r->len - r->off < sizeof rec)
		return -1;
	memcpy(&rec, r->p + r->off, sizeof rec);
	if (rec.len < sizeof rec || rec.len % 8 != 0 || rec.len > r->len - r->off)
		return -1;
	*item = (struct fh_wire_item){
		.op = rec.op, .kind = rec.kind, .body = r->p + r->off + sizeof rec, .len = rec.len - (uint32_t)sizeof rec
	};
	r->off += rec.len;
	r->records_left--;
	return 1;
}

bool fh_wire_fixed(const struct fh_wire_item *item, void *out, size_t size, size_t least)
{
	if (item->len < least)
		return false;
	size_t n = item->len < size ? item->len : size;
	memcpy(out, item->body, n);
	memset((uint8_t *)out + n, 0, size - n);
	return true;
}

const uint8_t *fh_wire_array(const struct fh_wire_item *item, size_t off, size_t n, size_t stride)
{
	if (off > item->len || (n != 0 && (stride == 0 || (item->len - off) / stride < n)))
		return NULL;
	return item->body + off;
}

void *fh_buffer_add(struct fh_buffer *b, size_t n)
{
	if (b->failed)
		return NULL;
	if (n > b->capacity - b->len) {
		size_t capacity = b->capacity ? b->capacity : 4096;
		while (capacity - b->len < n)
			capacity *= 2;
		uint8_t *p = capacity <= FH_WIRE_MAX_PAYLOAD * 2u ? realloc(b->p, capacity) : NULL;
		if (!p) {
			b->failed = true;
			return NULL;
		}
		b->p = p;
		b->capacity = capacity;
	}
	uint8_t *at = b->p + b->len;
	memset(at, 0, n);
	b->len += n;
	return at;
}

void fh_buffer_free(struct fh_buffer *b)
{
	free(b->p);
	*b = (struct fh_buffer){ 0 };
}

bool fh_wire_begin(struct fh_buffer *b)
{
	return fh_buffer_add(b, sizeof(struct fh_wire_txn)) != NULL;
}

static struct fh_wire_txn *txn_of(struct fh_buffer *b)
{
	return (struct fh_wire_txn *)(void *)b->p;
}

void fh_wire_flag(struct fh_buffer *b, uint32_t flag)
{
	if (!b->failed)
		txn_of(b)->flags |= flag;
}

void fh_wire_mark(struct fh_buffer *b, const struct fh_id *epoch, uint64_t revision)
{
	if (b->failed)
		return;
	txn_of(b)->flags |= FH_WIRE_TXN_MARK;
	txn_of(b)->mark_epoch = *epoch;
	txn_of(b)->mark_revision = revision;
}

/* Return: the body of a new record, body_len bytes (padded), or NULL. */
static void *add_record(struct fh_buffer *b, uint16_t op, uint16_t kind, size_t body_len)
{
	size_t len = align8(sizeof(struct fh_wire_record) + body_len);
	uint8_t *at = fh_buffer_add(b, len);
	if (!at)
		return NULL;
	struct fh_wire_record rec = { .len = (uint32_t)len, .op = op, .kind = kind };
	memcpy(at, &rec, sizeof rec);
	txn_of(b)->n_records++;
	return at + sizeof rec;
}

bool fh_wire_put_plain(struct fh_buffer *b, uint16_t kind, const void *body, size_t size)
{
	void *at = add_record(b, FH_WIRE_PUT, kind, size);
	if (!at)
		return false;
	memcpy(at, body, size);
	return true;
}

bool fh_wire_put_group(struct fh_buffer *b, const struct fh_group *group)
{
	size_t stride = group->rule_size ? group->rule_size : sizeof(struct fh_rule);
	struct fh_wire_group head = {
		.id = group->id,
		.generation = group->generation,
		.flags = group->flags,
		.n_rules = group->n_rules,
		.rule_size = (uint32_t)stride,
		.tenant = group->tenant,
	};
	uint8_t *at = add_record(b, FH_WIRE_PUT, FH_KIND_GROUP, sizeof head + group->n_rules * stride);
	if (!at)
		return false;
	memcpy(at, &head, sizeof head);
	if (group->n_rules)
		memcpy(at + sizeof head, group->rules, group->n_rules * stride);
	return true;
}

static uint8_t *add_members(uint8_t *at, const struct fh_addr *members, uint32_t n)
{
	if (n)
		memcpy(at, members, n * sizeof *members);
	return at + n * sizeof *members;
}

bool fh_wire_put_set(struct fh_buffer *b, const struct fh_set *set)
{
	struct fh_wire_set head = {
		.id = set->id, .generation = set->generation, .n_members = set->n_members, .tenant = set->tenant
	};
	uint8_t *at = add_record(b, FH_WIRE_PUT, FH_KIND_SET, sizeof head + set->n_members * sizeof(struct fh_addr));
	if (!at)
		return false;
	memcpy(at, &head, sizeof head);
	add_members(at + sizeof head, set->members, set->n_members);
	return true;
}

bool fh_wire_change_set(struct fh_buffer *b, const struct fh_wire_change *change, const struct fh_addr *add,
			const struct fh_addr *remove)
{
	size_t n = (size_t)change->n_add + change->n_remove;
	uint8_t *at = add_record(b, FH_WIRE_CHANGE, FH_KIND_SET, sizeof *change + n * sizeof *add);
	if (!at)
		return false;
	memcpy(at, change, sizeof *change);
	add_members(add_members(at + sizeof *change, add, change->n_add), remove, change->n_remove);
	return true;
}

bool fh_wire_remove(struct fh_buffer *b, uint16_t kind, const struct fh_id *id)
{
	void *at = add_record(b, FH_WIRE_REMOVE, kind, sizeof *id);
	if (!at)
		return false;
	memcpy(at, id, sizeof *id);
	return true;
}
