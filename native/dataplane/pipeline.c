/*
 * The pipeline.
 *
 * Theory of operation
 * -------------------
 * A burst comes from one guest queue, so one sender's view, policy and connection table serve all of it:
 *
 *   parse, source checks, local answers     admit()        per packet, on the private copy
 *   destination by table                    forward_pick() while the connection table's lines are on their way
 *   the sender's connections and rules      fh_ct_burst(FH_EGRESS)
 *   routed: hop count, MACs                 forward_hop()
 *   per destination: the receiver's         fh_ct_burst(FH_INGRESS)
 *   out                                     route->mode->output()
 *
 * Fragments leave the burst and walk the same steps one by one (they need a hold queue between judging the first piece
 * and passing the others), which keeps the common path free of them.
 *
 * No allocation, no lock and no system call happens per packet. Every packet is freed exactly once: by output(), by
 * drop(), or when its fragment hold ends.
 */
#include "pipeline.h"

#include "answer.h"
#include "events.h"
#include "forward.h"

#define MAX_FRAME (65535 + 14)
#define MAX_SEGMENTS 64
#define MIN_SEGMENT_SIZE 48 /* Linux's TCP_MIN_SND_MSS */
#define ANSWERS_PER_TICK 200 /* local answers per port and 100 ms */
#define ERRORS_PER_TICK 20   /* ICMP errors of the gateway, likewise */

struct burst {
	struct fh_pkt pkts[DP_BURST];
	struct rte_mbuf *m[DP_BURST];
	struct fh_pkt *p[DP_BURST];
	const uint8_t *data[DP_BURST];
	uint16_t seg_len[DP_BURST];
	struct route to[DP_BURST];
	struct fh_ct_verdict verdicts[DP_BURST];
	unsigned n;
	struct rte_mbuf *replies[DP_BURST];
	unsigned n_replies;
};

static void drop(struct worker *w, struct port *port, struct rte_mbuf *m, uint8_t reason)
{
	route_count_drop(w, port, reason);
	events_record(w, port, FH_EGRESS, reason, NULL, FH_SLOT_NONE);
	rte_pktmbuf_free(m);
}

/* Of a packet that was parsed, and perhaps judged (verdict not NULL). */
static void note_drop(struct worker *w, struct port *port, enum fh_direction dir, const struct fh_pkt *p, uint8_t reason,
		      const struct fh_ct_verdict *verdict)
{
	route_count_drop(w, port, reason);
	events_record(w, port, dir, reason, p, verdict ? verdict->slot : FH_SLOT_NONE);
}

static void drop_packet(struct worker *w, struct port *port, enum fh_direction dir, struct rte_mbuf *m, const struct fh_pkt *p,
			uint8_t reason, const struct fh_ct_verdict *verdict)
{
	note_drop(w, port, dir, p, reason, verdict);
	rte_pktmbuf_free(m);
}

static void add(struct burst *b, struct rte_mbuf *m, struct fh_pkt *pkt)
{
	b->m[b->n] = m;
	b->p[b->n] = pkt;
	b->data[b->n] = rte_pktmbuf_mtod(m, const uint8_t *);
	b->seg_len[b->n] = m->data_len;
	b->n++;
}

/* --- admission ---------------------------------------------------------------------------------------------------- */
static bool source4_ok(const struct port_view *v, const uint8_t *ip)
{
	uint32_t src;
	memcpy(&src, ip + 12, 4);
	for (uint32_t i = 0; i < v->n4; i++)
		if ((src & v->allowed4[i].mask) == v->allowed4[i].addr)
			return true;
	return false;
}

static bool source6_ok(const struct port_view *v, const uint8_t *ip)
{
	if (memcmp(ip + 8, v->link_local, 16) == 0)
		return true;
	for (uint32_t i = 0; i < v->n6; i++) {
		const struct prefix6 *x = &v->allowed6[i];
		uint8_t different = 0;
		for (unsigned k = 0; k < 16; k++)
			different |= (uint8_t)((ip[8 + k] & x->mask[k]) ^ x->addr[k]);
		if (!different)
			return true;
	}
	return false;
}

/* An IPv4 guest without an address yet speaks DHCP from 0.0.0.0, an IPv6 guest ND and MLD from ::. */
static bool source_exempt(const struct fh_pkt *p, const uint8_t *src, unsigned len)
{
	static const uint8_t zero[16];
	if (memcmp(src, zero, len) != 0)
		return false;
	if (len == 4)
		return p->kind == FH_PKT_FLOW && p->proto == FH_PROTO_UDP && p->src_port == 68 && p->dst_port == 67;
	return p->kind == FH_PKT_ND || p->kind == FH_PKT_MLD;
}

