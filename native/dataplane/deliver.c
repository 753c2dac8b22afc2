#include "deliver.h"

#include <linux/virtio_net.h>

#include "events.h"
#include "gro.h"

/* --- drops ------------------------------------------------------------------------------------------------------------ */
void deliver_drop(struct worker *w, struct port *port, struct rte_mbuf *m, uint8_t reason)
{
	route_count_drop(w, port, reason);
	events_record(w, port, FH_EGRESS, reason, NULL, FH_SLOT_NONE);
	rte_pktmbuf_free(m);
}

/* Of a packet that was parsed, and perhaps judged (verdict not NULL). */
void deliver_note_drop(struct worker *w, struct port *port, enum fh_direction dir, const struct fh_pkt *p, uint8_t reason,
		      const struct fh_ct_verdict *verdict)
{
	route_count_drop(w, port, reason);
	events_record(w, port, dir, reason, p, verdict ? verdict->slot : FH_SLOT_NONE);
}

void deliver_drop_packet(struct worker *w, struct port *port, enum fh_direction dir, struct rte_mbuf *m, const struct fh_pkt *p,
			uint8_t reason, const struct fh_ct_verdict *verdict)
{
	deliver_note_drop(w, port, dir, p, reason, verdict);
	rte_pktmbuf_free(m);
}

