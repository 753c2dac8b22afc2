#include "view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096
#define PAGE_CACHE (16u << 20)

/* An opened chunk. */
struct node {
	struct st_pack_id pack;
	uint32_t offset;
	unsigned bucket;
	uint32_t size;
	struct node *chain;
	struct node *older, *newer;
	uint8_t data[];
};

/* What a thread needs to read. */
struct desk {
	struct st_coder *coder;
	uint8_t *buffer;
	struct desk *next;
};

struct st_views {
	struct st_session *session;
	struct st_run *run;
	struct st_reader *reader;
	size_t capacity; /* bytes of chunks */

	/* Mutable, under lock. */
	pthread_mutex_t lock;
	struct node *buckets[BUCKETS];
	struct node *oldest, *newest;
	size_t bytes;
	struct desk *desks;
};

/* --- the cache of chunks ----------------------------------------------------------------------------------------------------- */

static unsigned bucket_of(const struct st_entry *e)
{
	uint16_t h;
	memcpy(&h, e->digest, sizeof h);
	return h % BUCKETS;
}

static void unlink_node(struct st_views *v, struct node *n)
{
	*(n->older ? &n->older->newer : &v->oldest) = n->newer;
	*(n->newer ? &n->newer->older : &v->newest) = n->older;
}

static void link_newest(struct st_views *v, struct node *n)
{
	n->newer = NULL;
	n->older = v->newest;
	*(v->newest ? &v->newest->newer : &v->oldest) = n;
	v->newest = n;
}

/* With the lock. */
static struct node *find(struct st_views *v, const struct st_entry *e)
{
	struct node *n = v->buckets[bucket_of(e)];
	while (n && !(n->offset == e->offset && st_same_pack(&n->pack, &e->pack)))
		n = n->chain;
	return n;
}

/* Copies a part of a cached chunk. Return: false when it is not there. */
static bool copy_cached(struct st_views *v, const struct st_entry *e, void *out, uint32_t from, uint32_t len)
{
	pthread_mutex_lock(&v->lock);
	struct node *n = find(v, e);
	if (n) {
		memcpy(out, n->data + from, len);
		unlink_node(v, n);
		link_newest(v, n);
	}
	pthread_mutex_unlock(&v->lock);
	return n != NULL;
}

/* With the lock. */
static void evict(struct st_views *v)
{
	struct node *n = v->oldest, **at = &v->buckets[n->bucket];
	while (*at != n)
		at = &(*at)->chain;
	*at = n->chain;
	unlink_node(v, n);
	v->bytes -= n->size;
	free(n);
}

/* Keeps an opened chunk instead of the oldest ones. */
static void keep(struct st_views *v, const struct st_entry *e, const uint8_t *data, uint32_t size)
{
	pthread_mutex_lock(&v->lock);
	if (!find(v, e)) {
		while (v->oldest && v->bytes + size > v->capacity)
			evict(v);
		struct node *n = malloc(sizeof *n + size);
		if (n) {
			v->bytes += size;
			n->size = size;
			n->pack = e->pack;
			n->offset = e->offset;
			n->bucket = bucket_of(e);
			n->chain = v->buckets[n->bucket];
			v->buckets[n->bucket] = n;
			link_newest(v, n);
			memcpy(n->data, data, size);
		}
	}
	pthread_mutex_unlock(&v->lock);
}

/* --- desks ------------------------------------------------------------------------------------------------------------------- */

static void free_desk(struct desk *d)
{
	if (!d)
		return;
	st_coder_free(d->coder);
	free(d->buffer);
	free(d);
}

static struct desk *take_desk(struct st_views *v)
{
	pthread_mutex_lock(&v->lock);
	struct desk *d = v->desks;
	if (d)
		v->desks = d->next;
	pthread_mutex_unlock(&v->lock);
	if (d || !(d = calloc(1, sizeof *d)))
		return d;
	d->coder = st_coder_new(v->session->keys, 1, ST_CHUNK_MAX);
	d->buffer = malloc(ST_FETCH_BUFFER + ST_CHUNK_MAX);
	if (d->coder && d->buffer)
		return d;
	free_desk(d);
	return NULL;
}