/* Return: FH_DROP_NONE when the sender is who it claims to be. */
static uint8_t check_source(const struct port_view *v, const struct fh_pkt *p, const uint8_t *data)
{
	if (v->flags & FH_PORT_NO_SECURITY)
		return FH_DROP_NONE;
	if (memcmp(data + 6, v->mac, 6) != 0)
		return FH_DROP_SPOOFED_MAC;
	if (p->kind == FH_PKT_ARP)
		return FH_DROP_NONE;
	const uint8_t *ip = data + p->l3_off;
	bool v6 = p->flags & FH_PKT_V6;
	if (v6 ? !source6_ok(v, ip) && !source_exempt(p, ip + 8, 16) : !source4_ok(v, ip) && !source_exempt(p, ip + 12, 4))
		return FH_DROP_SPOOFED_IP;
	/* Only the dataplane hands out addresses. */
	if (p->kind == FH_PKT_FLOW && p->proto == FH_PROTO_UDP && p->src_port == (v6 ? 547 : 67))
		return FH_DROP_FORGED_CONTROL;
	return FH_DROP_NONE;
}

/* Return: FH_DROP_NONE when size and offload header make sense; sets wire_segs. */
static uint8_t check_offload(const struct rte_mbuf *m, struct fh_pkt *p)
{
	if (m->nb_segs > MAX_SEGMENTS || m->pkt_len > MAX_FRAME)
		return FH_DROP_GUEST_RING;
	p->wire_segs = 0;
	if (fh_likely(!(m->ol_flags & RTE_MBUF_F_RX_LRO)))
		return FH_DROP_NONE;
	if (p->kind != FH_PKT_FLOW || p->proto != FH_PROTO_TCP || m->tso_segsz < MIN_SEGMENT_SIZE)
		return FH_DROP_GUEST_RING;
	uint32_t payload = p->l4_len - (uint32_t)(p->payload_off - p->l4_off);
	p->wire_segs = (uint16_t)((payload + m->tso_segsz - 1) / m->tso_segsz);
	return FH_DROP_NONE;
}

static void begin_answer_tick(struct port_counters *c, uint64_t now_ns)
{
	uint64_t tick = now_ns / (DP_NS_PER_S / 10);
	if (c->answers_tick != tick) {
		c->answers_tick = tick;
		c->answers = c->errors = 0;
	}
}

static bool answers_allowed(struct port_counters *c, uint64_t now_ns)
{
	begin_answer_tick(c, now_ns);
	return c->answers++ < ANSWERS_PER_TICK;
}

static bool errors_allowed(struct port_counters *c, uint64_t now_ns)
{
	begin_answer_tick(c, now_ns);
	return c->errors++ < ERRORS_PER_TICK;
}

static struct question question_of(const struct worker *w, const struct port_view *v, struct rte_mbuf *m, struct fh_pkt *p)
{
	return (struct question){
		.world = w->world, .port = v, .segment = w->world->segments[v->segment], .m = m, .pkt = p,
		.view = { rte_pktmbuf_mtod(m, const uint8_t *), m->data_len },
	};
}

/* Local answers. Return: true when the packet is dealt with. */
static bool answered(struct worker *w, const struct port_view *v, struct burst *b, struct rte_mbuf *m, struct fh_pkt *p,
		     enum answer (*answer)(struct question *, uint8_t *))
{
	uint8_t reason = FH_DROP_RATE_LIMITED;
	enum answer a = ANSWER_DROP;
	struct question q = question_of(w, v, m, p);
	if (answers_allowed(&v->port->counters[w->id], w->now_ns))
		a = answer(&q, &reason);
	switch (a) {
	case ANSWER_NOT_MINE:
		return false;
	case ANSWER_REPLY:
		b->replies[b->n_replies++] = m;
		return true;
	case ANSWER_CONSUMED:
		rte_pktmbuf_free(m);
		return true;
	case ANSWER_DROP:
		break;
	}
	drop(w, v->port, m, reason);
	return true;
}

static void fragment_from_guest(struct worker *w, const struct port_view *v, struct rte_mbuf *m, struct fh_pkt *p);

