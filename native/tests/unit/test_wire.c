/* What goes over a wire: cutting, merging, unwrapping, neighbours. Properties over seeded random input; DPDK without huge pages. */
#include <rte_eal.h>
#include <rte_mbuf.h>

#include "check.h"
#include "checksum.h"
#include "frames.h"
#include "gro.h"
#include "gso.h"
#include "neigh.h"
#include "unwrap.h"

#define MOST 65000u

static struct rte_mempool *pool;
static struct fh_hash hash;
static uint64_t state = 20261122;

static uint32_t random_below(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16) % n;
}

/* The bytes as a chain of buffers of random sizes; the headers lie in the first. */
static struct rte_mbuf *chain(const uint8_t *data, uint32_t len, uint32_t headers)
{
	struct rte_mbuf *first = NULL;
	for (uint32_t at = 0; at < len;) {
		uint32_t n = first ? 1 + random_below(2000) : headers + random_below(2000 - headers);
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
		REQUIRE(m);
		n = n < len - at ? n : len - at;
		memcpy(rte_pktmbuf_append(m, (uint16_t)n), data + at, n);
		at += n;
		if (first)
			REQUIRE(rte_pktmbuf_chain(first, m) == 0);
		else
			first = m;
	}
	return first;
}

/* --- cutting and merging ---------------------------------------------------------------------------------------------------- */
struct large {
	uint8_t data[MOST + 200];
	uint32_t len, headers, payload;
	struct fh_pkt pkt;
	struct rte_mbuf *m;
};

static void make_large(struct large *x, bool v6, uint32_t payload, uint16_t mss, uint16_t sport)
{
	uint32_t options = 4 * random_below(6), ip = v6 ? 40 : 20;
	uint8_t *d = x->data, *t = d + 14 + ip;
	x->headers = 14 + ip + 20 + options;
	x->payload = payload;
	x->len = x->headers + payload;
	memset(d, 0, x->headers);
	memcpy(d, "\2\0\0\0\0\1\2\0\0\0\0\2", 12);
	if (v6) {
		fh_put_be16(d + 12, 0x86dd);
		d[14] = 0x60;
		fh_put_be16(d + 18, (uint16_t)(20 + options + payload));
		d[20] = 6;
		d[21] = 64;
		memcpy(d + 22, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2", 32);
	} else {
		fh_put_be16(d + 12, 0x0800);
		d[14] = 0x45;
		fh_put_be16(d + 16, (uint16_t)(40 + options + payload));
		fh_put_be16(d + 18, (uint16_t)random_below(65536));
		d[20] = 0x40;
		d[22] = 64;
		d[23] = 6;
		memcpy(d + 26, "\x0a\0\0\1\x0a\0\0\2", 8);
	}
	fh_put_be16(t, sport);
	fh_put_be16(t + 2, 80);
	fh_put_be32(t + 4, 0xffffff00u + random_below(512)); /* wraps */
	fh_put_be32(t + 8, 77);
	t[12] = (uint8_t)((5 + options / 4) << 4);
	t[13] = FH_TCP_ACK | (random_below(2) ? FH_TCP_PSH : 0);
	fh_put_be16(t + 14, 1000);
	memset(t + 20, 1, options);
	for (uint32_t i = 0; i < payload; i++)
		d[x->headers + i] = (uint8_t)random_below(256);
	x->m = chain(d, x->len, x->headers);
	x->m->tso_segsz = mss;
	x->m->ol_flags = RTE_MBUF_F_RX_LRO | RTE_MBUF_F_RX_L4_CKSUM_NONE;
	REQUIRE(fh_pkt_parse(rte_pktmbuf_mtod(x->m, const uint8_t *), x->m->data_len, x->m->pkt_len, &x->pkt));
}

static bool whole_checksum_right(const uint8_t *d, const struct fh_pkt *p)
{
	bool v6 = p->flags & FH_PKT_V6;
	return checksum_sum(d, p, p->l4_len) == 0xffff && (v6 || rte_raw_cksum(d + p->l3_off, 20) == 0xffff);
}

/* Cuts and checks each piece. Return: number of pieces, in out[]. */
static unsigned cut(const struct large *x, uint16_t mss, struct rte_mbuf *out[], struct fh_pkt pkts[])
{
	struct gso g;
	unsigned n = 0;
	uint32_t at = 0, size;
	REQUIRE(gso_begin(&g, x->m, &x->pkt, 65535));
	while ((size = gso_next(&g))) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
		uint8_t *d = m ? (uint8_t *)rte_pktmbuf_append(m, (uint16_t)size) : NULL;
		REQUIRE(d && n < 64);
		gso_write(&g, d);
		struct fh_pkt *p = &pkts[n];
		CHECK(fh_pkt_parse(d, size, size, p) && p->l3_off + p->ip_len == size && whole_checksum_right(d, p));
		CHECK_EQ(p->seq, x->pkt.seq + at);
		uint32_t payload = size - x->headers;
		CHECK(payload == mss || at + payload == x->payload);
		CHECK(memcmp(d + x->headers, x->data + x->headers + at, payload) == 0);
		CHECK((p->tcp_flags & FH_TCP_PSH) == (at + payload == x->payload ? x->pkt.tcp_flags & FH_TCP_PSH : 0));
		at += payload;
		out[n++] = m;
	}
	CHECK_EQ(at, x->payload);
	return n;
}

