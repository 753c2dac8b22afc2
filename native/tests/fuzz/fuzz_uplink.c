/*
 * What comes from an uplink: tags, tunnels, parsing, merging.
 *
 * The input is a sequence of frames, each behind a length and a byte of flags (a tag taken out by the device). Checked beyond
 * the sanitizers: a frame that is taken in lies inside its buffer, belongs to a network that the world has, and merging loses
 * or invents no byte.
 */
#include <rte_mbuf.h>
#include <stdlib.h>

#include "gro.h"
#include "unwrap.h"

#define FRAMES 16u
#define SIZE 2048u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static struct segment_view segments[4];
static struct world world;
static struct uplink_view uplink;

static void make_world(void)
{
	const uint8_t address[4] = { 192, 0, 2, 1 }, peer[4] = { 192, 0, 2, 2 };
	uint32_t vtep;
	memcpy(&uplink.address, address, 4);
	memcpy(&vtep, peer, 4);
	memcpy(uplink.mac, "\2\0\0\0\0\1", 6);
	uplink.udp_port = 4789;
	uplink.lookup = fh_lookup_new(8, 1);
	must(uplink.lookup != NULL);
	fh_lookup_add(uplink.lookup, fh_key_vtep(vtep), 0);
	fh_lookup_add(uplink.lookup, fh_key_vni(7), 0);
	fh_lookup_add(uplink.lookup, fh_key_tags(100u << 16), 1);
	fh_lookup_add(uplink.lookup, fh_key_tags(200u << 16 | 100), 2);
	fh_lookup_add(uplink.lookup, fh_key_tags(0), 3);
	for (unsigned i = 0; i < 4; i++)
		world.segments[i] = &segments[i];
}

/* A buffer of its own size, so that a byte too far is seen. */
static struct rte_mbuf *buffer(const uint8_t *data, uint16_t len, uint8_t flags)
{
	struct rte_mbuf *m = calloc(1, sizeof *m);
	uint8_t *b = malloc((size_t)RTE_PKTMBUF_HEADROOM + len);
	must(m && b);
	memcpy(b + RTE_PKTMBUF_HEADROOM, data, len);
	m->buf_addr = b;
	m->buf_len = (uint16_t)(RTE_PKTMBUF_HEADROOM + len);
	m->data_off = RTE_PKTMBUF_HEADROOM;
	m->nb_segs = 1;
	m->data_len = len;
	m->pkt_len = len;
	if (flags & 1) {
		m->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
		m->vlan_tci = flags & 2 ? 200 : 100;
	}
	return m;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct rte_mbuf *all[FRAMES], *m[FRAMES];
	struct fh_pkt pkts[FRAMES], *p[FRAMES];
	unsigned n = 0, kept = 0;
	uint64_t payload = 0, left = 0;
	if (!ready)
		make_world();
	ready = true;
	while (size >= 3 && n < FRAMES) {
		uint16_t len = (uint16_t)(fh_be16(data) % SIZE);
		uint8_t flags = data[2];
		len = len < size - 3 ? len : (uint16_t)(size - 3);
		struct rte_mbuf *b = all[n++] = buffer(data + 3, len, flags);
		struct arrival a;
		data += 3 + len;
		size -= 3u + len;
		if (unwrap(&world, &uplink, b, &a) != FH_DROP_NONE)
			continue;
		must(b->data_off + b->data_len <= b->buf_len && b->pkt_len == b->data_len && a.segment >= segments && a.segment < segments + 4);
		if (!fh_pkt_parse(rte_pktmbuf_mtod(b, const uint8_t *), b->data_len, b->pkt_len, &pkts[kept]))
			continue;
		pkts[kept].hash = pkts[kept].key[0] ^ pkts[kept].key[1];
		if (pkts[kept].kind == FH_PKT_FLOW && pkts[kept].proto == FH_PROTO_TCP)
			payload += pkts[kept].l4_len - (uint32_t)(pkts[kept].payload_off - pkts[kept].l4_off);
		m[kept] = b;
		p[kept] = &pkts[kept];
		kept++;
	}
	kept = gro_merge(m, p, kept, true, true);
	for (unsigned i = 0; i < kept; i++) {
		if (p[i]->kind == FH_PKT_FLOW && p[i]->proto == FH_PROTO_TCP)
			left += p[i]->l4_len - (uint32_t)(p[i]->payload_off - p[i]->l4_off);
		uint32_t bytes = 0;
		for (const struct rte_mbuf *s = m[i]; s; s = s->next)
			bytes += s->data_len;
		must(bytes == m[i]->pkt_len);
	}
	must(left == payload);
	for (unsigned i = 0; i < n; i++) {
		free(all[i]->buf_addr);
		free(all[i]);
	}
	return 0;
}