/* Takes one packet into the burst, or deals with it otherwise. */
static void admit(struct worker *w, const struct port_view *v, struct burst *b, struct rte_mbuf *m, struct fh_pkt *p)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	uint8_t reason;
	if (fh_unlikely(!fh_pkt_parse(data, m->data_len, m->pkt_len, p))) {
		drop(w, v->port, m, p->reason);
		return;
	}
	reason = check_source(v, p, data);
	if (fh_likely(reason == FH_DROP_NONE))
		reason = check_offload(m, p);
	if (fh_unlikely(reason != FH_DROP_NONE)) {
		drop_packet(w, v->port, FH_EGRESS, m, p, reason, NULL);
		return;
	}
	switch (p->kind) {
	case FH_PKT_ARP:
		answered(w, v, b, m, p, answer_arp);
		return;
	case FH_PKT_ND:
		answered(w, v, b, m, p, answer_nd);
		return;
	case FH_PKT_MLD:
		rte_pktmbuf_free(m); /* nothing is flooded, so nobody needs to know who listens */
		return;
	case FH_PKT_FRAGMENT:
		fragment_from_guest(w, v, m, p);
		return;
	case FH_PKT_FLOW:
		if (fh_unlikely(p->dst_port == 67) && answered(w, v, b, m, p, answer_dhcp4))
			return;
		if (fh_unlikely(p->dst_port == 547) && answered(w, v, b, m, p, answer_dhcp6))
			return;
		break;
	default:
		break;
	}
	add(b, m, p);
}

