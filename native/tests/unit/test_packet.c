/* The parser: what is accepted, what is refused and why, and that no byte outside the segment is read. */
#include "check.h"
#include "frames.h"
#include "hash.h"

#include <sys/mman.h>
#include <unistd.h>

static const uint32_t A = 0x0a000005, B = 0x0a000009;

static struct fh_pkt P;

static bool parse(const uint8_t *f, uint32_t len)
{
	return fh_pkt_parse(f, len, len, &P);
}

static bool refused(const uint8_t *f, uint32_t len, enum fh_drop_reason reason)
{
	bool ok = !parse(f, len) && P.reason == reason && P.kind == FH_PKT_BAD;

	if (!ok)
		fprintf(stderr, "kind %u reason %s, expected %s\n", P.kind, fh_reason_name(P.reason), fh_reason_name(reason));
	return ok;
}

static void both_directions_share_the_key(void)
{
	struct fh_hash h;
	uint8_t f[256];
	uint64_t s = 7;

	REQUIRE(fh_hash_seed(&h));
	for (int i = 0; i < 2000; i++) {
		struct ends e = i % 2 ? ends4((uint32_t)(0x0a000000 + rnd(&s) % 4), (uint16_t)(rnd(&s) % 3), (uint32_t)(0x0a000004 + rnd(&s) % 4), (uint16_t)(rnd(&s) % 3))
				      : ends6((uint16_t)(rnd(&s) % 4), 5, (uint16_t)(4 + rnd(&s) % 4), 6);
		struct ends back = reversed(e);
		struct fh_pkt first, *p = &P;
		uint64_t hash;

		if (i % 3 == 0 && !e.v6) { /* same ports, order by address only */
			e.dport = e.sport;
			back = reversed(e);
		}
		CHECK(parse(f, frame_udp(f, &e, 8)));
		fh_hash_burst(&h, &p, 1);
		first = P;
		hash = P.hash;
		CHECK_EQ(fh_hash_key(&h, P.key), hash);
		CHECK(parse(f, frame_udp(f, &back, 8)));
		fh_hash_burst(&h, &p, 1);
		CHECK(!memcmp(first.key, P.key, sizeof P.key));
		CHECK(hash == P.hash);
		CHECK((first.flags ^ P.flags) & FH_PKT_SRC_LO);
		uint8_t src[16], dst[16];
		fh_pkt_addrs(&P, src, dst);
		CHECK(!memcmp(src, back.src, 16) && !memcmp(dst, back.dst, 16));
		struct fh_pkt built;
		fh_pkt_from_tuple(&built, e.v6, FH_PROTO_UDP, back.src, back.dst, back.sport, back.dport);
		CHECK(!memcmp(built.key, P.key, sizeof P.key) && built.flags == P.flags);
	}
}

static void siphash_serves_other_machines(void)
{
	struct fh_hash h;
	struct ends e = ends4(A, 1, B, 2);
	uint8_t f[128];
	struct fh_pkt *p = &P;

	REQUIRE(fh_hash_seed(&h));
	h.algo = FH_HASH_SIPHASH;
	CHECK(parse(f, frame_udp(f, &e, 8)));
	fh_hash_burst(&h, &p, 1);
	CHECK_EQ(P.hash, fh_hash_key(&h, P.key));
	h.key.b[3] ^= 1;
	CHECK(P.hash != fh_hash_key(&h, P.key));
}

/* Tuples that differ in few bits must spread over buckets and tags alike. */
static void hash_spreads(uint32_t algo)
{
	enum { BUCKETS = 1024, KEYS = BUCKETS * 4 };
	static uint32_t load[BUCKETS], tags[256];
	struct fh_hash h;
	uint32_t worst = 0, worst_tag = 0;

	memset(load, 0, sizeof load);
	memset(tags, 0, sizeof tags);
	REQUIRE(fh_hash_seed(&h));
	h.algo = algo;
	for (uint32_t i = 0; i < KEYS; i++) {
		struct ends e = ends4(A, (uint16_t)(i & 63), B + (i >> 6), 80);
		fh_pkt_from_tuple(&P, false, FH_PROTO_TCP, e.src, e.dst, e.sport, e.dport);
		uint64_t x = fh_hash_key(&h, P.key);
		load[(x >> 32) * BUCKETS >> 32]++;
		tags[x & 255]++;
	}
	for (int i = 0; i < BUCKETS; i++)
		worst = load[i] > worst ? load[i] : worst;
	for (int i = 0; i < 256; i++)
		worst_tag = tags[i] > worst_tag ? tags[i] : worst_tag;
	CHECK(worst < 20);     /* mean 4; 20 has a probability below 1e-6 */
	CHECK(worst_tag < 50); /* mean 16 */
}

