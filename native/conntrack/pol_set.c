/*
 * What rules name as the remote end: sets, and prefixes written in rules themselves.
 *
 * Both are numbers in the domain's index, so a packet's address is looked up once for all rules: a set has an id of its own, and a
 * prefix that rules name gets one as if it were a set of one, shared by all rules that name it and counted by reference. Changing a
 * set's members changes the index and then the stamps of all policies whose groups refer to the set; no group is compiled again.
 * Member lists are sorted arrays: a change is the difference of two of them. Control thread only.
 */
#include "pol_objects.h"

#include <stdlib.h>

/* --- lists of references ------------------------------------------------------------------------------------------------------- */

bool pol_refs_add(struct pol_refs *r, void *p)
{
	if (r->n == r->capacity) {
		uint32_t capacity = r->capacity ? r->capacity * 2 : 8;
		void **v = realloc(r->v, (size_t)capacity * sizeof *v);
		if (!v)
			return false;
		r->v = v;
		r->capacity = capacity;
	}
	r->v[r->n++] = p;
	return true;
}

void pol_refs_remove(struct pol_refs *r, const void *p)
{
	for (uint32_t i = r->n; i-- > 0;) {
		if (r->v[i] == p) {
			r->v[i] = r->v[--r->n];
			return;
		}
	}
}

/* --- ids ------------------------------------------------------------------------------------------------------------------------- */

static uint32_t id_take(struct fh_pol_domain *d)
{
	return d->free_ids.n ? d->free_ids.v[--d->free_ids.n] : d->next_id++;
}

/* The id may be handed out again at once: a reader that still sees the old owner's nodes belongs to an old stamp. */
static void id_give(struct fh_pol_domain *d, uint32_t id)
{
	if (d->free_ids.n == d->free_ids.capacity) {
		uint32_t capacity = d->free_ids.capacity ? d->free_ids.capacity * 2 : 64;
		uint32_t *v = realloc(d->free_ids.v, (size_t)capacity * sizeof *v);
		if (!v)
			return; /* the number is lost, nothing else */
		d->free_ids.v = v;
		d->free_ids.capacity = capacity;
	}
	d->free_ids.v[d->free_ids.n++] = id;
}

/* --- sets ------------------------------------------------------------------------------------------------------------------------ */

struct fh_pol_set *fh_pol_set_new(struct fh_pol_domain *domain)
{
	struct fh_pol_set *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->domain = domain;
	s->refs = 1;
	s->id = id_take(domain);
	return s;
}

void fh_pol_set_unref(struct fh_pol_set *s)
{
	if (!s || --s->refs)
		return;
	/* Without memory the members stay in the index under an id that nothing refers to: harmless, but then keep the id. */
	if (pol_index_change(s->domain->index, s->id, NULL, 0, s->members, s->n) == FH_OK)
		id_give(s->domain, s->id);
	free(s->members);
	free(s->groups.v);
	free(s);
}

uint32_t fh_pol_set_size(const struct fh_pol_set *s)
{
	return s->n;
}

static int prefix_qsort_cmp(const void *a, const void *b)
{
	return pol_prefix_cmp(a, b);
}

int pol_prefixes_from(const struct fh_addr *addrs, uint32_t n, struct pol_prefix **out, uint32_t *n_out)
{
	struct pol_prefix *p = malloc(n ? (size_t)n * sizeof *p : 1);
	uint32_t k = 0;

	if (!p)
		return FH_ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		if (!pol_prefix_make(&addrs[i], &p[i])) {
			free(p);
			return FH_EINVAL;
		}
	}
	qsort(p, n, sizeof *p, prefix_qsort_cmp);
	for (uint32_t i = 0; i < n; i++) {
		if (i == 0 || pol_prefix_cmp(&p[i], &p[k - 1]))
			p[k++] = p[i];
	}
	*out = p;
	*n_out = k;
	return FH_OK;
}

/* out = a without b; both sorted. */
static uint32_t difference(const struct pol_prefix *a, uint32_t na, const struct pol_prefix *b, uint32_t nb, struct pol_prefix *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0, j = 0; i < na; i++) {
		while (j < nb && pol_prefix_cmp(&b[j], &a[i]) < 0)
			j++;
		if (j == nb || pol_prefix_cmp(&b[j], &a[i]))
			out[n++] = a[i];
	}
	return n;
}

static uint32_t merge(const struct pol_prefix *a, uint32_t na, const struct pol_prefix *b, uint32_t nb, struct pol_prefix *out)
{
	uint32_t n = 0, i = 0, j = 0;

	while (i < na || j < nb) {
		int c = i == na ? 1 : j == nb ? -1 : pol_prefix_cmp(&a[i], &b[j]);
		out[n++] = c <= 0 ? a[i] : b[j];
		i += c <= 0;
		j += c >= 0;
	}
	return n;
}

/* Makes the sorted list members the set's own. Takes it over on success. */
static int set_become(struct fh_pol_set *s, struct pol_prefix *members, uint32_t n)
{
	struct pol_prefix *add = malloc(((size_t)n + 1) * sizeof *add), *gone = malloc(((size_t)s->n + 1) * sizeof *gone);
	int rc = FH_ENOMEM;

	if (add && gone) {
		uint32_t n_add = difference(members, n, s->members, s->n, add);
		uint32_t n_gone = difference(s->members, s->n, members, n, gone);

		rc = pol_index_change(s->domain->index, s->id, add, n_add, gone, n_gone);
		if (rc == FH_OK) {
			free(s->members);
			s->members = members;
			s->n = n;
			for (uint32_t i = 0; n_add + n_gone && i < s->groups.n; i++) {
				if (i == 0 || s->groups.v[i] != s->groups.v[i - 1]) /* rules of one group stand together */
					pol_group_bump(s->groups.v[i]);
			}
		}
	}
	free(add);
	free(gone);
	return rc;
}