/* --- judging -------------------------------------------------------------------------------------------------------- */
static void judge(struct worker *w, const struct port_view *v, enum fh_direction dir, struct fh_pkt *p[], const uint8_t *const data[],
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
/* Judges packets that all go to one port, and sends those that pass. Packets need hashes. */
static void deliver(struct worker *w, const struct route *to, struct rte_mbuf *m[], struct fh_pkt *p[], unsigned n)
{
	const struct port_view *dst = to->port;
	const uint8_t *data[DP_BURST];
	uint16_t seg_len[DP_BURST];
	struct fh_ct_verdict verdicts[DP_BURST];
	unsigned kept = 0;
	fh_ct_prefetch(dst->port->ct, p, n);
	for (unsigned i = 0; i < n; i++) {
		data[i] = rte_pktmbuf_mtod(m[i], const uint8_t *);
		seg_len[i] = m[i]->data_len;
	}
	judge(w, dst, FH_INGRESS, p, data, seg_len, verdicts, n);
	for (unsigned i = 0; i < n; i++) {
		if (fh_unlikely(verdicts[i].action != FH_CT_PASS)) {
			drop_packet(w, dst->port, FH_INGRESS, m[i], p[i], verdicts[i].reason, &verdicts[i]);
			continue;
		}
		m[kept] = m[i];
		p[kept++] = p[i];
	}
	if (kept)
		to->mode->output(w, to, m, p, kept);
}

/* Sends answers to the port that asked; they are no connections. */
static void send_replies(struct worker *w, const struct port_view *v, struct rte_mbuf *m[], unsigned n)
{
	struct fh_pkt pkts[DP_BURST], *p[DP_BURST];
	struct route self = { .mode = &route_local, .port = v };
	for (unsigned i = 0; i < n; i++) {
		p[i] = &pkts[i];
		memset(&pkts[i], 0, sizeof pkts[i]);
	}
	route_local.output(w, &self, m, p, n);
}

/* The packet cannot go on: it counts as dropped, and its sender is told why. */
static void send_back(struct worker *w, const struct port_view *v, struct rte_mbuf *m, struct fh_pkt *p, enum answer_error e, uint32_t mtu)
{
	struct question q = question_of(w, v, m, p);
	note_drop(w, v->port, FH_EGRESS, p, forward_reason(e), NULL);
	if (e != ANSWER_E_NONE && errors_allowed(&v->port->counters[w->id], w->now_ns) &&
	    answer_icmp_error(&q, e, mtu) == ANSWER_REPLY)
		send_replies(w, v, &m, 1);
	else
		rte_pktmbuf_free(m);
}

static void to_gateway(struct worker *w, const struct port_view *v, struct rte_mbuf *m, struct fh_pkt *p)
{
	uint8_t reason = FH_DROP_RATE_LIMITED;
	struct question q = question_of(w, v, m, p);
	if (!answers_allowed(&v->port->counters[w->id], w->now_ns)) {
		drop(w, v->port, m, reason);
		return;
	}
	if (answer_ping(&q, &reason) != ANSWER_REPLY) {
		send_back(w, v, m, p, ANSWER_E_PORT, 0);
		return;
	}
	/* The answer is part of the connection that the request opened. */
	struct route self = { .mode = &route_local, .port = v };
	if (!fh_pkt_parse(q.view.p, m->data_len, m->pkt_len, p)) {
		drop(w, v->port, m, p->reason);
		return;
	}
	fh_hash_burst(&dp.hash, &p, 1);
	deliver(w, &self, &m, &p, 1);
}

/* After the sender's rules. Return: whether the packet is to be delivered; otherwise it is dealt with. */
static inline bool departs(struct worker *w, const struct port_view *v, const struct route *to, struct rte_mbuf *m, struct fh_pkt *p)
{
	if (fh_unlikely(!to->mode)) {
		send_back(w, v, m, p, (enum answer_error)to->error, 0);
		return false;
	}
	if (fh_unlikely(to->mode == &forward_gateway)) {
		to_gateway(w, v, m, p);
		return false;
	}
	enum answer_error e = to->routed ? forward_hop(to, m, p) : ANSWER_E_NONE;
	if (fh_unlikely(e != ANSWER_E_NONE)) {
		send_back(w, v, m, p, e, to->segment->mtu);
		return false;
	}
	return true;
}

/* Goes to the very MAC, on this network and host, that the one before goes to: most packets of a burst do. */
static inline bool same_neighbour(const struct burst *b, unsigned i)
{
	uint64_t x, y;
	memcpy(&x, b->data[i], sizeof x);
	memcpy(&y, b->data[i - 1], sizeof y);
	return (x ^ y) << 16 == 0 && b->to[i - 1].mode == &route_local && !b->to[i - 1].routed;
}

void pipeline_from_guest(struct worker *w, const struct port_view *v, struct rte_mbuf *m[], unsigned n)
{
	struct burst b;
	struct port_counters *c = &v->port->counters[w->id];
	uint64_t packets = n, bytes = 0;
	b.n = b.n_replies = 0;
	for (unsigned i = 0; i < n; i++) {
		uint32_t len = m[i]->pkt_len;
		admit(w, v, &b, m[i], &b.pkts[i]);
		bytes += len;
		if (fh_unlikely(b.n && b.m[b.n - 1] == m[i] && b.pkts[i].wire_segs > 1)) {
			packets += b.pkts[i].wire_segs - 1u;
			bytes += (uint64_t)(b.pkts[i].wire_segs - 1u) * b.pkts[i].payload_off;
		}
	}
	fh_count(&c->rx_packets, packets);
	fh_count(&c->rx_bytes, bytes);
	if (b.n_replies)
		send_replies(w, v, b.replies, b.n_replies);
	if (b.n == 0)
		return;
	fh_hash_burst(&dp.hash, b.p, b.n);
	fh_ct_prefetch(v->port->ct, b.p, b.n);
	for (unsigned i = 0; i < b.n; i++)
		b.to[i] = i && same_neighbour(&b, i) ? b.to[i - 1] : forward_pick(w->world, v, b.p[i], b.data[i]);
	judge(w, v, FH_EGRESS, b.p, b.data, b.seg_len, b.verdicts, b.n);
	unsigned kept = 0;
	for (unsigned i = 0; i < b.n; i++) {
		if (fh_unlikely(b.verdicts[i].action != FH_CT_PASS)) {
			drop_packet(w, v->port, FH_EGRESS, b.m[i], b.p[i], b.verdicts[i].reason, &b.verdicts[i]);
		} else if (fh_likely(departs(w, v, &b.to[i], b.m[i], b.p[i]))) {
			b.m[kept] = b.m[i];
			b.p[kept] = b.p[i];
			b.to[kept++] = b.to[i];
		}
	}
	while (kept) {
		/* All packets for the first one's destination, in order; the others move up. */
		struct rte_mbuf *gm[DP_BURST];
		struct fh_pkt *gp[DP_BURST];
		struct route to = b.to[0];
		unsigned g = 0, rest = 0;
		for (unsigned i = 0; i < kept; i++) {
			if (b.to[i].port == to.port) {
				gm[g] = b.m[i];
				gp[g++] = b.p[i];
			} else {
				b.m[rest] = b.m[i];
				b.p[rest] = b.p[i];
				b.to[rest++] = b.to[i];
			}
		}
		deliver(w, &to, gm, gp, g);
		kept = rest;
	}
}

/* --- fragments ------------------------------------------------------------------------------------------------------ */
/* Runs one fragment through a port's virtual reassembly and, if it is a first one, its connections.
 * @param m  kept by the reassembly when the answer is FH_FRAG_HELD
 * Return: true when it passes now. */
static bool fragment_passes(struct worker *w, const struct port_view *v, enum fh_direction dir, struct rte_mbuf *m, struct fh_pkt *p,
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
		judge(w, v, dir, &p, &data, &seg_len, &verdict, 1);
		fh_frag_decide(port->frag[dir], p, &verdict);
		reason = verdict.reason;
		pass = verdict.action == FH_CT_PASS;
		*judged = true;
	}
	rte_spinlock_unlock(&port->frag_lock[dir]);
	if (step == FH_FRAG_PASS || pass)
		return true;
	if (step != FH_FRAG_HELD)
		drop(w, port, m, reason);
	return false;
}