static void hash_all(struct fh_pkt *p[], unsigned n)
{
	fh_hash_burst(&hash, p, n);
}

static void cut_and_merged_is_the_same(void)
{
	static struct large x;
	struct rte_mbuf *m[64];
	struct fh_pkt pkts[64], *p[64];
	for (unsigned round = 0; round < 300; round++) {
		bool v6 = round % 2;
		uint16_t mss = (uint16_t)(100 + random_below(1300));
		uint32_t most = 31u * mss;
		make_large(&x, v6, 1 + random_below(most < MOST - 200 ? most : MOST - 200), mss, 4000);
		unsigned n = cut(&x, mss, m, pkts);
		for (unsigned i = 0; i < n; i++)
			p[i] = &pkts[i];
		hash_all(p, n);
		unsigned left = gro_merge(m, p, n, true, true);
		CHECK_EQ(left, 1);
		struct fh_pkt again;
		const uint8_t *d = rte_pktmbuf_mtod(m[0], const uint8_t *);
		CHECK_EQ(m[0]->pkt_len, x.len);
		CHECK(fh_pkt_parse(d, m[0]->data_len, m[0]->pkt_len, &again) && again.seq == x.pkt.seq && again.ip_len == x.pkt.ip_len &&
		      again.tcp_flags == x.pkt.tcp_flags);
		uint8_t flat[2048];
		for (uint32_t at = 0; at < x.payload; at += 1024) {
			uint32_t size = x.payload - at < 1024 ? x.payload - at : 1024;
			const void *from = rte_pktmbuf_read(m[0], x.headers + at, size, flat);
			CHECK(from && memcmp(from, x.data + x.headers + at, size) == 0);
		}
		if (n > 1) {
			CHECK(m[0]->ol_flags == (RTE_MBUF_F_RX_LRO | RTE_MBUF_F_RX_L4_CKSUM_NONE) && m[0]->tso_segsz == mss);
			CHECK_EQ(p[0]->wire_segs, n);
		} else {
			CHECK(m[0]->ol_flags == 0 && whole_checksum_right(d, p[0]));
		}
		rte_pktmbuf_free(m[0]);
		rte_pktmbuf_free(x.m);
	}
}

static void what_does_not_fit_is_not_cut(void)
{
	static struct large x;
	struct gso g;
	make_large(&x, false, 10000, 1400, 4000);
	CHECK(!gso_begin(&g, x.m, &x.pkt, 1400));
	CHECK(gso_begin(&g, x.m, &x.pkt, 1400 + x.headers - 14));
	x.m->tso_segsz = 0;
	CHECK(!gso_begin(&g, x.m, &x.pkt, 65535));
	rte_pktmbuf_free(x.m);
}

/* Two flows interleaved, with losses, swaps and broken checksums: within a flow the order stays, no byte changes, nothing
 * broken is hidden. */
