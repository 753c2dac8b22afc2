/*
 * Address index of a domain: which sets and prefixes contain this address?
 *
 * Theory of operation
 * -------------------
 * A hash table per family maps (prefix, length) to a node with the ids of all sets that have this very prefix as a member.
 * A look-up probes once per prefix length in use (usually three or four) and returns the nodes found.
 * Nodes never change once published: a change makes a new node, puts it at the head of its chain, then unlinks the old one;
 * a reader between the two sees both, which says the same twice. Old nodes and tables go through the grace period.
 * pol_index_change() allocates all that it needs before it touches anything, so that it cannot fail half-way.
 */
#include "pol_internal.h"

#include <stdlib.h>
#include <sys/random.h>

struct table {
	uint32_t mask;
	struct pol_node *heads[];
};

struct family {
	struct table *table;
	uint32_t count;
	uint32_t per_len[129];
	uint64_t lens[3]; /* bit n: prefixes of length n exist */
};

struct pol_index {
	struct fh_pol_hooks hooks;
	uint64_t seed;
	struct family family[2];
};

void pol_defer(const struct fh_pol_hooks *hooks, void (*fn)(void *), void *p)
{
	if (!p)
		return;
	if (hooks->defer)
		hooks->defer(hooks->arg, fn, p);
	else
		fn(p);
}

uint64_t pol_mask_word(bool v6, unsigned len, unsigned word)
{
	if (!v6)
		return word || !len ? 0 : 0xffffffffu & (0xffffffffu << (32 - len));
	unsigned bits = len > 64 * word ? len - 64 * word : 0;
	if (bits >= 64)
		return UINT64_MAX;
	return bits ? __builtin_bswap64(~(UINT64_MAX >> bits)) : 0;
}

bool pol_prefix_make(const struct fh_addr *addr, struct pol_prefix *out)
{
	memset(out, 0, sizeof *out);
	if (addr->family == 4 && addr->prefix_len <= 32) {
		out->a[0] = fh_be32(addr->b);
	} else if (addr->family == 6 && addr->prefix_len <= 128) {
		out->v6 = true;
		memcpy(out->a, addr->b, 16);
	} else {
		return false;
	}
	out->len = addr->prefix_len;
	out->a[0] &= pol_mask_word(out->v6, out->len, 0);
	out->a[1] &= pol_mask_word(out->v6, out->len, 1);
	return true;
}

int pol_prefix_cmp(const struct pol_prefix *a, const struct pol_prefix *b)
{
	if (a->v6 != b->v6)
		return a->v6 ? 1 : -1;
	if (a->a[0] != b->a[0])
		return a->a[0] < b->a[0] ? -1 : 1;
	if (a->a[1] != b->a[1])
		return a->a[1] < b->a[1] ? -1 : 1;
	return (int)a->len - (int)b->len;
}

static inline uint32_t node_hash(const struct pol_index *ix, uint64_t a0, uint64_t a1, unsigned len)
{
	__uint128_t m = (__uint128_t)(a0 ^ ix->seed) * ((a1 + len * 0x9e3779b97f4a7c15ull) ^ 0xd6e8feb86659fd93ull);
	uint64_t h = (uint64_t)m ^ (uint64_t)(m >> 64);

	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93ull;
	return (uint32_t)(h >> 32);
}

static struct table *table_new(uint32_t size)
{
	struct table *t = calloc(1, sizeof *t + (size_t)size * sizeof t->heads[0]);

	if (t)
		t->mask = size - 1;
	return t;
}

/* Frees the table and all nodes on it. */
static void table_free(void *p)
{
	struct table *t = p;

	for (uint32_t i = 0; i <= t->mask; i++) {
		for (struct pol_node *n = t->heads[i], *next; n; n = next) {
			next = n->next;
			free(n);
		}
	}
	free(t);
}

struct pol_index *pol_index_new(const struct fh_pol_hooks *hooks)
{
	struct pol_index *ix = calloc(1, sizeof *ix);

	if (!ix)
		return NULL;
	ix->hooks = *hooks;
	if (getrandom(&ix->seed, sizeof ix->seed, 0) == (ssize_t)sizeof ix->seed && (ix->family[0].table = table_new(16)) &&
	    (ix->family[1].table = table_new(16)))
		return ix;
	free(ix->family[0].table);
	free(ix);
	return NULL;
}

void pol_index_free(struct pol_index *ix)
{
	for (int f = 0; f < 2; f++)
		pol_defer(&ix->hooks, table_free, ix->family[f].table);
	pol_defer(&ix->hooks, free, ix);
}

static struct pol_node **chain_of(const struct pol_index *ix, struct table *t, const struct pol_prefix *p)
{
	return &t->heads[node_hash(ix, p->a[0], p->a[1], p->len) & t->mask];
}

static struct pol_node *find(const struct pol_index *ix, const struct pol_prefix *p)
{
	struct pol_node *n = *chain_of(ix, ix->family[p->v6].table, p);

	while (n && pol_prefix_cmp(&n->prefix, p))
		n = n->next;
	return n;
}

/* A copy of old (may be NULL) with id added or removed. */
static struct pol_node *node_with(const struct pol_node *old, const struct pol_prefix *p, uint32_t id, bool add)
{
	uint32_t n = old ? old->n : 0, out = 0;
	struct pol_node *node = malloc(sizeof *node + (size_t)(n + 1) * sizeof node->ids[0]);