static struct rte_mbuf *next_held(struct worker *w, struct port *port, enum fh_direction dir, uint8_t *reason)
{
	rte_spinlock_lock(&port->frag_lock[dir]);
	struct rte_mbuf *m = fh_frag_next_held(port->frag[dir], w->now_ns, reason);
	rte_spinlock_unlock(&port->frag_lock[dir]);
	return m;
}

static void output_fragment(struct worker *w, const struct port_view *dst, struct rte_mbuf *m)
{
	struct fh_pkt pkt, *p = &pkt;
	struct route to = { .mode = &route_local, .port = dst };
	if (fh_pkt_parse(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, m->pkt_len, p)) {
		p->hash = 0;
		to.mode->output(w, &to, &m, &p, 1);
	} else {
		drop(w, dst->port, m, p->reason);
	}
}

static void release_held_ingress(struct worker *w, const struct port_view *dst)
{
	struct rte_mbuf *m;
	uint8_t reason;
	while ((m = next_held(w, dst->port, FH_INGRESS, &reason))) {
		if (reason == FH_DROP_NONE)
			output_fragment(w, dst, m);
		else
			drop(w, dst->port, m, reason);
	}
}

/* After the sender's side let it pass. */
static void fragment_to_receiver(struct worker *w, const struct port_view *src, struct rte_mbuf *m)
{
	struct fh_pkt pkt;
	bool judged;
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	if (!fh_pkt_parse(data, m->data_len, m->pkt_len, &pkt)) {
		drop(w, src->port, m, pkt.reason);
		return;
	}
	struct route to = forward_pick(w->world, src, &pkt, data);
	if (to.mode == &forward_gateway)
		to = (struct route){ .error = ANSWER_E_NONE }; /* it puts nothing together */
	if (!departs(w, src, &to, m, &pkt))
		return;
	if (fragment_passes(w, to.port, FH_INGRESS, m, &pkt, &judged))
		output_fragment(w, to.port, m);
	if (judged)
		release_held_ingress(w, to.port);
}

static void release_held_egress(struct worker *w, const struct port_view *src)
{
	struct rte_mbuf *m;
	uint8_t reason;
	while ((m = next_held(w, src->port, FH_EGRESS, &reason))) {
		if (reason == FH_DROP_NONE)
			fragment_to_receiver(w, src, m);
		else
			drop(w, src->port, m, reason);
	}
}

static void fragment_from_guest(struct worker *w, const struct port_view *v, struct rte_mbuf *m, struct fh_pkt *p)
{
	bool judged;
	if (fragment_passes(w, v, FH_EGRESS, m, p, &judged))
		fragment_to_receiver(w, v, m);
	if (judged)
		release_held_egress(w, v);
}

/* --- housekeeping ---------------------------------------------------------------------------------------------------- */
#define RA_INTERVAL_NS (600 * DP_NS_PER_S)

static void advertise(struct worker *w, const struct port_view *v)
{
	struct port *port = v->port;
	if (w->now_ns < port->next_ra_ns || fh_load_acquire(&port->vid) < 0)
		return;
	port->next_ra_ns = w->now_ns + RA_INTERVAL_NS;
	struct rte_mbuf *m = rte_pktmbuf_alloc(port->pool);
	if (!m)
		return;
	if (answer_write_ra(w->world->segments[v->segment], v, m))
		send_replies(w, v, &m, 1);
	else
		rte_pktmbuf_free(m);
}

void pipeline_housekeeping(struct worker *w, const struct port_view *v)
{
	release_held_egress(w, v);
	release_held_ingress(w, v);
	advertise(w, v);
}
