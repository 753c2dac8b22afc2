#include "reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sort.h"

#define BUCKETS 4096
/* Reading this much that nobody wants is cheaper than another request. */
#define GAP (64u << 10)

struct node {
	struct st_page page; /* first: a page is its node */
	struct st_pack_id pack;
	uint32_t offset;
	unsigned refs;
	struct node *chain;
	struct node *older, *newer;
};

struct st_reader {
	/* Immutable. */
	struct st_run *run;
	struct st_backend *backend;
	const struct st_keys *keys;
	size_t capacity; /* nodes */

	/* Mutable, under lock. */
	pthread_mutex_t lock;
	struct node *buckets[BUCKETS];
	struct node *oldest, *newest;
	size_t nodes;

	_Atomic uint64_t bytes;
};

/* --- damage ------------------------------------------------------------------------------------------------------------------ */

static enum st_got get(struct st_reader *r, const struct st_entry *e, uint32_t len, uint8_t *out, struct st_failure *failure)
{
	char name[ST_NAME];
	st_pack_name(&e->pack, name);
	atomic_fetch_add_explicit(&r->bytes, len, memory_order_relaxed);
	return r->backend->ops->get(r->backend, name, e->offset, out, len, failure);
}

/* A record that does not open may lie in a pack that is not the one that was written, or needs another key: its header tells. */
static const char *header_fault(struct st_reader *r, const struct st_pack_id *pack, bool *other_key)
{
	char name[ST_NAME];
	uint8_t header[ST_PACK_HEADER];
	struct st_failure failure;
	st_pack_name(pack, name);
	if (r->backend->ops->get(r->backend, name, 0, header, sizeof header, &failure) != ST_GOT)
		return NULL;
	switch (st_pack_check_header(header, pack, st_keys_id(r->keys))) {
	case ST_HEADER_OTHER_KEY:
		*other_key = true;
		return "written with another key";
	case ST_HEADER_OTHER_PACK:
		return "replaced: the file is another pack";
	case ST_HEADER_NONE:
		return "overwritten: the file is no pack";
	case ST_HEADER_GOOD:
		break;
	}
	return NULL;
}

void st_damage_of_record(struct st_reader *r, const struct st_entry *e, enum st_got got, enum st_open_fault fault,
			 struct st_damage *damage)
{
	char name[ST_NAME];
	const char *what = NULL;
	st_pack_name(&e->pack, name);
	*damage = (struct st_damage){ 0 };
	snprintf(damage->where, sizeof damage->where, "%s at %u, %u bytes", name, e->offset, e->length);
	if (got == ST_GOT_MISSING)
		what = "missing: there is no such pack";
	else if (got == ST_GOT_SHORT)
		what = "truncated: the pack ends before";
	else if (got == ST_GOT_UNREADABLE)
		what = "unreadable: the store's disk has lost it";
	else
		what = header_fault(r, &e->pack, &damage->other_key);
	snprintf(damage->what, sizeof damage->what, "%s", what ? what : st_open_fault_text(fault));
}

/* --- the cache of pages ------------------------------------------------------------------------------------------------------ */

static struct node **bucket_of(struct st_reader *r, const struct st_pack_id *pack, uint32_t offset)
{
	uint64_t h;
	memcpy(&h, pack->writer.b, sizeof h);
	h = (h ^ (uint64_t)pack->number << 32 ^ offset) * 0x9e3779b97f4a7c15u;
	return &r->buckets[h >> 52];
}

static void unlink_node(struct st_reader *r, struct node *n)
{
	*(n->older ? &n->older->newer : &r->oldest) = n->newer;
	*(n->newer ? &n->newer->older : &r->newest) = n->older;
}

static void link_newest(struct st_reader *r, struct node *n)
{
	n->newer = NULL;
	n->older = r->newest;
	*(r->newest ? &r->newest->newer : &r->oldest) = n;
	r->newest = n;
}

/* With the lock. Return: the node with a reference more, or NULL. */
static struct node *find(struct st_reader *r, const struct st_entry *e)
{
	for (struct node *n = *bucket_of(r, &e->pack, e->offset); n; n = n->chain) {
		if (n->offset == e->offset && st_same_pack(&n->pack, &e->pack)) {
			unlink_node(r, n);
			link_newest(r, n);
			n->refs++;
			return n;
		}
	}
	return NULL;
}