static void give_desk(struct st_views *v, struct desk *d)
{
	pthread_mutex_lock(&v->lock);
	d->next = v->desks;
	v->desks = d;
	pthread_mutex_unlock(&v->lock);
}

/* --- the tree ---------------------------------------------------------------------------------------------------------------- */

/* A failure of the job becomes one of this read, and the job goes on. */
static bool told(struct st_views *v, struct st_failure *failure)
{
	if (!st_run_take_failure(v->run, failure))
		st_failed(failure, ST_UNAVAILABLE, "another read failed at the same time; read again");
	return false;
}

static bool damaged(const struct st_damage *damage, uint64_t offset, struct st_failure *failure)
{
	return st_failed(failure, damage->other_key ? ST_WRONG_KEY : ST_DAMAGED, "the volume is damaged at byte %" PRIu64 ": %s: %s", offset,
			 damage->where, damage->what);
}

/* The leaf page of a chunk; *leaf NULL: the chunks from *first to *end are all zero. Return: false with the failure filled. */
static bool find_leaf(struct st_views *v, struct desk *d, const struct st_root *root, uint64_t chunk, const struct st_page **leaf,
		      uint64_t *first, uint64_t *end, struct st_failure *failure)
{
	struct st_entry entry = root->top;
	struct st_damage damage;
	*leaf = NULL;
	*first = 0;
	*end = st_chunks(root->size, root->shift);
	for (uint8_t level = root->levels; level-- > 0;) {
		const struct st_page *page;
		unsigned covers = (level + 1u) * ST_FANOUT_SHIFT;
		*first = chunk >> covers << covers;
		*end = *first + (1ull << covers);
		if (!st_present(&entry))
			return true;
		switch (st_reader_page(v->reader, d->coder, &entry, level, 1u << root->shift, &page, &damage)) {
		case ST_READ_FAILED:
			return told(v, failure);
		case ST_READ_DAMAGED:
			return damaged(&damage, chunk << root->shift, failure);
		case ST_READ:
			break;
		}
		if (!level) {
			*leaf = page;
			return true;
		}
		entry = page->entries[chunk >> (level * ST_FANOUT_SHIFT) & (ST_FANOUT - 1)];
		st_reader_release(v->reader, page);
	}
	return true;
}

/* --- reading ----------------------------------------------------------------------------------------------------------------- */

struct reading {
	struct st_views *views;
	const struct st_root *root;
	uint8_t *out;
	uint64_t offset;
	uint32_t len;
	struct st_failure *failure;
	bool damaged;
};

/* The part of a chunk that is wanted: *from in the chunk, *at in the output. */
static uint32_t overlap(const struct reading *r, uint64_t chunk, uint32_t *from, uint32_t *at)
{
	uint64_t start = chunk << r->root->shift, end = start + (1ull << r->root->shift), last = r->offset + r->len;
	uint64_t begin = start > r->offset ? start : r->offset;
	*from = (uint32_t)(begin - start);
	*at = (uint32_t)(begin - r->offset);
	return (uint32_t)((end < last ? end : last) - begin);
}

static bool fetched(void *arg, const struct st_want *want, const uint8_t *data, const struct st_damage *damage)
{
	struct reading *r = arg;
	uint32_t from, at, len = overlap(r, want->chunk, &from, &at);
	if (!data) {
		r->damaged = true;
		return damaged(damage, want->chunk << r->root->shift, r->failure);
	}
	memcpy(r->out + at, data + from, len);
	keep(r->views, want->entry, data, 1u << r->root->shift);
	return true;
}

/* The chunks of one leaf, or of a range of zeroes, up to but not including end. */
static bool read_chunks(struct reading *r, struct desk *d, const struct st_page *leaf, uint64_t chunk, uint64_t end)
{
	struct st_want wants[ST_FANOUT];
	unsigned n = 0;
	for (; chunk < end; chunk++) {
		uint32_t from, at, len = overlap(r, chunk, &from, &at);
		const struct st_entry *e = leaf ? &leaf->entries[chunk % ST_FANOUT] : NULL;
		if (!e || !st_present(e))
			memset(r->out + at, 0, len);
		else if (!copy_cached(r->views, e, r->out + at, from, len))
			wants[n++] = (struct st_want){ chunk, e };
	}
	return !n || st_fetch(r->views->reader, d->coder, d->buffer, 1u << r->root->shift, wants, n, fetched, r) ||
	       (r->damaged ? false : told(r->views, r->failure));
}

