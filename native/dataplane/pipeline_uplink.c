/*
 * From an uplink to the NICs on this host.
 *
 *   network and frame                  unwrap()    tunnels only from known ends
 *   parse, who sent it                 arrive()    a NIC that desired state puts elsewhere, or the network's gateway on another host
 *   ARP, neighbour discovery           in tunnels: answered for NICs on this host (links with VLANs: link.c)
 *   the receiver's rules, merging, out deliver.h
 *
 * What comes to a public address crosses the border: found by address and port, judged under the inside tuple, translated
 * (deliver.h).
 *
 * Nothing goes from one uplink to another, or back: what is not for a NIC on this host is dropped.
 */
#include "answer.h"
#include "deliver.h"
#include "forward.h"
#include "pipeline.h"
#include "unwrap.h"

#define OUTSIDE_ERRORS_PER_TICK 50 /* ICMP errors sent to the outside, per worker and 100 ms */

static void refuse(struct uplink_queue *q, struct rte_mbuf *m, uint8_t reason)
{
	uplink_count_drop(q, reason, 1);
	rte_pktmbuf_free(m);
}

/* @param traffic  set to what its packets are (enum fh_traffic_class) */
static bool sender_known(const struct segment_view *s, const uint8_t mac[6], uint8_t *traffic)
{
	*traffic = FH_TRAFFIC_NETWORK;
	uint32_t slot = fh_lookup_find(s->lookup, fh_key_mac(mac));
	if (slot != FH_LOOKUP_ABSENT)
		return slot & FH_LOOKUP_REMOTE;
	/* Routed where it came from. */
	*traffic = FH_TRAFFIC_ROUTED;
	return s->router != DP_NO_ROUTER && memcmp(mac, s->gateway_mac, 6) == 0;
}

/* Return: the NIC on this host that has the address, or NULL. */
static const struct port_view *local_owner(const struct world *world, const struct segment_view *s, bool v6, const uint8_t *addr)
{
	uint32_t slot = fh_lookup_find(s->lookup, v6 ? fh_key_ip6(addr) : fh_key_ip4(addr));
	return slot == FH_LOOKUP_ABSENT || slot & FH_LOOKUP_REMOTE ? NULL : world->ports[slot];
}

static bool owned(const struct segment_view *external, bool v6, const uint8_t *addr)
{
	uint32_t a;
	if (v6)
		return fh_lookup_find(external->lookup, fh_key_ip6(addr)) != FH_LOOKUP_ABSENT;
	memcpy(&a, addr, 4);
	return fh_lookup_find(external->lookup, fh_key_owned(a)) != FH_LOOKUP_ABSENT;
}

/* ARP request or neighbour solicitation through a tunnel. */
static void answer_remote(struct worker *w, const struct uplink_view *u, struct uplink_queue *q, const struct arrival *a, struct rte_mbuf *m, const struct fh_pkt *p)
{
	struct remote_view asker = { .vtep = a->vtep };
	struct route back = { .mode = a->segment->out, .remote = &asker, .segment = a->segment };
	struct fh_pkt plain = { .l3_off = 14 }, *pkt = &plain;
	struct fh_view view = { rte_pktmbuf_mtod(m, const uint8_t *), m->data_len };
	bool v6 = p->kind == FH_PKT_ND;
	const uint8_t *body = fh_view_at(view, p->l3_off, v6 ? 64 : 28);
	const struct port_view *owner = NULL;
	const uint8_t *mac = NULL;
	if (a->segment->external && body && !v6 && fh_be16(body + 6) == 1 && owned(a->segment, false, body + 24))
		mac = u->mac;
	else if (body && v6 && p->l4_off == 54 && body[7] == 255 && body[40] == 135)
		owner = local_owner(w->world, a->segment, true, body + 48);
	else if (body && !v6 && fh_be16(body + 6) == 1)
		owner = local_owner(w->world, a->segment, false, body + 24);
	memcpy(asker.mac, view.p + 6, 6);
	if (owner)
		mac = owner->mac;
	if (!mac || !(v6 ? answer_write_na(m, mac, asker.mac, false) : answer_write_arp(m, mac))) {
		refuse(q, m, FH_DROP_NO_ROUTE);
		return;
	}
	back.mode->output(w, &back, &m, &pkt, 1);
}

