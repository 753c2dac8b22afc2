/* From entries to flow records; flow.h has the theory of operation. */
#include "ct_internal.h"

#define ACTIVE_TICKS ct_seconds(FH_FLOW_ACTIVE_S)

static uint64_t ago_ns(uint64_t now_ns, uint32_t ticks)
{
	uint64_t ns = (uint64_t)ticks << FH_CT_TICK_SHIFT;

	return ns < now_ns ? now_ns - ns : 0;
}

/* Ticks since its last packet; its timeout may have been changed since. */
static uint32_t idle_ticks(const struct fh_ct *ct, const struct ct_entry *e, uint8_t state, uint32_t now)
{
	uint32_t age = ct_age(e, now);
	uint32_t idle = now - (fh_load(&e->expires) - ct_time_to_live(ct, ct_proto(e), state));

	return (int32_t)idle < 0 ? 0 : idle < age ? idle : age;
}

/* Return: whether the NIC may write another record in this tick. */
static bool take_share(struct ct_wstats *w, uint32_t now)
{
	if (w->flow_tick != now) {
		w->flow_tick = now;
		w->flow_share = FH_FLOW_NIC_SHARE;
	}
	if (w->flow_share == 0)
		return false;
	w->flow_share--;
	return true;
}

/* Its ends closed or reset it: whatever removes the entry now, that is how it ended. */
static bool is_over(uint8_t state)
{
	return state == FH_CT_S_TIME_WAIT || state == FH_CT_S_CLOSE || state == FH_CT_S_LAST_ACK;
}

bool ct_flow_record(struct fh_ct *ct, unsigned worker, struct ct_entry *e, uint8_t state, enum ct_end end, uint64_t now_ns)
{
	struct fh_flow_ring *ring = ct->flows ? ct->flows[worker] : NULL;
	struct ct_wstats *w = &ct->stats[worker];
	const struct ct_counts *c = ct_counts_of(e);
	uint32_t now = ct_tick(now_ns);
	struct fh_flow *f;

	if (!ring || end == CT_END_UNTOLD)
		return true;
	/* The control thread kills on request, and so much only. */
	if (worker + 1 < ct->workers && !take_share(w, now)) {
		fh_flow_lose(ring);
		fh_count(&w->s.flows_lost, 1);
		return false;
	}
	if (!(f = fh_flow_reserve(ring))) {
		fh_count(&w->s.flows_lost, 1);
		return false;
	}
	f->nic = ct->header->nic;
	ct_tuple_of(e, f->src, f->dst, &f->src_port, &f->dst_port);
	for (unsigned d = 0; d < 2; d++) {
		f->packets[d] = ct_packets(c, d);
		f->bytes[d] = fh_load(&c->bytes[d]);
	}
	f->start_ns = ago_ns(now_ns, ct_age(e, now));
	f->last_ns = ago_ns(now_ns, idle_ticks(ct, e, state, now));
	f->slot = e->slot;
	if (e->flags & CT_F_NAT) {
		fh_put_be32(f->public_addr, e->nat.public_addr);
		f->public_port = e->nat.public_port;
	}
	f->v6 = ct_v6(e);
	f->proto = ct_proto(e);
	f->direction = e->flags & CT_F_INGRESS ? FH_INGRESS : FH_EGRESS;
	f->state = state;
	if (is_over(state) && end != CT_END_ACTIVE)
		end = CT_END_ENDED;
	f->end = end == CT_END_REVOKED ? FH_FLOW_FORCED : (uint8_t)end;
	f->flags = end == CT_END_REVOKED ? FH_FLOW_REVOKED : 0;
	fh_flow_publish(ring);
	fh_count(&w->s.flows, 1);
	return true;
}

void fh_ct_end_all(struct fh_ct *ct, unsigned worker, uint64_t now_ns)
{
	uint32_t used = fh_load(&ct->header->fresh), now = ct_tick(now_ns);
	struct fh_ct_stats stats;
	uint64_t told = 0;
	bool room = true;

	if (!ct->flows || !ct->flows[worker])
		return;
	for (uint32_t i = 0; room && i < used; i++) {
		struct ct_entry *e = &ct->entries[i];
		uint8_t state = ct_state(e);

		if (state == FH_CT_S_FREE || ct_expired(e, now))
			continue;
		room = ct_flow_record(ct, worker, e, state, CT_END_FORCED, now_ns);
		told++;
	}
	fh_ct_stats(ct, &stats);
	if (!room && stats.live > told)
		fh_count(&ct->flows[worker]->lost, stats.live - told);
}

/* CT_F_TOLD is the last bit of the period that was told last. Periods are longer than a sweep of any but the largest tables, which tell
 * every other one then. */
void ct_flow_active(struct fh_ct *ct, unsigned worker, bool locked, uint32_t i, uint64_t now_ns)
{
	struct ct_entry *e = &ct->entries[i];
	uint32_t now = ct_tick(now_ns), age = ct_age(e, now);

	if (fh_likely(age < ACTIVE_TICKS) || !ct->flows || (age / ACTIVE_TICKS & 1) == !!(fh_load(&e->flags) & CT_F_TOLD))
		return;
	ct_lock_if(e, locked);
	uint8_t state = ct_state(e);
	age = ct_age(e, now);
	if (state != FH_CT_S_FREE && age >= ACTIVE_TICKS && age < INT32_MAX && !ct_expired(e, now)) {
		fh_store(&e->flags, (uint8_t)(e->flags ^ CT_F_TOLD));
		if (idle_ticks(ct, e, state, now) < ACTIVE_TICKS)
			ct_flow_record(ct, worker, e, state, CT_END_ACTIVE, now_ns);
	}
	ct_unlock_if(e, locked);
}