static bool read_all(struct reading *r, struct desk *d)
{
	uint64_t chunk = r->offset >> r->root->shift, last = (r->offset + r->len - 1) >> r->root->shift, first, end;
	bool ok = true;
	for (; ok && chunk <= last; chunk = end) {
		const struct st_page *leaf;
		if (!find_leaf(r->views, d, r->root, chunk, &leaf, &first, &end, r->failure))
			return false;
		if (end > last + 1)
			end = last + 1;
		ok = read_chunks(r, d, leaf, chunk, end);
		st_reader_release(r->views->reader, leaf);
	}
	return ok;
}

bool st_view_read(struct st_views *v, const struct st_view *view, void *out, uint32_t len, uint64_t offset,
		  struct st_failure *failure)
{
	struct reading r = { .views = v, .root = &view->root, .out = out, .offset = offset, .len = len, .failure = failure };
	/* Behind the root's end; its last chunk is padded with zeroes, too. */
	uint64_t own = st_chunks(view->root.size, view->root.shift) << view->root.shift;
	if (offset + len > own) {
		uint64_t from = offset > own ? offset : own;
		memset((uint8_t *)out + (from - offset), 0, offset + len - from);
		r.len = (uint32_t)(from - offset);
	}
	if (!r.len)
		return true;
	struct desk *d = take_desk(v);
	if (!d)
		return st_failed(failure, ST_INTERNAL, "no memory to read a volume");
	bool ok = read_all(&r, d);
	give_desk(v, d);
	return ok;
}

bool st_view_extent(struct st_views *v, const struct st_view *view, uint64_t offset, uint64_t *len, bool *zero,
		    struct st_failure *failure)
{
	uint64_t chunk = offset >> view->root.shift, chunks = st_chunks(view->root.size, view->root.shift), first, end;
	const struct st_page *leaf;
	*zero = true;
	*len = view->size - offset;
	if (chunk >= chunks)
		return true;
	struct desk *d = take_desk(v);
	if (!d)
		return st_failed(failure, ST_INTERNAL, "no memory to read a volume");
	bool ok = find_leaf(v, d, &view->root, chunk, &leaf, &first, &end, failure);
	if (ok && leaf) {
		uint64_t at = chunk;
		*zero = !st_present(&leaf->entries[chunk % ST_FANOUT]);
		while (at < end && !st_present(&leaf->entries[at % ST_FANOUT]) == *zero)
			at++;
		end = at;
	}
	if (ok && end < chunks)
		*len = (end << view->root.shift) - offset;
	if (ok && leaf)
		st_reader_release(v->reader, leaf);
	give_desk(v, d);
	return ok;
}

/* --- life -------------------------------------------------------------------------------------------------------------------- */

struct st_views *st_views_new(struct st_session *session)
{
	struct st_views *v = calloc(1, sizeof *v);
	if (!v) {
		st_fail(&session->run, ST_INTERNAL, "no memory to read volumes");
		return NULL;
	}
	v->session = session;
	v->run = &session->run;
	v->capacity = session->job.memory_limit / 2;
	v->reader = st_reader_new(v->run, session->backend, session->keys, PAGE_CACHE);
	pthread_mutex_init(&v->lock, NULL);
	if (v->reader)
		return v;
	st_views_free(v);
	return NULL;
}

void st_views_free(struct st_views *v)
{
	if (!v)
		return;
	while (v->oldest)
		evict(v);
	while (v->desks) {
		struct desk *next = v->desks->next;
		free_desk(v->desks);
		v->desks = next;
	}
	st_reader_free(v->reader);
	pthread_mutex_destroy(&v->lock);
	free(v);
}