/* With the lock. Removes the oldest that nobody uses. Return: NULL when all are in use. */
static struct node *evict(struct st_reader *r)
{
	struct node *n = r->oldest;
	while (n && n->refs)
		n = n->newer;
	if (!n)
		return NULL;
	struct node **at = bucket_of(r, &n->pack, n->offset);
	while (*at != n)
		at = &(*at)->chain;
	*at = n->chain;
	unlink_node(r, n);
	return n;
}

/* Puts a page that was read into the cache, unless another thread has done so: then that one is taken. */
static struct node *keep(struct st_reader *r, struct node *fresh, const struct st_entry *e)
{
	pthread_mutex_lock(&r->lock);
	struct node *n = find(r, e), *old = NULL;
	if (!n) {
		struct node **bucket = bucket_of(r, &e->pack, e->offset);
		n = fresh;
		fresh = NULL;
		n->pack = e->pack;
		n->offset = e->offset;
		n->refs = 1;
		n->chain = *bucket;
		*bucket = n;
		link_newest(r, n);
		if (++r->nodes > r->capacity && (old = evict(r)))
			r->nodes--;
	}
	pthread_mutex_unlock(&r->lock);
	free(fresh);
	free(old);
	return n;
}

enum st_read st_reader_page(struct st_reader *r, struct st_coder *coder, const struct st_entry *e, uint8_t level,
			    uint32_t chunk_size, const struct st_page **page, struct st_damage *damage)
{
	uint8_t record[ST_PAGE_MAX + ST_RECORD_OVERHEAD], plain[ST_PAGE_MAX];
	struct st_failure failure;
	uint32_t len = 0;

	pthread_mutex_lock(&r->lock);
	struct node *n = find(r, e);
	pthread_mutex_unlock(&r->lock);
	if (n && n->page.level == level) {
		*page = &n->page;
		return ST_READ;
	}
	if (n)
		st_reader_release(r, &n->page);

	/* The decoder of the page that named it has bounded the length. */
	enum st_got got = get(r, e, e->length, record, &failure);
	if (got == ST_GOT_FAILED) {
		st_fail_with(r->run, &failure);
		return ST_READ_FAILED;
	}
	enum st_open_fault fault = ST_OPEN_GOOD;
	if (got == ST_GOT)
		fault = st_open(coder, &e->pack.writer, ST_PAGE, e->digest, record, e->length, plain, sizeof plain, &len);
	if (got != ST_GOT || fault != ST_OPEN_GOOD) {
		st_damage_of_record(r, e, got, fault, damage);
		return ST_READ_DAMAGED;
	}
	struct node *fresh = calloc(1, sizeof *fresh);
	if (!fresh) {
		st_fail(r->run, ST_INTERNAL, "no memory for a page");
		return ST_READ_FAILED;
	}
	if (!st_page_decode(plain, len, level, chunk_size, &fresh->page)) {
		free(fresh);
		st_damage_of_record(r, e, ST_GOT, ST_OPEN_WRONG, damage);
		return ST_READ_DAMAGED;
	}
	*page = &keep(r, fresh, e)->page;
	return ST_READ;
}

void st_reader_release(struct st_reader *r, const struct st_page *page)
{
	struct node *n = (struct node *)(uintptr_t)page, *old = NULL;
	if (!n)
		return;
	pthread_mutex_lock(&r->lock);
	n->refs--;
	if (r->nodes > r->capacity && (old = evict(r)))
		r->nodes--;
	pthread_mutex_unlock(&r->lock);
	free(old);
}

uint64_t st_reader_bytes(const struct st_reader *r)
{
	return atomic_load(&r->bytes);
}

struct st_reader *st_reader_new(struct st_run *run, struct st_backend *backend, const struct st_keys *keys, size_t cache_bytes)
{
	struct st_reader *r = calloc(1, sizeof *r);
	if (!r) {
		st_fail(run, ST_INTERNAL, "no memory to read the store");
		return NULL;
	}
	r->run = run;
	r->backend = backend;
	r->keys = keys;
	r->capacity = cache_bytes / sizeof(struct node);
	pthread_mutex_init(&r->lock, NULL);
	return r;
}