	if (!node)
		return NULL;
	node->next = NULL;
	node->prefix = *p;
	bool placed = !add;
	for (uint32_t i = 0; i < n; i++) {
		if (!placed && old->ids[i] > id) {
			node->ids[out++] = id;
			placed = true;
		}
		if (old->ids[i] != id)
			node->ids[out++] = old->ids[i];
	}
	if (!placed)
		node->ids[out++] = id;
	node->n = out;
	node->marks = 0;
	for (uint32_t i = 0; i < out; i++)
		node->marks |= pol_mark(node->ids[i]);
	return node;
}

static void unlink_node(const struct pol_index *ix, struct pol_node *old)
{
	struct pol_node **at = chain_of(ix, ix->family[old->prefix.v6].table, &old->prefix);

	while (*at != old)
		at = &(*at)->next;
	fh_store_release(at, old->next);
}

static void publish_node(const struct pol_index *ix, struct pol_node *node)
{
	struct pol_node **head = chain_of(ix, ix->family[node->prefix.v6].table, &node->prefix);

	node->next = *head;
	fh_store_release(head, node);
}

static void count_len(struct family *f, unsigned len, int delta)
{
	f->per_len[len] += (uint32_t)delta;
	f->count += (uint32_t)delta;
	uint64_t bit = (uint64_t)1 << (len & 63), *w = &f->lens[len >> 6];
	fh_store_release(w, f->per_len[len] ? *w | bit : *w & ~bit);
}

/* Replaces the node of a prefix; an empty one vanishes. Cannot fail. */
static void commit(struct pol_index *ix, struct pol_node *node)
{
	struct pol_node *old = find(ix, &node->prefix);
	struct family *f = &ix->family[node->prefix.v6];

	if (node->n) {
		publish_node(ix, node);
		if (!old)
			count_len(f, node->prefix.len, 1);
	}
	if (old) {
		unlink_node(ix, old);
		pol_defer(&ix->hooks, free, old);
		if (!node->n)
			count_len(f, node->prefix.len, -1);
	}
	if (!node->n)
		free(node);
}

static bool reserve(struct pol_index *ix, int v6, uint32_t more)
{
	struct family *f = &ix->family[v6];
	struct table *old = f->table, *t;
	uint64_t want = (uint64_t)f->count + more, size = (uint64_t)old->mask + 1;

	if (want <= size)
		return true;
	while (size < want)
		size *= 2;
	if (size > UINT32_MAX || !(t = table_new((uint32_t)size)))
		return false;
	for (uint32_t i = 0; i <= old->mask; i++) {
		for (struct pol_node *n = old->heads[i]; n; n = n->next) {
			size_t bytes = sizeof *n + (size_t)n->n * sizeof n->ids[0];
			struct pol_node *copy = malloc(bytes);

			if (!copy) {
				table_free(t);
				return false;
			}
			memcpy(copy, n, bytes);
			struct pol_node **head = chain_of(ix, t, &copy->prefix);
			copy->next = *head;
			*head = copy;
		}
	}
	fh_store_release(&f->table, t);
	pol_defer(&ix->hooks, table_free, old);
	return true;
}

int pol_index_change(struct pol_index *ix, uint32_t id, const struct pol_prefix *add, uint32_t n_add,
		     const struct pol_prefix *remove, uint32_t n_remove)
{
	uint32_t total = n_add + n_remove, made = 0, more[2] = { 0, 0 };
	struct pol_node **nodes;

	if (!total)
		return FH_OK;
	for (uint32_t i = 0; i < n_add; i++)
		more[add[i].v6]++;
	if (!(nodes = malloc((size_t)total * sizeof *nodes)) || !reserve(ix, 0, more[0]) || !reserve(ix, 1, more[1]))
		goto no_memory;
	for (; made < total; made++) {
		bool adding = made < n_add;
		const struct pol_prefix *p = adding ? &add[made] : &remove[made - n_add];

		if (!(nodes[made] = node_with(find(ix, p), p, id, adding)))
			goto no_memory;
	}
	for (uint32_t i = 0; i < total; i++)
		commit(ix, nodes[i]);
	free(nodes);
	return FH_OK;

no_memory:
	while (made)
		free(nodes[--made]);
	free(nodes);
	return FH_ENOMEM;
}

void pol_index_cover(const struct pol_index *ix, const struct pol_query *q, struct pol_cover *out)
{
	const struct family *f = &ix->family[q->v6];
	const struct table *t = fh_load_acquire(&f->table);

	out->n = 0;
	out->marks = 0;
	for (unsigned w = 0; w < 3; w++) {
		for (uint64_t lens = fh_load_acquire(&f->lens[w]); lens; lens &= lens - 1) {
			unsigned len = w * 64 + (unsigned)__builtin_ctzll(lens);
			uint64_t a0 = q->remote[0] & pol_mask_word(q->v6, len, 0);
			uint64_t a1 = q->v6 ? q->remote[1] & pol_mask_word(true, len, 1) : 0;
			const struct pol_node *n = fh_load_acquire(&t->heads[node_hash(ix, a0, a1, len) & t->mask]);

			while (n && !(n->prefix.len == len && n->prefix.a[0] == a0 && n->prefix.a[1] == a1))
				n = fh_load_acquire(&n->next);
			if (n) {
				out->marks |= n->marks;
				out->node[out->n++] = n;
			}
		}
	}
}

bool pol_cover_search(const struct pol_cover *cover, uint32_t id)
{
	for (unsigned i = 0; i < cover->n; i++) {
		const struct pol_node *node = cover->node[i];
		uint32_t lo = 0, hi = node->n;

		while (lo < hi) {
			uint32_t mid = (lo + hi) / 2;
			if (node->ids[mid] < id)
				lo = mid + 1;
			else
				hi = mid;
		}
		if (lo < node->n && node->ids[lo] == id)
			return true;
	}
	return false;
}
