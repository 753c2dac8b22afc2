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
 *   per destination: the receiver's rules   deliver.h
 *   if it is on this host, out
 *
 * Fragments leave the burst and walk the same steps one by one (they need a hold queue between judging the first piece
 * and passing the others), which keeps the common path free of them.
 *
 * No allocation, no lock and no system call happens per packet. Every packet is freed exactly once: by output(), by
 * drop(), or when its fragment hold ends.
 */
#include "pipeline.h"

#include "deliver.h"
#include "forward.h"
#include "traffic.h"

#define MAX_FRAME (65535 + 14)
#define MAX_SEGMENTS 64
#define MIN_SEGMENT_SIZE 48 /* Linux's TCP_MIN_SND_MSS */

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

static struct question question_of(const struct worker *w, const struct port_view *v, struct rte_mbuf *m, struct fh_pkt *p)
{
	return (struct question){
		.world = w->world, .port = v, .segment = w->world->segments[v->segment], .m = m, .pkt = p,
		.view = { rte_pktmbuf_mtod(m, const uint8_t *), m->data_len },
	};
}

static uint32_t wire_packets(const struct fh_pkt *p)
{
	return p->wire_segs ? p->wire_segs : 1;
}

static uint32_t wire_bytes(const struct rte_mbuf *m, const struct fh_pkt *p)
{
	return m->pkt_len + (wire_packets(p) - 1) * p->payload_off;
}

/* One packet that leaves the port on its own. */
static void count_departure(const struct worker *w, const struct port_view *v, const struct rte_mbuf *m, const struct fh_pkt *p, uint8_t traffic)
{
	traffic_count(&v->port->traffic->workers[w->id].from_guest[traffic], wire_packets(p), wire_bytes(m, p));
}

/* Local answers. Return: true when the packet is dealt with. */
static bool answered(struct worker *w, const struct port_view *v, struct burst *b, struct rte_mbuf *m, struct fh_pkt *p,
		     enum answer (*answer)(struct question *, uint8_t *))
{
	uint8_t reason = FH_DROP_RATE_LIMITED;
	enum answer a = ANSWER_DROP;
	struct question q = question_of(w, v, m, p);
	uint32_t bytes = m->pkt_len; /* the answer takes its place */
	if (answer_allowed(&v->port->counters[w->id], w->now_ns))
		a = answer(&q, &reason);
	if (a == ANSWER_REPLY || a == ANSWER_CONSUMED)
		traffic_count(&v->port->traffic->workers[w->id].from_guest[FH_TRAFFIC_SERVICE], 1, bytes);
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
	deliver_drop(w, v->port, m, reason);
	return true;
}

static void fragment_from_guest(struct worker *w, const struct port_view *v, struct rte_mbuf *m, struct fh_pkt *p);