/* Fragments may be held: in the receiver's own buffers, so that nobody uses up the uplink's. */
static void fragment(struct worker *w, struct uplink_queue *q, const struct route *to, struct rte_mbuf *m, struct fh_pkt *p)
{
	struct rte_mbuf *own = to->port->port->pool ? rte_pktmbuf_copy(m, to->port->port->pool, 0, UINT32_MAX) : NULL;
	rte_pktmbuf_free(m);
	if (own)
		deliver_fragment(w, to, own, p);
	else
		uplink_count_drop(q, FH_DROP_RECEIVER_FULL, 1);
}

/* The port that has the public address as its own, or FH_LOOKUP_ABSENT. */
static uint32_t external_owner6(const struct segment_view *external, const uint8_t *addr)
{
	uint32_t slot = fh_lookup_find(external->lookup, fh_key_ip6(addr));
	return slot & FH_LOOKUP_REMOTE ? FH_LOOKUP_ABSENT : slot;
}

/* The port that an outside packet is for, or FH_LOOKUP_ABSENT. */
static uint32_t public_owner(const struct segment_view *external, const struct rte_mbuf *m, const struct fh_pkt *p)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	struct fh_pkt inner;
	uint32_t dst;
	if (p->flags & FH_PKT_V6)
		return external_owner6(external, data + p->l3_off + 24);
	memcpy(&dst, data + p->l3_off + 16, 4);
	if (p->kind == FH_PKT_FLOW)
		return forward_public(external, dst, forward_public_port(p));
	/* An error quotes what left with the public tuple. */
	if (p->kind == FH_PKT_ICMP_ERROR && fh_pkt_parse_inner(data, m->data_len, p, &inner))
		return forward_public(external, dst, inner.src_port);
	return FH_LOOKUP_ABSENT;
}

/* What does not fit is told to who sent it, from the address that it was for. Owns m. */
static void tell_outside(struct worker *w, const struct uplink_view *u, struct uplink_queue *q, const struct arrival *a, struct rte_mbuf *m,
			 const struct fh_pkt *p, enum answer_error e, uint32_t mtu)
{
	struct remote_view asker = { .vtep = a->vtep };
	struct route back = { .mode = a->segment->out, .remote = a->vtep ? &asker : NULL, .segment = a->segment };
	struct fh_pkt plain = { .l3_off = 14 }, *pkt = &plain;
	uint64_t tick = w->now_ns / (DP_NS_PER_S / 10);
	memcpy(asker.mac, rte_pktmbuf_mtod_offset(m, const uint8_t *, 6), 6);
	uplink_count_drop(q, forward_reason(e), 1);
	if (q->errors_tick != tick) {
		q->errors_tick = tick;
		q->errors = 0;
	}
	if (q->errors++ < OUTSIDE_ERRORS_PER_TICK &&
	    answer_write_error(m, p, e, mtu, rte_pktmbuf_mtod_offset(m, const uint8_t *, p->l3_off + (p->flags & FH_PKT_V6 ? 24 : 16)), u->mac))
		back.mode->output(w, &back, &m, &pkt, 1);
	else
		rte_pktmbuf_free(m);
}

/* Return: FH_DROP_NONE with *to, or why the packet does not cross. *e: it would, but does not fit. */
static uint8_t from_outside(struct worker *w, const struct uplink_view *u, const struct segment_view *external, struct rte_mbuf *m, struct fh_pkt *p,
			    struct route *to, enum answer_error *e)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	bool v6 = p->flags & FH_PKT_V6;
	if (memcmp(data, u->mac, 6) != 0)
		return FH_DROP_NO_ROUTE;
	if (p->kind == FH_PKT_FRAGMENT && !v6)
		return FH_DROP_FRAGMENT_INVALID; /* later ones have no ports to translate */
	if (owned(external, v6, data + p->l3_off + (v6 ? 8 : 12)))
		return FH_DROP_SPOOFED_IP;
	uint32_t slot = public_owner(external, m, p);
	if (slot == FH_LOOKUP_ABSENT)
		return FH_DROP_NO_ROUTE;
	const struct port_view *dst = w->world->ports[slot];
	*to = (struct route){ .mode = fh_load(&dst->port->vid) < 0 ? &route_drop : &route_local, .port = dst,
			      .segment = w->world->segments[dst->segment], .routed = 1, .border = ROUTE_IN, .traffic = FH_TRAFFIC_EXTERNAL, .merge = 1 };
	*e = forward_check(to, m, p);
	if (*e != ANSWER_E_NONE)
		return forward_reason(*e);
	if (!v6)
		p->flags |= FH_PKT_TRANSLATE;
	p->wire_segs = 0;
	return forward_hop(w, to, m, p) ? FH_DROP_NONE : FH_DROP_NO_ROUTE;
}

