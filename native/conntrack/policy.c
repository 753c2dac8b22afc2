/* What a NIC obeys, and judging by it; policy.h has the theory of operation. pol_group.c has the groups, pol_set.c what their rules name. */
#include "pol_objects.h"

#include <stdlib.h>

/* Immutable; workers read it. */
struct pol_attached {
	uint32_t n;
	struct fh_pol_group *group[];
};

/* --- context and domain ------------------------------------------------------------------------------------------------ */

struct pol_slots *pol_ctx_slots(const struct fh_pol_ctx *ctx)
{
	return ctx->slots;
}

struct fh_pol_ctx *fh_pol_ctx_new(const struct fh_pol_hooks *hooks, unsigned workers)
{
	struct fh_pol_ctx *ctx;

	if (workers == 0 || workers > FH_WORKERS_MAX || !(ctx = calloc(1, sizeof *ctx)))
		return NULL;
	if (hooks)
		ctx->hooks = *hooks;
	if (!(ctx->slots = pol_slots_new(workers))) {
		free(ctx);
		return NULL;
	}
	return ctx;
}

void fh_pol_ctx_free(struct fh_pol_ctx *ctx)
{
	pol_slots_free(ctx->slots);
	free(ctx);
}

struct fh_pol_domain *fh_pol_domain_new(struct fh_pol_ctx *ctx)
{
	struct fh_pol_domain *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->ctx = ctx;
	if (!(d->index = pol_index_new(&ctx->hooks))) {
		free(d);
		return NULL;
	}
	return d;
}

void fh_pol_domain_free(struct fh_pol_domain *d)
{
	pol_index_free(d->index);
	free(d->interned);
	free(d->free_ids.v);
	free(d);
}

/* --- stamps ---------------------------------------------------------------------------------------------------------------- */

/* No two policies have the same: a connection that the old policy of a NIC let through must not look like one of the new one's. */
void fh_policy_bump(struct fh_policy *p)
{
	struct fh_pol_ctx *ctx = p->domain->ctx;

	if (++ctx->stamp == 0)
		ctx->stamp = 1;
	fh_store_release(&p->stamp, ctx->stamp);
}

uint32_t fh_pol_stamp(const struct fh_policy *p)
{
	return fh_load_acquire(&p->stamp);
}

/* --- policies -------------------------------------------------------------------------------------------------------------------- */

struct fh_policy *fh_policy_new(struct fh_pol_domain *domain)
{
	struct fh_policy *p = aligned_alloc(FH_CACHE_LINE, sizeof *p);

	if (!p)
		return NULL;
	memset(p, 0, sizeof *p);
	p->domain = domain;
	fh_policy_bump(p);
	if (!(p->attached = calloc(1, sizeof *p->attached))) {
		free(p);
		return NULL;
	}
	return p;
}

static void detach(struct fh_policy *p, struct pol_attached *a)
{
	for (uint32_t i = 0; i < a->n; i++) {
		pol_refs_remove(&a->group[i]->policies, p);
		fh_pol_group_unref(a->group[i]);
	}
	pol_defer(&p->domain->ctx->hooks, free, a);
}

void fh_policy_free(struct fh_policy *p)
{
	if (!p)
		return;
	detach(p, p->attached);
	pol_defer(&p->domain->ctx->hooks, free, p);
}

int fh_policy_attach(struct fh_policy *p, struct fh_pol_group *const *groups, uint32_t n)
{
	struct pol_attached *a, *old = p->attached;

	if (n > FH_MAX_PORT_GROUPS)
		return FH_ELIMIT;
	if (!(a = malloc(sizeof *a + (size_t)n * sizeof a->group[0])))
		return FH_ENOMEM;
	for (a->n = 0; a->n < n; a->n++) {
		if (!pol_refs_add(&groups[a->n]->policies, p)) {
			while (a->n) {
				pol_refs_remove(&groups[--a->n]->policies, p);
				groups[a->n]->refs--;
			}
			free(a);
			return FH_ENOMEM;
		}
		groups[a->n]->refs++;
		a->group[a->n] = groups[a->n];
	}
	fh_store_release(&p->attached, a);
	fh_policy_bump(p);
	detach(p, old);
	return FH_OK;
}

/* --- judging ------------------------------------------------------------------------------------------------------------------------ */

static struct fh_pol_verdict by_default(enum fh_direction dir, bool egress_drop)
{
	if (dir == FH_INGRESS)
		return (struct fh_pol_verdict){ FH_DROP, FH_DROP_DEFAULT, false, FH_SLOT_INGRESS_DEFAULT_DROP };
	if (egress_drop)
		return (struct fh_pol_verdict){ FH_DROP, FH_DROP_DEFAULT, false, FH_SLOT_EGRESS_DEFAULT_DROP };
	return (struct fh_pol_verdict){ FH_ALLOW, FH_DROP_NONE, false, FH_SLOT_EGRESS_DEFAULT_ALLOW };
}

struct fh_pol_verdict pol_judge(const struct fh_policy *policy, enum fh_direction dir, const struct pol_query *q)
{
	const struct pol_attached *a = fh_load_acquire(&policy->attached);
	const struct pol_rule *allow = NULL;
	struct pol_lookup lk;
	bool egress_drop = false;

	lk.index = policy->domain->index;
	lk.query = q;
	lk.done = false;
	for (uint32_t i = 0; i < a->n; i++) {
		const struct pol_compiled *c = fh_load_acquire(&a->group[i]->compiled);
		const struct pol_rule *r = pol_run(c->dir[dir], &lk);

		egress_drop |= c->flags & FH_GROUP_EGRESS_DROP;
		if (r && r->action == FH_DROP)
			return (struct fh_pol_verdict){ FH_DROP, FH_DROP_RULE, r->log, r->slot };
		if (r && !allow)
			allow = r;
	}
	if (allow)
		return (struct fh_pol_verdict){ FH_ALLOW, FH_DROP_NONE, allow->log, allow->slot };
	return by_default(dir, egress_drop);
}

struct fh_pol_verdict fh_pol_eval(const struct fh_policy *policy, enum fh_direction dir, const struct fh_pkt *pkt)
{
	struct pol_query q = { .dst_port = pkt->dst_port, .proto = pkt->proto, .v6 = pkt->flags & FH_PKT_V6 };
	/* The remote end is the receiver of what leaves and the sender of what arrives. */
	bool remote_lo = !!(pkt->flags & FH_PKT_SRC_LO) == (dir == FH_INGRESS);

	if (q.v6)
		memcpy(q.remote, &pkt->key[remote_lo ? 1 : 3], 16);
	else
		q.remote[0] = (uint32_t)(remote_lo ? pkt->key[1] : pkt->key[1] >> 32);
	return pol_judge(policy, dir, &q);
}