static void merging_keeps_order_and_bytes(void)
{
	static struct large x[2];
	for (unsigned round = 0; round < 400; round++) {
		struct rte_mbuf *m[64], *all[2][64];
		static struct fh_pkt pkts[2][64];
		struct fh_pkt *p[64];
		uint32_t expected[64], n = 0, count[2], at[2] = { 0, 0 }, broken = 0;
		for (unsigned k = 0; k < 2; k++) {
			make_large(&x[k], k, 1 + random_below(20000), 1000, (uint16_t)(4000 + k));
			count[k] = cut(&x[k], 1000, all[k], pkts[k]);
		}
		while (n < 32 && (at[0] < count[0] || at[1] < count[1])) {
			unsigned k = random_below(2), i = at[k];
			if (i >= count[k])
				continue;
			at[k]++;
			uint32_t fate = random_below(20);
			if (fate == 0) {
				rte_pktmbuf_free(all[k][i]);
				continue;
			}
			if (fate == 1) {
				rte_pktmbuf_mtod(all[k][i], uint8_t *)[x[k].headers] ^= 1;
				broken |= 1u << n;
			}
			expected[n] = k << 16 | i;
			m[n] = all[k][i];
			p[n++] = &pkts[k][i];
		}
		hash_all(p, n);
		uint32_t sizes[2] = { 0, 0 }, seen[2] = { 0, 0 }, before = n;
		for (uint32_t i = 0; i < n; i++)
			sizes[expected[i] >> 16] += p[i]->l4_len - (uint32_t)(p[i]->payload_off - p[i]->l4_off);
		uint32_t last[2] = { 0, 0 };
		unsigned left = gro_merge(m, p, n, true, random_below(4) != 0);
		CHECK(left <= before);
		for (unsigned i = 0; i < left; i++) {
			unsigned k = p[i]->src_port - 4000u;
			uint32_t len = p[i]->l4_len - (uint32_t)(p[i]->payload_off - p[i]->l4_off), off = p[i]->seq - x[k].pkt.seq;
			uint8_t flat[40000];
			CHECK(off >= last[k]); /* in order */
			last[k] = off + len;
			seen[k] += len;
			const uint8_t *from = rte_pktmbuf_read(m[i], x[k].headers, len, flat);
			bool same = from && memcmp(from, x[k].data + x[k].headers + off, len) == 0;
			if (m[i]->ol_flags & RTE_MBUF_F_RX_LRO)
				CHECK(same && len > 1000);
			else
				CHECK(same == whole_checksum_right(rte_pktmbuf_mtod(m[i], const uint8_t *), p[i]));
			CHECK(rte_pktmbuf_pkt_len(m[i]) == x[k].headers + len);
		}
		CHECK(seen[0] == sizes[0] && seen[1] == sizes[1]);
		for (unsigned i = 0; i < left; i++)
			rte_pktmbuf_free(m[i]);
		for (unsigned k = 0; k < 2; k++) {
			for (unsigned i = at[k]; i < count[k]; i++)
				rte_pktmbuf_free(all[k][i]);
			rte_pktmbuf_free(x[k].m);
		}
	}
	CHECK_EQ(rte_mempool_in_use_count(pool), 0);
}

/* --- unwrapping ------------------------------------------------------------------------------------------------------------------ */
static struct world world;
static struct segment_view segment;
static struct uplink_view uplink;

static void make_world(void)
{
	const uint8_t address[4] = { 192, 0, 2, 1 }, peer[4] = { 192, 0, 2, 2 };
	uint32_t vtep;
	memcpy(&uplink.address, address, 4);
	memcpy(&vtep, peer, 4);
	memcpy(uplink.mac, "\2\0\0\0\0\1", 6);
	uplink.udp_port = 4789;
	REQUIRE((uplink.lookup = fh_lookup_new(8, 1)));
	REQUIRE(fh_lookup_add(uplink.lookup, fh_key_vtep(vtep), 0) && fh_lookup_add(uplink.lookup, fh_key_vni(7), 0) &&
		fh_lookup_add(uplink.lookup, fh_key_tags(100u << 16), 0) && fh_lookup_add(uplink.lookup, fh_key_tags(200u << 16 | 100), 0));
	world.segments[0] = &segment;
}