static void lengths_come_from_the_ip_header(void)
{
	struct ends e = ends4(A, 1, B, 2), e6 = ends6(1, 1, 2, 2);
	uint8_t f[256];
	struct seg s = { .flags = FH_TCP_ACK, .payload = 6 };
	uint32_t len = frame_tcp(f, &e, &s);

	CHECK(parse(f, len));
	CHECK_EQ(P.l4_len, 26);
	CHECK_EQ(P.payload_off, 54);
	CHECK(fh_pkt_parse(f, len, len + 40, &P)); /* padding */
	CHECK_EQ(P.l4_len, 26);
	/* TSO: the frame is longer than its first segment. */
	fh_put_be16(f + 16, 20 + 20 + 60000);
	CHECK(fh_pkt_parse(f, len, 14 + 20 + 20 + 60000, &P));
	CHECK_EQ(P.l4_len, 60020);
	CHECK(!fh_pkt_parse(f, len, 14 + 20 + 20 + 59999, &P) && P.reason == FH_DROP_IP_HEADER);
	len = frame_tcp(f, &e6, &s);
	CHECK(parse(f, len));
	CHECK_EQ(P.l4_len, 26);
	CHECK_EQ(P.ip_len, 66);
}

static void malformed_is_refused(void)
{
	struct ends e = ends4(A, 1, B, 2);
	uint8_t f[256];
	uint32_t len = frame_udp(f, &e, 20);

	CHECK(parse(f, len));
	CHECK(refused(f, 13, FH_DROP_SHORT_FRAME));
	CHECK(refused(f, 30, FH_DROP_SHORT_FRAME));
	f[14] = 0x44;
	CHECK(refused(f, len, FH_DROP_IP_HEADER));
	f[14] = 0x65;
	CHECK(refused(f, len, FH_DROP_IP_HEADER));
	f[14] = 0x4f; /* options that are not there */
	CHECK(refused(f, len, FH_DROP_IP_HEADER));
	len = frame_udp(f, &e, 20);
	fh_put_be16(f + 38, 100); /* UDP length beyond the packet */
	CHECK(refused(f, len, FH_DROP_L4_HEADER));
	fh_put_be16(f + 38, 7);
	CHECK(refused(f, len, FH_DROP_L4_HEADER));
	for (unsigned doff = 0; doff < 16; doff++) {
		len = frame_tcp(f, &e, &(struct seg){ .flags = FH_TCP_ACK, .payload = 4 });
		f[46] = (uint8_t)(doff << 4);
		if (doff == 5 || doff == 6)
			CHECK(parse(f, len));
		else
			CHECK(refused(f, len, FH_DROP_L4_HEADER));
	}
	static const uint16_t types[] = { 0x8100, 0x88a8, 0x9100 };
	for (int i = 0; i < 3; i++) {
		fh_put_be16(f + 12, types[i]);
		CHECK(refused(f, len, FH_DROP_VLAN_TAGGED));
	}
	fh_put_be16(f + 12, 0x8035);
	CHECK(refused(f, len, FH_DROP_FORGED_CONTROL));
	fh_put_be16(f + 12, 0x0100);
	CHECK(refused(f, len, FH_DROP_ETHERTYPE));
}

