/*
 * The mode of NICs on other hosts: the frame in VXLAN (RFC 7348) over IPv4 to the tunnel end of the host that has them.
 *
 * The UDP source port comes from the inner packet's hash, so that receivers and switches spread connections. The outer packet
 * is never fragmented: senders were told the MTU that is left. An outer UDP checksum would protect nothing that the inner ones
 * do not: it is zero.
 */
#include "checksum.h"
#include "route_wire.h"

#define HEADERS (14 + 20 + 8 + 8)

struct tunnel {
	const struct uplink_view *u;
	const struct route *to;
	uint8_t mac[6]; /* of the next hop */
};

static void write_ip(uint8_t *ip, uint32_t len, uint32_t src, uint32_t dst)
{
	memset(ip, 0, 20);
	ip[0] = 0x45;
	fh_put_be16(ip + 2, (uint16_t)len);
	ip[6] = 0x40; /* do not fragment */
	ip[8] = 64;
	ip[9] = FH_PROTO_UDP;
	memcpy(ip + 12, &src, 4);
	memcpy(ip + 16, &dst, 4);
	uint16_t sum = (uint16_t)~rte_raw_cksum(ip, 20);
	memcpy(ip + 10, &sum, sizeof sum);
}

static uint8_t wrap(void *arg, struct rte_mbuf *frame, const struct fh_pkt *pkt)
{
	const struct tunnel *t = arg;
	uint32_t inner = frame->pkt_len;
	uint8_t *d = (uint8_t *)rte_pktmbuf_prepend(frame, HEADERS);
	if (!d)
		return FH_DROP_TOO_BIG;
	memcpy(d, t->mac, 6);
	memcpy(d + 6, t->u->mac, 6);
	fh_put_be16(d + 12, 0x0800);
	write_ip(d + 14, 36 + inner, t->u->address, t->to->remote->vtep);
	uint8_t *udp = d + 34, *vxlan = d + 42;
	fh_put_be16(udp, (uint16_t)(0xc000 | (pkt->hash >> 32 & 0x3fff)));
	fh_put_be16(udp + 2, t->u->udp_port);
	fh_put_be16(udp + 4, (uint16_t)(16 + inner));
	fh_put_be16(udp + 6, 0);
	fh_put_be32(vxlan, 0x08000000); /* the VNI is valid */
	fh_put_be32(vxlan + 4, t->to->segment->vni << 8);
	return t->u->vlan ? wire_tag(frame, 0x8100, t->u->vlan) : FH_DROP_NONE;
}

static void output(struct worker *w, const struct route *to, struct rte_mbuf *m[], struct fh_pkt *const pkts[], unsigned n)
{
	struct tunnel t = { .u = w->world->uplinks[to->segment->uplink], .to = to };
	if (uplink_next_hop(w, t.u, to->remote->vtep, t.mac)) {
		wire_output(w, to, m, pkts, n, wrap, &t);
		return;
	}
	uplink_count_drop(&t.u->uplink->queues[w->id], FH_DROP_NO_ROUTE, n);
	rte_pktmbuf_free_bulk(m, n);
}

const struct fh_route_mode route_vxlan = { .name = "vxlan", .overhead = HEADERS, .output = output };
