/*
 * The mode of routes that say no: the sender is told at once instead of waiting for a timeout. TCP gets a reset, as if the
 * other end had sent it; everything else an ICMP error (administratively prohibited).
 *
 * The answer is written into the packet's own buffer, goes to who sent it, and is no connection's. It is bounded like all of
 * the gateway's errors.
 */
#include "answer.h"
#include "checksum.h"
#include "route.h"

static void swap(uint8_t *a, uint8_t *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t t = a[i];
		a[i] = b[i];
		b[i] = t;
	}
}

/* RFC 9293, 3.10.7.1: a reset that the sender of the segment accepts. Return: false: none is due. */
static bool write_reset(struct rte_mbuf *m, const struct fh_pkt *p)
{
	bool v6 = p->flags & FH_PKT_V6;
	uint32_t length = p->l4_len - (uint32_t)(p->payload_off - p->l4_off) + !!(p->tcp_flags & FH_TCP_SYN) + !!(p->tcp_flags & FH_TCP_FIN);
	if (p->tcp_flags & FH_TCP_RST || p->l4_off - p->l3_off != (v6 ? 40 : 20))
		return false;
	if (m->next) {
		rte_pktmbuf_free(m->next);
		m->next = NULL;
		m->nb_segs = 1;
		m->pkt_len = m->data_len;
	}
	uint8_t *d = answer_resize(m, p->l4_off + 20u);
	if (!d)
		return false;
	uint8_t *ip = d + p->l3_off, *tcp = d + p->l4_off;
	swap(d, d + 6, 6);
	swap(ip + (v6 ? 8 : 12), ip + (v6 ? 24 : 16), v6 ? 16 : 4);
	swap(tcp, tcp + 2, 2);
	bool acked = p->tcp_flags & FH_TCP_ACK;
	fh_put_be32(tcp + 4, acked ? p->ack : 0);
	fh_put_be32(tcp + 8, acked ? 0 : p->seq + length);
	tcp[12] = 5 << 4;
	tcp[13] = acked ? FH_TCP_RST : FH_TCP_RST | FH_TCP_ACK;
	memset(tcp + 14, 0, 6);
	ip[v6 ? 7 : 8] = 64;
	if (v6) {
		fh_put_be16(ip + 4, 20);
	} else {
		fh_put_be16(ip + 2, 40);
		fh_put_be16(ip + 10, 0);
		uint16_t header = (uint16_t)~rte_raw_cksum(ip, 20);
		memcpy(ip + 10, &header, sizeof header);
	}
	uint16_t sum = (uint16_t)~checksum_sum(d, p, 20);
	memcpy(tcp + 16, &sum, sizeof sum);
	return true;
}

static bool write_answer(const struct worker *w, const struct route *to, struct rte_mbuf *m, struct fh_pkt *p)
{
	struct question q = { .world = w->world, .port = to->sender, .segment = to->segment, .m = m, .pkt = p };
	if (p->kind == FH_PKT_FLOW && p->proto == FH_PROTO_TCP)
		return write_reset(m, p);
	return answer_icmp_error(&q, ANSWER_E_PROHIBITED, 0) == ANSWER_REPLY;
}

static void output(struct worker *w, const struct route *to, struct rte_mbuf *m[], struct fh_pkt *const pkts[], unsigned n)
{
	struct port *port = to->sender->port;
	struct route back = { .mode = &route_local, .port = to->sender, .segment = to->segment, .traffic = FH_TRAFFIC_SERVICE };
	struct fh_pkt plain = { 0 }, *p[DP_BURST];
	unsigned kept = 0;
	for (unsigned i = 0; i < n; i++) {
		route_count_drop(w, port, FH_DROP_NO_ROUTE);
		if (answer_error_allowed(&port->counters[w->id], w->now_ns) && write_answer(w, to, m[i], pkts[i])) {
			p[kept] = &plain;
			m[kept++] = m[i];
		} else {
			rte_pktmbuf_free(m[i]);
		}
	}
	if (kept)
		route_local.output(w, &back, m, p, kept);
}

const struct fh_route_mode route_reject = { .name = "reject", .output = output };