/* Return: whether the packet is to be delivered; otherwise it is dealt with. */
static bool arrive(struct worker *w, const struct uplink_view *u, struct uplink_queue *q, struct rte_mbuf *m, struct fh_pkt *p, struct route *to)
{
	struct arrival a;
	uint8_t traffic = FH_TRAFFIC_NETWORK, reason = unwrap(w->world, u, m, &a);
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	if (reason == FH_DROP_NONE && !fh_pkt_parse(data, m->data_len, m->pkt_len, p))
		reason = p->reason;
	if (reason == FH_DROP_NONE && a.segment->external && p->kind != FH_PKT_ARP && p->kind != FH_PKT_ND) {
		enum answer_error e = ANSWER_E_NONE;
		reason = from_outside(w, u, a.segment, m, p, to, &e);
		if (fh_unlikely(reason == FH_DROP_NONE && p->kind == FH_PKT_FRAGMENT)) {
			fragment(w, q, to, m, p);
			return false;
		}
		if (fh_likely(reason == FH_DROP_NONE))
			return true;
		if (e != ANSWER_E_NONE) {
			tell_outside(w, u, q, &a, m, p, e, forward_mtu(to));
			return false;
		}
	} else if (reason == FH_DROP_NONE && !a.segment->external && !sender_known(a.segment, data + 6, &traffic)) {
		reason = FH_DROP_SPOOFED_MAC;
	}
	if (fh_unlikely(reason != FH_DROP_NONE)) {
		refuse(q, m, reason);
		return false;
	}
	if (fh_unlikely(p->kind == FH_PKT_ARP || p->kind == FH_PKT_ND)) {
		if (a.vtep)
			answer_remote(w, u, q, &a, m, p);
		else
			rte_pktmbuf_free(m);
		return false;
	}
	uint32_t slot = fh_lookup_find(a.segment->lookup, fh_key_mac(data));
	if (fh_unlikely(slot == FH_LOOKUP_ABSENT || slot & FH_LOOKUP_REMOTE || p->kind == FH_PKT_MLD)) {
		refuse(q, m, FH_DROP_NO_ROUTE);
		return false;
	}
	const struct port_view *dst = w->world->ports[slot];
	*to = (struct route){ .mode = fh_load(&dst->port->vid) < 0 ? &route_drop : &route_local, .port = dst, .segment = a.segment, .traffic = traffic, .merge = 1 };
	p->wire_segs = 0;
	if (fh_unlikely(p->kind == FH_PKT_FRAGMENT)) {
		fragment(w, q, to, m, p);
		return false;
	}
	return true;
}

void pipeline_from_uplink(struct worker *w, struct uplink_queue *q, struct rte_mbuf *m[], unsigned n)
{
	const struct uplink_view *u = w->world->uplinks[q->uplink->index];
	struct fh_pkt pkts[DP_BURST], *p[DP_BURST];
	struct route to[DP_BURST];
	unsigned kept = 0;
	for (unsigned i = 0; i < n; i++) {
		if (arrive(w, u, q, m[i], &pkts[kept], &to[kept])) {
			m[kept] = m[i];
			p[kept] = &pkts[kept];
			kept++;
		}
	}
	if (kept == 0)
		return;
	fh_hash_burst(&dp.hash, p, kept);
	deliver_spread(w, to, m, p, kept);
}