/* --- judging -------------------------------------------------------------------------------------------------------- */
void deliver_judge(struct worker *w, const struct port_view *v, enum fh_direction dir, struct fh_pkt *p[], const uint8_t *const data[],
		  const uint16_t seg_len[], struct fh_ct_verdict verdicts[], unsigned n)
{
	if (fh_likely(!(v->flags & FH_PORT_UNFILTERED))) {
		fh_ct_burst(v->port->ct, w->id, v->policy, dir, w->now_ns, p, data, seg_len, verdicts, n);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		verdicts[i] = (struct fh_ct_verdict){ .action = FH_CT_PASS, .entry = FH_CT_NONE, .slot = FH_SLOT_NONE };
}

/* --- out ------------------------------------------------------------------------------------------------------------ */
bool deliver_translate(const struct port_view *v, enum fh_direction dir, struct rte_mbuf *m, const struct fh_pkt *p,
		       const struct fh_ct_verdict *verdict)
{
	bool partial = (m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_NONE;
	return verdict->flags & FH_CT_V_TRANSLATE &&
	       fh_ct_translate(v->port->ct, dir, p, verdict, rte_pktmbuf_mtod(m, uint8_t *), m->data_len, partial);
}

static unsigned merge(const struct port_view *dst, struct rte_mbuf *m[], struct fh_pkt *p[], unsigned n)
{
	uint64_t features = fh_load(&dst->port->features);
	return gro_merge(m, p, n, features >> VIRTIO_NET_F_GUEST_TSO4 & 1, features >> VIRTIO_NET_F_GUEST_TSO6 & 1);
}

void deliver(struct worker *w, const struct route *to, struct rte_mbuf *m[], struct fh_pkt *p[], unsigned n)
{
	const struct port_view *dst = to->port;
	const uint8_t *data[DP_BURST];
	uint16_t seg_len[DP_BURST];
	struct fh_ct_verdict verdicts[DP_BURST];
	unsigned kept = 0;
	if (!dst) {
		to->mode->output(w, to, m, p, n);
		return;
	}
	fh_ct_prefetch(dst->port->ct, p, n);
	for (unsigned i = 0; i < n; i++) {
		data[i] = rte_pktmbuf_mtod(m[i], const uint8_t *);
		seg_len[i] = m[i]->data_len;
	}
	deliver_judge(w, dst, FH_INGRESS, p, data, seg_len, verdicts, n);
	for (unsigned i = 0; i < n; i++) {
		if (fh_unlikely(verdicts[i].action != FH_CT_PASS)) {
			deliver_drop_packet(w, dst->port, FH_INGRESS, m[i], p[i], verdicts[i].reason, &verdicts[i]);
			continue;
		}
		if (fh_unlikely(p[i]->flags & FH_PKT_TRANSLATE) && !deliver_translate(dst, FH_INGRESS, m[i], p[i], &verdicts[i])) {
			deliver_drop_packet(w, dst->port, FH_INGRESS, m[i], p[i], FH_DROP_NAT_PORTS, NULL);
			continue;
		}
		m[kept] = m[i];
		p[kept++] = p[i];
	}
	if (to->merge)
		kept = merge(dst, m, p, kept);
	if (kept)
		to->mode->output(w, to, m, p, kept);
}

void deliver_spread(struct worker *w, struct route to[], struct rte_mbuf *m[], struct fh_pkt *p[], unsigned n)
{
	while (n) {
		/* All packets for the first one's destination, in order; the others move up. */
		struct rte_mbuf *gm[DP_BURST];
		struct fh_pkt *gp[DP_BURST];
		struct route first = to[0];
		unsigned g = 0, rest = 0;
		for (unsigned i = 0; i < n; i++) {
			if (to[i].port == first.port && to[i].remote == first.remote && to[i].segment == first.segment &&
			    to[i].traffic == first.traffic) {
				gm[g] = m[i];
				gp[g++] = p[i];
			} else {
				m[rest] = m[i];
				p[rest] = p[i];
				to[rest++] = to[i];
			}
		}
		deliver(w, &first, gm, gp, g);
		n = rest;
	}
}

/* --- fragments ------------------------------------------------------------------------------------------------------ */
/* Runs one fragment through a port's virtual reassembly and, if it is a first one, its connections.
 * @param m  kept by the reassembly when the answer is FH_FRAG_HELD
 * Return: true when it passes now. */
bool deliver_fragment_passes(struct worker *w, const struct port_view *v, enum fh_direction dir, struct rte_mbuf *m, struct fh_pkt *p,
			    bool *judged)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	uint16_t seg_len = m->data_len;
	struct port *port = v->port;
	struct fh_ct_verdict verdict;
	uint8_t reason = FH_DROP_FRAGMENT_INVALID;
	bool pass = false;
	*judged = false;
	rte_spinlock_lock(&port->frag_lock[dir]);
	enum fh_frag_step step = fh_frag_input(port->frag[dir], p, w->now_ns, m, &reason);
	if (step == FH_FRAG_JUDGE) {
		fh_hash_burst(&dp.hash, &p, 1);
		deliver_judge(w, v, dir, &p, &data, &seg_len, &verdict, 1);
		fh_frag_decide(port->frag[dir], p, &verdict);
		reason = verdict.reason;
		pass = verdict.action == FH_CT_PASS;
		*judged = true;
	}
	rte_spinlock_unlock(&port->frag_lock[dir]);
	if (step == FH_FRAG_PASS || pass)
		return true;
	if (step != FH_FRAG_HELD)
		deliver_drop(w, port, m, reason);
	return false;
}

struct rte_mbuf *deliver_next_held(struct worker *w, struct port *port, enum fh_direction dir, uint8_t *reason)
{
	rte_spinlock_lock(&port->frag_lock[dir]);
	struct rte_mbuf *m = fh_frag_next_held(port->frag[dir], w->now_ns, reason);
	rte_spinlock_unlock(&port->frag_lock[dir]);
	return m;
}

static void output_fragment(struct worker *w, const struct port_view *dst, struct rte_mbuf *m)
{
	struct fh_pkt pkt, *p = &pkt;
	struct route to = { .mode = &route_local, .port = dst, .traffic = (uint8_t)m->hash.usr };
	if (fh_pkt_parse(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, m->pkt_len, p)) {
		p->hash = 0;
		to.mode->output(w, &to, &m, &p, 1);
	} else {
		deliver_drop(w, dst->port, m, p->reason);
	}
}

void deliver_release_held(struct worker *w, const struct port_view *dst)
{
	struct rte_mbuf *m;
	uint8_t reason;
	while ((m = deliver_next_held(w, dst->port, FH_INGRESS, &reason))) {
		if (reason == FH_DROP_NONE)
			output_fragment(w, dst, m);
		else
			deliver_drop(w, dst->port, m, reason);
	}
}

void deliver_fragment(struct worker *w, const struct route *to, struct rte_mbuf *m, struct fh_pkt *p)
{
	bool judged;
	if (!to->port) {
		p->hash = 0;
		to->mode->output(w, to, &m, &p, 1);
		return;
	}
	m->hash.usr = to->traffic; /* a held one has no route any more */
	if (deliver_fragment_passes(w, to->port, FH_INGRESS, m, p, &judged))
		output_fragment(w, to->port, m);
	if (judged)
		deliver_release_held(w, to->port);
}