static void addresses_that_must_not_be(void)
{
	static const uint32_t bad[][2] = { { 0xe0000001, B }, { 0xffffffff, B }, { 0x7f000001, B }, { A, 0x7f000001 }, { A, 0 }, { A, A } };
	uint8_t f[256];

	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct ends e = ends4(bad[i][0], 1, bad[i][1], 2);
		CHECK(refused(f, frame_udp(f, &e, 4), FH_DROP_BAD_ADDRESS));
	}
	struct ends dhcp = ends4(0, 68, 0xffffffff, 67), other = ends4(0, 68, 0xffffffff, 68);
	CHECK(parse(f, frame_udp(f, &dhcp, 4)));
	CHECK(P.flags & FH_PKT_DST_MULTICAST);
	CHECK(refused(f, frame_udp(f, &other, 4), FH_DROP_BAD_ADDRESS));
	struct ends e6 = ends6(1, 1, 2, 2);
	memset(e6.src, 0, 16);
	CHECK(refused(f, frame_udp(f, &e6, 4), FH_DROP_BAD_ADDRESS));
	CHECK(parse(f, frame_icmp(f, &e6, 135, 0, 0, NULL, 0)));
	CHECK_EQ(P.kind, FH_PKT_ND);
	e6.src[0] = 0xff;
	CHECK(refused(f, frame_udp(f, &e6, 4), FH_DROP_BAD_ADDRESS));
}

static void ipv4_options(void)
{
	struct ends e = ends4(A, 1, B, 2);
	uint8_t f[256];
	uint32_t len = frame_udp(f, &e, 20);

	memmove(f + 38, f + 34, 28);
	f[14] = 0x46;
	fh_put_be16(f + 16, 20 + 4 + 28);
	memcpy(f + 34, (uint8_t[]){ 1, 1, 1, 0 }, 4);
	CHECK(parse(f, len + 4));
	CHECK_EQ(P.dst_port, 2);
	memcpy(f + 34, (uint8_t[]){ 131, 3, 4, 0 }, 4);
	CHECK(refused(f, len + 4, FH_DROP_IP_OPTIONS));
	memcpy(f + 34, (uint8_t[]){ 7, 5, 4, 0 }, 4);
	CHECK(refused(f, len + 4, FH_DROP_IP_OPTIONS));
	memcpy(f + 34, (uint8_t[]){ 7, 0, 4, 0 }, 4);
	CHECK(refused(f, len + 4, FH_DROP_IP_OPTIONS));
}

/* One extension header of 8 bytes before a UDP header. */
static uint32_t with_ext(uint8_t *f, uint8_t kind, const uint8_t ext[8])
{
	struct ends e = ends6(1, 1, 2, 2);
	uint32_t len = frame_udp(f, &e, 20);

	memmove(f + 62, f + 54, len - 54);
	memcpy(f + 54, ext, 8);
	f[54] = f[20];
	f[20] = kind;
	fh_put_be16(f + 18, (uint16_t)(len - 54 + 8));
	return len + 8;
}

static void ipv6_extension_headers(void)
{
	uint8_t f[512], pad[8] = { 0, 0, 1, 4 };
	uint32_t len;

	CHECK(parse(f, with_ext(f, 0, pad)));
	CHECK(P.proto == FH_PROTO_UDP && P.l4_off == 62 && P.dst_port == 2 && P.l4_len == 28);
	CHECK(parse(f, with_ext(f, 60, pad)));
	len = with_ext(f, 43, (uint8_t[8]){ 0 });
	CHECK(refused(f, len, FH_DROP_IP_OPTIONS)); /* type 0 */
	len = with_ext(f, 43, (uint8_t[8]){ 0, 0, 4, 1 });
	CHECK(refused(f, len, FH_DROP_IP_OPTIONS)); /* segments left */
	len = with_ext(f, 60, (uint8_t[8]){ 0, 200 });
	CHECK(refused(f, len, FH_DROP_IP_OPTIONS));
	/* An atomic fragment is a whole packet. */
	CHECK(parse(f, with_ext(f, 44, (uint8_t[]){ 0, 0, 0, 0, 1, 2, 3, 4 })));
	CHECK_EQ(P.kind, FH_PKT_FLOW);
	CHECK(parse(f, with_ext(f, 44, (uint8_t[]){ 0, 0, 0x10, 0, 1, 2, 3, 4 })));
	CHECK(P.kind == FH_PKT_FRAGMENT && P.frag_off == 0x1000 && P.frag_id == 0x01020304 && P.proto == FH_PROTO_UDP);
	/* A chain longer than any sender needs. */
	struct ends e = ends6(1, 1, 2, 2);
	uint32_t at = frame_ip(f, &e, 60, 12 * 8 + 8);
	memset(f + at, 0, 12 * 8 + 8);
	for (int i = 0; i < 12; i++)
		f[at + (uint32_t)i * 8] = i < 11 ? 60 : FH_PROTO_UDP;
	CHECK(refused(f, at + 12 * 8 + 8, FH_DROP_IP_OPTIONS));
}