/* Takes one packet into the burst, or deals with it otherwise. */
static void admit(struct worker *w, const struct port_view *v, struct burst *b, struct rte_mbuf *m, struct fh_pkt *p)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	uint8_t reason;
	if (fh_unlikely(!fh_pkt_parse(data, m->data_len, m->pkt_len, p))) {
		deliver_drop(w, v->port, m, p->reason);
		return;
	}
	reason = check_source(v, p, data);
	if (fh_likely(reason == FH_DROP_NONE))
		reason = check_offload(m, p);
	if (fh_unlikely(reason != FH_DROP_NONE)) {
		deliver_drop_packet(w, v->port, FH_EGRESS, m, p, reason, NULL);
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

/* --- out ------------------------------------------------------------------------------------------------------------ */
/* Sends answers to the port that asked; they are no connections. */
static void send_replies(struct worker *w, const struct port_view *v, struct rte_mbuf *m[], unsigned n)
{
	struct fh_pkt pkts[DP_BURST], *p[DP_BURST];
	struct route self = { .mode = &route_local, .port = v, .traffic = FH_TRAFFIC_SERVICE };
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
	deliver_note_drop(w, v->port, FH_EGRESS, p, forward_reason(e), NULL);
	if (e != ANSWER_E_NONE && answer_error_allowed(&v->port->counters[w->id], w->now_ns) &&
	    answer_icmp_error(&q, e, mtu) == ANSWER_REPLY)
		send_replies(w, v, &m, 1);
	else
		rte_pktmbuf_free(m);
}

static void to_gateway(struct worker *w, const struct port_view *v, struct rte_mbuf *m, struct fh_pkt *p)
{
	uint8_t reason = FH_DROP_RATE_LIMITED;
	struct question q = question_of(w, v, m, p);
	if (!answer_allowed(&v->port->counters[w->id], w->now_ns)) {
		deliver_drop(w, v->port, m, reason);
		return;
	}
	count_departure(w, v, m, p, FH_TRAFFIC_SERVICE);
	if (answer_ping(&q, &reason) != ANSWER_REPLY) {
		send_back(w, v, m, p, ANSWER_E_PORT, 0);
		return;
	}
	/* The answer is part of the connection that the request opened. */
	struct route self = { .mode = &route_local, .port = v, .traffic = FH_TRAFFIC_SERVICE };
	if (!fh_pkt_parse(q.view.p, m->data_len, m->pkt_len, p)) {
		deliver_drop(w, v->port, m, p->reason);
		return;
	}
	fh_hash_burst(&dp.hash, &p, 1);
	deliver(w, &self, &m, &p, 1);
}

/* The sender's inside address becomes its public one. What goes to the public address of a port on this host then comes in again.
 * Return: false: it was dropped. */
static bool crosses(struct worker *w, const struct port_view *v, const struct route *to, struct rte_mbuf *m, struct fh_pkt *p,
		    const struct fh_ct_verdict *verdict)
{
	if (!verdict || !deliver_translate(v, FH_EGRESS, m, p, verdict)) {
		deliver_drop_packet(w, v->port, FH_EGRESS, m, p, FH_DROP_NAT_PORTS, NULL);
		return false;
	}
	if (to->border != ROUTE_BACK)
		return true;
	uint16_t segments = p->wire_segs;
	if (!fh_pkt_parse(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, m->pkt_len, p)) {
		deliver_drop(w, v->port, m, p->reason);
		return false;
	}
	p->wire_segs = segments;
	p->flags |= FH_PKT_TRANSLATE;
	fh_hash_burst(&dp.hash, &p, 1);
	return true;
}

/* After the sender's rules. Return: whether the packet is to be delivered; otherwise it is dealt with. */
static inline bool departs(struct worker *w, const struct port_view *v, const struct route *to, struct rte_mbuf *m, struct fh_pkt *p,
			   const struct fh_ct_verdict *verdict)
{
	if (fh_likely(to->port && !to->routed))
		return true;
	if (fh_unlikely(!to->mode)) {
		send_back(w, v, m, p, (enum answer_error)to->error, 0);
		return false;
	}
	if (fh_unlikely(to->mode == &forward_gateway)) {
		to_gateway(w, v, m, p);
		return false;
	}
	enum answer_error e = forward_check(to, m, p);
	if (fh_unlikely(e != ANSWER_E_NONE)) {
		send_back(w, v, m, p, e, forward_mtu(to));
		return false;
	}
	if (fh_unlikely(to->border) && !(p->flags & FH_PKT_V6) && !crosses(w, v, to, m, p, verdict))
		return false;
	if (fh_unlikely(!forward_hop(w, to, m, p))) {
		deliver_drop_packet(w, v->port, FH_EGRESS, m, p, FH_DROP_NO_ROUTE, NULL);
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
	for (unsigned i = 0; i < b.n; i++) {
		b.to[i] = i && same_neighbour(&b, i) ? b.to[i - 1] : forward_pick(w->world, v, b.p[i], b.data[i]);
		if (fh_unlikely(b.to[i].border) && !(b.p[i]->flags & FH_PKT_V6))
			b.p[i]->flags |= FH_PKT_TRANSLATE;
	}
	deliver_judge(w, v, FH_EGRESS, b.p, b.data, b.seg_len, b.verdicts, b.n);
	struct fh_traffic left[FH_TRAFFIC_CLASSES] = { 0 };
	unsigned kept = 0;
	for (unsigned i = 0; i < b.n; i++) {
		if (fh_unlikely(b.verdicts[i].action != FH_CT_PASS)) {
			deliver_drop_packet(w, v->port, FH_EGRESS, b.m[i], b.p[i], b.verdicts[i].reason, &b.verdicts[i]);
		} else if (fh_likely(departs(w, v, &b.to[i], b.m[i], b.p[i], &b.verdicts[i]))) {
			b.m[kept] = b.m[i];
			b.p[kept] = b.p[i];
			left[b.to[i].traffic].packets += wire_packets(b.p[i]);
			left[b.to[i].traffic].bytes += wire_bytes(b.m[i], b.p[i]);
			b.to[kept++] = b.to[i];
		}
	}
	for (unsigned t = 0; t < FH_TRAFFIC_CLASSES; t++)
		if (left[t].packets)
			traffic_count(&v->port->traffic->workers[w->id].from_guest[t], left[t].packets, left[t].bytes);
	deliver_spread(w, b.to, b.m, b.p, kept);
}

/* --- fragments ------------------------------------------------------------------------------------------------------ */
/* After the sender's side let it pass. */
static void fragment_to_receiver(struct worker *w, const struct port_view *src, struct rte_mbuf *m)
{
	struct fh_pkt pkt;
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	if (!fh_pkt_parse(data, m->data_len, m->pkt_len, &pkt)) {
		deliver_drop(w, src->port, m, pkt.reason);
		return;
	}
	struct route to = forward_pick(w->world, src, &pkt, data);
	if (to.mode == &forward_gateway)
		to = (struct route){ .error = ANSWER_E_NONE }; /* it puts nothing together */
	pkt.wire_segs = 0;
	if (departs(w, src, &to, m, &pkt, NULL)) {
		count_departure(w, src, m, &pkt, to.traffic);
		deliver_fragment(w, &to, m, &pkt);
	}
}

static void release_held_egress(struct worker *w, const struct port_view *src)
{
	struct rte_mbuf *m;
	uint8_t reason;
	while ((m = deliver_next_held(w, src->port, FH_EGRESS, &reason))) {
		if (reason == FH_DROP_NONE)
			fragment_to_receiver(w, src, m);
		else
			deliver_drop(w, src->port, m, reason);
	}
}

static void fragment_from_guest(struct worker *w, const struct port_view *v, struct rte_mbuf *m, struct fh_pkt *p)
{
	bool judged;
	if (deliver_fragment_passes(w, v, FH_EGRESS, m, p, &judged))
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
	deliver_release_held(w, v);
	advertise(w, v);
}