int fh_pol_set_replace(struct fh_pol_set *s, const struct fh_addr *members, uint32_t n)
{
	struct pol_prefix *list;
	int rc = pol_prefixes_from(members, n, &list, &n);

	if (rc == FH_OK && (rc = set_become(s, list, n)) != FH_OK)
		free(list);
	return rc;
}

int fh_pol_set_change(struct fh_pol_set *s, const struct fh_addr *add, uint32_t n_add, const struct fh_addr *remove, uint32_t n_remove)
{
	struct pol_prefix *plus = NULL, *minus = NULL, *kept = NULL, *list = NULL;
	int rc = pol_prefixes_from(add, n_add, &plus, &n_add);

	if (rc == FH_OK)
		rc = pol_prefixes_from(remove, n_remove, &minus, &n_remove);
	if (rc == FH_OK) {
		kept = malloc(((size_t)s->n + 1) * sizeof *kept);
		list = malloc(((size_t)s->n + n_add + 1) * sizeof *list);
		rc = kept && list ? FH_OK : FH_ENOMEM;
	}
	if (rc == FH_OK) {
		uint32_t n = difference(s->members, s->n, minus, n_remove, kept);
		n = merge(kept, n, plus, n_add, list);
		rc = set_become(s, list, n);
	}
	if (rc != FH_OK)
		free(list);
	free(kept);
	free(plus);
	free(minus);
	return rc;
}

static void query_from_addr(const struct fh_addr *a, struct pol_query *q)
{
	struct fh_addr host = *a;
	struct pol_prefix p;

	memset(q, 0, sizeof *q);
	host.prefix_len = a->family == 6 ? 128 : 32;
	if (!pol_prefix_make(&host, &p))
		return;
	q->v6 = p.v6;
	memcpy(q->remote, p.a, sizeof q->remote);
}

bool fh_pol_set_contains(const struct fh_pol_set *s, const struct fh_addr *addr)
{
	struct pol_query q;
	struct pol_cover c;

	query_from_addr(addr, &q);
	pol_index_cover(s->domain->index, &q, &c);
	return pol_cover_has(&c, s->id);
}

/* --- prefixes named by rules -------------------------------------------------------------------------------------------------- */

static uint32_t interned_place(const struct fh_pol_domain *d, const struct pol_prefix *p, bool *found)
{
	uint32_t lo = 0, hi = d->n_interned;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;
		if (pol_prefix_cmp(&d->interned[mid].prefix, p) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*found = lo < d->n_interned && !pol_prefix_cmp(&d->interned[lo].prefix, p);
	return lo;
}

int pol_intern(struct fh_pol_domain *d, const struct pol_prefix *p, uint32_t n)
{
	uint32_t fresh = 0, i, k;
	bool found;

	for (i = 0; i < n; i++) {
		interned_place(d, &p[i], &found);
		fresh += !found;
	}
	if (d->n_interned + fresh > d->interned_capacity) {
		uint32_t capacity = (d->n_interned + fresh) * 2;
		struct pol_interned *v = realloc(d->interned, (size_t)capacity * sizeof *v);
		if (!v)
			return FH_ENOMEM;
		d->interned = v;
		d->interned_capacity = capacity;
	}
	/* From the back, so that each existing element moves once. */
	uint32_t out = d->n_interned + fresh;
	for (i = n, k = d->n_interned; i > 0;) {
		int c = k ? pol_prefix_cmp(&d->interned[k - 1].prefix, &p[i - 1]) : -1;

		if (c > 0) {
			d->interned[--out] = d->interned[--k];
		} else if (c == 0) {
			d->interned[--out] = d->interned[--k];
			d->interned[out].refs++;
			i--;
		} else {
			d->interned[--out] = (struct pol_interned){ .prefix = p[--i], .id = POL_REMOTE_ANY, .refs = 1 };
		}
	}
	d->n_interned += fresh;
	return FH_OK;
}

void pol_unintern(struct fh_pol_domain *d, const struct pol_prefix *p, uint32_t n)
{
	uint32_t out = 0, i = 0;

	for (uint32_t k = 0; k < d->n_interned; k++) {
		struct pol_interned *e = &d->interned[k];

		if (i < n && !pol_prefix_cmp(&e->prefix, &p[i])) {
			i++;
			if (--e->refs == 0) {
				if (e->id == POL_REMOTE_ANY)
					continue;
				if (pol_index_change(d->index, e->id, NULL, 0, &e->prefix, 1) == FH_OK)
					id_give(d, e->id);
				continue;
			}
		}
		d->interned[out++] = *e;
	}
	d->n_interned = out;
}

uint32_t pol_interned_id(struct fh_pol_domain *d, const struct pol_prefix *p)
{
	bool found;
	struct pol_interned *e = &d->interned[interned_place(d, p, &found)];

	if (e->id == POL_REMOTE_ANY) {
		uint32_t id = id_take(d);

		if (pol_index_change(d->index, id, p, 1, NULL, 0) != FH_OK) {
			id_give(d, id);
			return POL_REMOTE_ANY;
		}
		e->id = id;
	}
	return e->id;
}