static uint32_t tunnelled(uint8_t *o, const uint8_t *inner, uint32_t len)
{
	memset(o, 0, 50);
	memcpy(o, "\2\0\0\0\0\1\2\0\0\0\0\2\x08\0", 14);
	o[14] = 0x45;
	fh_put_be16(o + 16, (uint16_t)(36 + len));
	o[22] = 64;
	o[23] = 17;
	memcpy(o + 26, "\xc0\0\2\2\xc0\0\2\1", 8);
	fh_put_be16(o + 36, 4789);
	fh_put_be16(o + 38, (uint16_t)(16 + len));
	o[42] = 8;
	o[48] = 7;
	memcpy(o + 50, inner, len);
	return 50 + len;
}

static uint8_t take(const uint8_t *frame, uint32_t len, struct rte_mbuf **m, struct arrival *a)
{
	*m = rte_pktmbuf_alloc(pool);
	REQUIRE(*m);
	memcpy(rte_pktmbuf_append(*m, (uint16_t)len), frame, len);
	return unwrap(&world, &uplink, *m, a);
}

static void tunnels_are_opened_with_care(void)
{
	uint8_t inner[256], o[512], tagged[512];
	struct ends e = ends4(0x0a000001, 1, 0x0a000002, 2);
	uint32_t len = frame_udp(inner, &e, 30), n = tunnelled(o, inner, len);
	struct rte_mbuf *m;
	struct arrival a;
	make_world();
	CHECK_EQ(take(o, n, &m, &a), FH_DROP_NONE);
	CHECK(a.segment == &segment && a.vtep && m->pkt_len == len && memcmp(rte_pktmbuf_mtod(m, void *), inner, len) == 0);
	rte_pktmbuf_free(m);
	/* Padding behind the outer packet is not the inner one's. */
	memset(o + n, 0xee, 20);
	CHECK(take(o, n + 20, &m, &a) == FH_DROP_NONE && m->pkt_len == len);
	rte_pktmbuf_free(m);
	o[29] = 3;
	CHECK_EQ(take(o, n, &m, &a), FH_DROP_SPOOFED_IP);
	rte_pktmbuf_free(m);
	o[29] = 2;
	o[48] = 8;
	CHECK_EQ(take(o, n, &m, &a), FH_DROP_NO_ROUTE);
	rte_pktmbuf_free(m);
	o[48] = 7;
	o[20] = 0x20;
	CHECK_EQ(take(o, n, &m, &a), FH_DROP_FRAGMENT_INVALID);
	rte_pktmbuf_free(m);
	o[20] = 0;
	for (uint32_t i = 0; i < n; i++) { /* truncated anywhere, any byte another one: an answer, and lengths that hold */
		uint8_t reason = take(o, i, &m, &a);
		CHECK(reason != FH_DROP_NONE);
		rte_pktmbuf_free(m);
		o[i] ^= 0xff;
		reason = take(o, n, &m, &a);
		CHECK(m->pkt_len <= n && m->data_off + m->data_len <= m->buf_len && (reason != FH_DROP_NONE || a.segment == &segment));
		rte_pktmbuf_free(m);
		o[i] ^= 0xff;
	}
	/* Tags: one, two, in the frame or taken out of it. */
	memcpy(tagged, inner, 12);
	memcpy(tagged + 12, "\x81\0\0\x64", 4);
	memcpy(tagged + 16, inner + 12, len - 12);
	CHECK(take(tagged, len + 4, &m, &a) == FH_DROP_NONE && !a.vtep && m->pkt_len == len && memcmp(rte_pktmbuf_mtod(m, void *), inner, len) == 0);
	rte_pktmbuf_free(m);
	m = rte_pktmbuf_alloc(pool);
	memcpy(rte_pktmbuf_append(m, (uint16_t)(len + 4)), tagged, len + 4);
	m->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	m->vlan_tci = 200;
	CHECK(unwrap(&world, &uplink, m, &a) == FH_DROP_NONE && memcmp(rte_pktmbuf_mtod(m, void *), inner, len) == 0);
	m->vlan_tci = 201;
	CHECK_EQ(unwrap(&world, &uplink, m, &a), FH_DROP_NO_ROUTE);
	rte_pktmbuf_free(m);
	free(uplink.lookup);
}

/* --- neighbours ------------------------------------------------------------------------------------------------------------- */
static uint32_t asked[4096], n_asked;