void st_reader_free(struct st_reader *r)
{
	if (!r)
		return;
	while (r->oldest) {
		struct node *n = r->oldest;
		unlink_node(r, n);
		free(n);
	}
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* --- fetching chunks --------------------------------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
	const struct st_entry *x = ((const struct st_want *)a)->entry, *y = ((const struct st_want *)b)->entry;
	int order = memcmp(x->pack.writer.b, y->pack.writer.b, ST_ID);
	if (order)
		return order;
	if (x->pack.number != y->pack.number)
		return x->pack.number < y->pack.number ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* How many of the wants, from the first on, one request reads; *len: its length. */
static unsigned group(const struct st_want *wants, unsigned n, uint32_t *len)
{
	const struct st_entry *first = wants[0].entry;
	unsigned i = 1;
	*len = first->length;
	for (; i < n; i++) {
		const struct st_entry *e = wants[i].entry;
		uint32_t end = e->offset - first->offset + e->length;
		if (!st_same_pack(&e->pack, &first->pack) || end > ST_FETCH_BUFFER || e->offset - first->offset > *len + GAP)
			break;
		if (end > *len)
			*len = end;
	}
	return i;
}

struct fetching {
	struct st_reader *reader;
	struct st_coder *coder;
	uint32_t chunk_size;
	uint8_t *chunk;
	const struct st_entry *opened; /* what is in chunk */
	st_fetched fetched;
	void *arg;
};

static bool hand_out(struct fetching *f, const struct st_want *want, const uint8_t *record, enum st_got got)
{
	const struct st_entry *e = want->entry;
	struct st_damage damage;
	enum st_open_fault fault = ST_OPEN_GOOD;
	uint32_t plain = 0;
	/* Chunks that a volume has several times are neighbours here. */
	if (got == ST_GOT && f->opened && f->opened->offset == e->offset && st_same_pack(&f->opened->pack, &e->pack))
		return f->fetched(f->arg, want, f->chunk, NULL);
	f->opened = NULL;
	if (got == ST_GOT)
		fault = st_open(f->coder, &e->pack.writer, ST_CHUNK, e->digest, record, e->length, f->chunk, f->chunk_size, &plain);
	if (got == ST_GOT && fault == ST_OPEN_GOOD && plain != f->chunk_size)
		fault = ST_OPEN_WRONG;
	if (got == ST_GOT && fault == ST_OPEN_GOOD) {
		f->opened = e;
		return f->fetched(f->arg, want, f->chunk, NULL);
	}
	st_damage_of_record(f->reader, e, got, fault, &damage);
	return f->fetched(f->arg, want, NULL, &damage);
}

/* One by one, after reading them together came to the end of the pack or to bad sectors: some may still be whole. */
static bool fetch_singly(struct fetching *f, uint8_t *buffer, const struct st_want *wants, unsigned n)
{
	struct st_failure failure;
	for (unsigned i = 0; i < n; i++) {
		enum st_got got = get(f->reader, wants[i].entry, wants[i].entry->length, buffer, &failure);
		if (got == ST_GOT_FAILED)
			return st_fail_with(f->reader->run, &failure);
		if (!hand_out(f, &wants[i], buffer, got))
			return false;
	}
	return true;
}

bool st_fetch(struct st_reader *r, struct st_coder *coder, uint8_t *buffer, uint32_t chunk_size, struct st_want *wants,
	      unsigned n, st_fetched fetched, void *arg)
{
	struct st_failure failure;
	struct fetching f = {
		.reader = r, .coder = coder, .chunk_size = chunk_size, .chunk = buffer + ST_FETCH_BUFFER, .fetched = fetched, .arg = arg
	};
	st_sort(wants, n, sizeof *wants, by_place);
	for (unsigned at = 0, count; at < n; at += count) {
		uint32_t len;
		const struct st_want *w = &wants[at];
		if (st_stopped(r->run))
			return false;
		count = group(w, n - at, &len);
		enum st_got got = get(r, w->entry, len, buffer, &failure);
		if (got == ST_GOT_FAILED)
			return st_fail_with(r->run, &failure);
		if (got == ST_GOT_SHORT || got == ST_GOT_UNREADABLE) {
			if (!fetch_singly(&f, buffer, w, count))
				return false;
			continue;
		}
		for (unsigned i = 0; i < count; i++)
			if (!hand_out(&f, &w[i], buffer + (w[i].entry->offset - w->entry->offset), got))
				return false;
	}
	return true;
}