static void kinds(void)
{
	static const struct {
		bool v6;
		uint8_t type;
		enum fh_pkt_kind kind;
	} want[] = { { false, 8, FH_PKT_FLOW }, { false, 0, FH_PKT_FLOW }, { false, 13, FH_PKT_FLOW }, { false, 3, FH_PKT_ICMP_ERROR },
		     { false, 11, FH_PKT_ICMP_ERROR }, { false, 5, FH_PKT_ICMP_OTHER }, { true, 128, FH_PKT_FLOW }, { true, 129, FH_PKT_FLOW },
		     { true, 1, FH_PKT_ICMP_ERROR }, { true, 2, FH_PKT_ICMP_ERROR }, { true, 134, FH_PKT_ND }, { true, 143, FH_PKT_MLD },
		     { true, 140, FH_PKT_ICMP_OTHER } };
	uint8_t f[256];

	for (unsigned i = 0; i < sizeof want / sizeof want[0]; i++) {
		struct ends e = want[i].v6 ? ends6(1, 0, 2, 0) : ends4(A, 0, B, 0);
		CHECK(parse(f, frame_icmp(f, &e, want[i].type, 0, 3, NULL, 0)));
		CHECK_EQ(P.kind, want[i].kind);
	}
}

/* Each prefix of each frame, placed so that the next byte is unmapped, with garbage in random places. */
static void nothing_outside_is_read(uint64_t seed)
{
	long page = sysconf(_SC_PAGESIZE);
	uint8_t *mem = mmap(NULL, (size_t)page * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), f[512], quoted[512];
	uint64_t s = seed;

	REQUIRE(mem != MAP_FAILED && !mprotect(mem + page, (size_t)page, PROT_NONE));
	for (int i = 0; i < 20000; i++) {
		struct ends e = i % 2 ? ends4(A, 1, B, 2) : ends6(1, 1, 2, 2);
		frame_udp(quoted, &e, 20);
		uint32_t len = i % 3 == 0   ? frame_udp(f, &e, (uint32_t)(rnd(&s) % 40))
			       : i % 3 == 1 ? frame_tcp(f, &e, &(struct seg){ .flags = FH_TCP_ACK, .payload = (uint32_t)(rnd(&s) % 40) })
					    : frame_icmp(f, &e, (uint8_t)rnd(&s), 0, 1, quoted + 14, 60);
		for (uint64_t k = rnd(&s) % 4; k; k--)
			f[12 + rnd(&s) % (len - 12)] = (uint8_t)rnd(&s);
		uint32_t seg = (uint32_t)(rnd(&s) % (len + 1));
		uint8_t *at = mem + page - seg;
		struct fh_pkt inner;

		memcpy(at, f, seg);
		if (fh_pkt_parse(at, seg, len, &P)) {
			CHECK(P.l4_off <= seg && P.payload_off <= seg);
			CHECK(P.l3_off + P.ip_len <= len || P.kind == FH_PKT_ARP);
			if (P.kind == FH_PKT_ICMP_ERROR)
				fh_pkt_parse_inner(at, seg, &P, &inner);
		}
	}
	munmap(mem, (size_t)page * 2);
}

static void reasons_have_names(void)
{
	for (uint32_t i = 0; i < FH_DROP_REASON_COUNT; i++)
		CHECK(fh_reason_name(i) && fh_reason_text(i));
	CHECK(!fh_reason_name(FH_DROP_REASON_COUNT));
}

int main(void)
{
	both_directions_share_the_key();
	siphash_serves_other_machines();
	hash_spreads(FH_HASH_SIPHASH);
	if (fh_hash_best() == FH_HASH_AES)
		hash_spreads(FH_HASH_AES);
	lengths_come_from_the_ip_header();
	malformed_is_refused();
	addresses_that_must_not_be();
	ipv4_options();
	ipv6_extension_headers();
	kinds();
	nothing_outside_is_read(check_seed(42));
	reasons_have_names();
	return check_result();
}