static void ask(void *arg, uint32_t addr, const uint8_t *mac)
{
	(void)arg;
	(void)mac;
	if (n_asked < 4096)
		asked[n_asked++] = addr;
}

#define S 1000000000ull

static void neighbours_are_found_and_forgotten(void)
{
	struct neighbours *n = neigh_new();
	uint8_t mac[6] = { 2, 1, 2, 3, 4, 5 }, found[6];
	uint64_t now = 1000 * S;
	uint32_t entries, resolved;
	REQUIRE(n);
	CHECK(!neigh_find(n, 42, now, found));
	CHECK(neigh_want(n, 42) && !neigh_want(n, 42));
	neigh_tick(n, now, ask, NULL);
	CHECK(n_asked == 1 && asked[0] == 42);
	neigh_learn(n, 43, mac, now); /* nobody asked */
	CHECK(!neigh_find(n, 43, now, found));
	neigh_learn(n, 42, mac, now);
	CHECK(neigh_find(n, 42, now, found) && memcmp(found, mac, 6) == 0);
	/* Asked again after a while, also by a clock behind the worker's; gone when nobody answers. */
	now += 31 * S;
	CHECK(neigh_find(n, 42, now + S, found));
	neigh_tick(n, now, ask, NULL);
	CHECK_EQ(n_asked, 2);
	for (unsigned i = 0; i < 4; i++) {
		CHECK(neigh_find(n, 42, now, found) == (i < 3));
		now += S;
		neigh_tick(n, now, ask, NULL);
	}
	CHECK(!neigh_find(n, 42, now, found));
	/* What is kept is asked for as long as it is wanted. */
	neigh_keep(n, &(uint32_t){ 50 }, 1);
	n_asked = 0;
	for (unsigned i = 0; i < 3600; i++, now += S)
		neigh_tick(n, now, ask, NULL);
	CHECK(n_asked > 1000 && asked[0] == 50);
	neigh_keep(n, NULL, 0);
	now += 700 * S;
	neigh_tick(n, now, ask, NULL);
	neigh_count(n, &entries, &resolved);
	CHECK(entries == 0 && resolved == 0);
	/* Full, emptied, filled with others: each is found under its own address only. */
	for (unsigned round = 0; round < 5; round++) {
		for (uint32_t i = 1; i <= NEIGH_MAX; i++) {
			uint32_t addr = round * 5000 + i;
			neigh_want(n, addr);
			if (i % 16 == 0)
				neigh_tick(n, now, ask, NULL);
		}
		for (uint32_t i = 1; i <= NEIGH_MAX; i++) {
			uint32_t addr = round * 5000 + i;
			memcpy(mac + 2, &addr, 4);
			neigh_learn(n, addr, mac, now);
		}
		for (uint32_t i = 1; i <= NEIGH_MAX; i++) {
			uint32_t addr = round * 5000 + i;
			CHECK(neigh_find(n, addr, now, found) && memcmp(found + 2, &addr, 4) == 0);
			CHECK(round == 0 || !neigh_find(n, addr - 5000, now, found));
		}
		neigh_want(n, 999999);
		neigh_tick(n, now, ask, NULL);
		CHECK(!neigh_find(n, 999999, now, found)); /* no room: no harm */
		for (unsigned i = 0; i < 800; i++, now += S)
			neigh_tick(n, now, ask, NULL);
		neigh_count(n, &entries, &resolved);
		CHECK_EQ(entries, 0);
	}
	neigh_free(n);
}

int main(void)
{
	char *argv[] = { (char *)"test_wire", (char *)"--no-huge", (char *)"--no-shconf", (char *)"--no-pci", (char *)"--no-telemetry", (char *)"--lcores=0",
			 (char *)"-m", (char *)"64", (char *)"--log-level=error", NULL };
	REQUIRE(rte_eal_init(sizeof argv / sizeof argv[0] - 1, argv) >= 0);
	REQUIRE((pool = rte_pktmbuf_pool_create("test", 4095, 0, 0, 2048 + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY)));
	REQUIRE(fh_hash_seed(&hash));
	cut_and_merged_is_the_same();
	what_does_not_fit_is_not_cut();
	merging_keeps_order_and_bytes();
	tunnels_are_opened_with_care();
	neighbours_are_found_and_forgotten();
	return check_result();
}
