#include "gro.h"

#include <rte_ip.h>

#include "checksum.h"

#define MOST 65535u /* bytes of an IP packet */

struct head {
	unsigned at;       /* in the burst */
	uint32_t next_seq;
	uint32_t size;     /* payload of each segment */
	unsigned merged;
	bool open;
};

static uint32_t payload_of(const struct fh_pkt *p)
{
	return p->l4_len - (uint32_t)(p->payload_off - p->l4_off);
}

static bool same_flow(const struct fh_pkt *a, const struct fh_pkt *b)
{
	return a->hash == b->hash && (a->flags & FH_PKT_SRC_LO) == (b->flags & FH_PKT_SRC_LO) && memcmp(a->key, b->key, sizeof a->key) == 0;
}

/* Only data, and nothing in the headers that would get lost. */
static bool mergeable(const struct rte_mbuf *m, const struct fh_pkt *p)
{
	bool v6 = p->flags & FH_PKT_V6;
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, p->l3_off);
	return p->kind == FH_PKT_FLOW && p->proto == FH_PROTO_TCP && (p->tcp_flags & ~FH_TCP_PSH) == FH_TCP_ACK && payload_of(p) > 0 &&
	       m->nb_segs == 1 && p->l4_off - p->l3_off == (v6 ? 40 : 20) && (v6 || (ip[6] & 0x40)) && p->l3_off + p->ip_len <= m->pkt_len &&
	       !(m->ol_flags & RTE_MBUF_F_RX_LRO) && (m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) != RTE_MBUF_F_RX_L4_CKSUM_NONE;
}

static bool checksum_right(const struct rte_mbuf *m, const struct fh_pkt *p)
{
	return checksum_sum(rte_pktmbuf_mtod(m, const uint8_t *), p, p->l4_len) == 0xffff;
}

/* Whether b continues what begins with a, header fields considered. */
static bool alike(const struct rte_mbuf *ma, const struct fh_pkt *a, const struct rte_mbuf *mb, const struct fh_pkt *b)
{
	const uint8_t *x = rte_pktmbuf_mtod(ma, const uint8_t *), *y = rte_pktmbuf_mtod(mb, const uint8_t *);
	const uint8_t *ix = x + a->l3_off, *iy = y + b->l3_off;
	if (a->ack != b->ack || a->win != b->win || a->tcp_opt_len != b->tcp_opt_len || a->l3_off != b->l3_off || memcmp(x, y, a->l3_off) != 0)
		return false;
	if (a->flags & FH_PKT_V6 ? memcmp(ix, iy, 4) != 0 || ix[7] != iy[7] : ix[1] != iy[1] || ix[8] != iy[8])
		return false;
	return memcmp(x + a->l4_off + 20, y + b->l4_off + 20, a->tcp_opt_len) == 0;
}

static bool join(struct head *h, struct rte_mbuf *m[], struct fh_pkt *pkts[], unsigned i)
{
	struct rte_mbuf *mh = m[h->at];
	struct fh_pkt *ph = pkts[h->at], *p = pkts[i];
	uint32_t len = payload_of(p);
	if (!h->open || p->seq != h->next_seq || len > h->size || ph->ip_len + len > MOST || !alike(mh, ph, m[i], p))
		return false;
	if (!checksum_right(m[i], p) || (h->merged == 0 && !checksum_right(mh, ph)))
		return false;
	if (h->merged == 0)
		rte_pktmbuf_trim(mh, (uint16_t)(mh->pkt_len - ph->l3_off - ph->ip_len));
	rte_pktmbuf_trim(m[i], (uint16_t)(m[i]->pkt_len - p->l3_off - p->ip_len));
	rte_pktmbuf_adj(m[i], p->payload_off);
	if (rte_pktmbuf_chain(mh, m[i]) != 0)
		return false; /* 65535 buffers: never */
	ph->ip_len += len;
	ph->l4_len += len;
	h->next_seq += len;
	h->merged++;
	if (p->tcp_flags & FH_TCP_PSH)
		rte_pktmbuf_mtod_offset(mh, uint8_t *, ph->l4_off)[13] |= FH_TCP_PSH;
	h->open = len == h->size && !(p->tcp_flags & FH_TCP_PSH);
	return true;
}

/* The headers of a merged packet, as a guest's driver expects them of a large segment: the pseudo header's sum in the checksum. */
static void complete(struct rte_mbuf *m, struct fh_pkt *p, const struct head *h)
{
	uint8_t *d = rte_pktmbuf_mtod(m, uint8_t *), *ip = d + p->l3_off;
	if (p->flags & FH_PKT_V6) {
		fh_put_be16(ip + 4, (uint16_t)(p->ip_len - 40));
	} else {
		fh_put_be16(ip + 2, (uint16_t)p->ip_len);
		fh_put_be16(ip + 10, 0);
		uint16_t sum = (uint16_t)~rte_raw_cksum(ip, 20);
		memcpy(ip + 10, &sum, sizeof sum);
	}
	uint16_t pseudo = checksum_pseudo(d, p, p->l4_len);
	memcpy(d + p->l4_off + 16, &pseudo, sizeof pseudo);
	m->tso_segsz = (uint16_t)h->size;
	m->ol_flags = RTE_MBUF_F_RX_LRO | RTE_MBUF_F_RX_L4_CKSUM_NONE;
	p->wire_segs = (uint16_t)(h->merged + 1);
}

unsigned gro_merge(struct rte_mbuf *m[], struct fh_pkt *pkts[], unsigned n, bool takes4, bool takes6)
{
	struct head heads[64];
	unsigned n_heads = 0, kept = 0;
	bool gone[64] = { false };
	if (n < 2 || n > 64)
		return n;
	for (unsigned i = 0; i < n; i++) {
		struct fh_pkt *p = pkts[i];
		bool fit = (p->flags & FH_PKT_V6 ? takes6 : takes4) && mergeable(m[i], p);
		struct head *h = NULL;
		for (unsigned k = n_heads; k-- > 0 && !h;)
			if (same_flow(pkts[heads[k].at], p))
				h = &heads[k];
		if (fit && h && join(h, m, pkts, i)) {
			gone[i] = true;
			continue;
		}
		if (h)
			h->open = false; /* whatever follows comes after this one */
		if (fit)
			heads[n_heads++] = (struct head){ .at = i, .next_seq = p->seq + payload_of(p), .size = payload_of(p), .open = !(p->tcp_flags & FH_TCP_PSH) };
	}
	for (unsigned k = 0; k < n_heads; k++)
		if (heads[k].merged)
			complete(m[heads[k].at], pkts[heads[k].at], &heads[k]);
	for (unsigned i = 0; i < n; i++) {
		if (gone[i])
			continue;
		m[kept] = m[i];
		pkts[kept++] = pkts[i];
	}
	return kept;
}
