/* Routing between a tenant's segments: the last hop's headers, rules on both sides, errors of the gateway, references, restart. */
#include "env.h"

#include <signal.h>
#include <unistd.h>

static struct guest *a, *b, *c; /* in segments 1, 2, 3 */
static struct host ha, hb, hc, gw1, gw2;
static struct frame f, got, want;
static struct fh_id tenant = { { 7, 7 } }, stranger = { { 8, 8 } };
static uint64_t generation = 1;

/* --- building ------------------------------------------------------------------------------------------------------------ */
static void put_segment(fh_txn *t, uint32_t n, const struct fh_id *of, uint32_t mtu)
{
	struct fh_segment s = env_segment(n);
	s.tenant = *of;
	s.mtu = mtu;
	CHECK(fh_txn_put_segment(t, &s) == FH_OK, " ");
}

static struct fh_router router(uint32_t n, uint32_t first, uint32_t last)
{
	struct fh_router r = { .struct_size = sizeof r, .id = env_id(FH_KIND_ROUTER, n), .generation = generation++, .tenant = tenant };
	for (uint32_t s = first; s <= last; s++)
		r.segments[r.n_segments++] = env_id(FH_KIND_SEGMENT, s);
	return r;
}

static void put_router(fh_txn *t, const struct fh_router *r)
{
	CHECK(fh_txn_put_router(t, r) == FH_OK, " ");
}

static void put_group(fh_txn *t, uint32_t n, const struct fh_id *of, const struct fh_rule *rules, uint32_t n_rules, uint32_t flags)
{
	struct fh_group g = { .struct_size = sizeof g, .id = env_id(FH_KIND_GROUP, n), .generation = 1000 + generation++, .n_rules = n_rules, .rules = rules,
			      .tenant = *of, .flags = flags };
	CHECK(fh_txn_put_group(t, &g) == FH_OK, " ");
}

static void set_up(void)
{
	struct fh_rule open = env_rule(1, FH_INGRESS, -1, -1, NULL);
	fh_txn *t = fh_txn_new();
	put_segment(t, 1, &tenant, 1500);
	put_segment(t, 2, &tenant, 1400);
	put_segment(t, 3, &stranger, 1500);
	for (uint32_t n = 5; n <= 7; n++) {
		struct fh_port p = env_port(n - 4, n);
		p.tenant = n < 7 ? tenant : stranger;
		put_group(t, n, &p.tenant, &open, n > 5, 0);
		env_put_port(t, &p);
	}
	env_must(t);
	ha = env_host(1, 5);
	hb = env_host(2, 6);
	hc = env_host(3, 7);
	gw1 = env_gateway(1);
	gw2 = env_gateway(2);
	a = env_guest(5, GUEST_OFFLOADS);
	b = env_guest(6, 0);
	c = env_guest(7, 0);
}

/* As a sends it: to the gateway's MAC, the other host's address. */
static struct host behind(const struct host *gateway, const struct host *h)
{
	struct host x = *h;
	memcpy(x.mac, gateway->mac, 6);
	return x;
}

static void fix_ip4(struct frame *x)
{
	x->b[24] = x->b[25] = 0;
	uint16_t sum = frame_checksum(x->b + 14, (x->b[14] & 15) * 4u, 0);
	x->b[24] = (uint8_t)(sum >> 8);
	x->b[25] = (uint8_t)sum;
}

/* What the receiver gets of a frame that crossed one router. */
static void routed(const struct frame *sent, const struct host *gateway, const struct host *to)
{
	want = *sent;
	memcpy(want.b, to->mac, 6);
	memcpy(want.b + 6, gateway->mac, 6);
	if (want.b[12] == 0x86) {
		want.b[21]--;
	} else {
		want.b[22]--;
		fix_ip4(&want);
	}
}

/* The next frame is an ICMP error of a's gateway about f. */
static void expect_error(uint8_t type, uint8_t code, uint32_t mtu)
{
	bool v6 = f.b[12] == 0x86;
	uint32_t at = v6 ? 54 : 34, quoted = at + 8;
	CHECK(env_receive(a, &got, WAIT_MS), "no ICMP error");
	CHECK(frame_valid(got.b, got.len) && memcmp(got.b, ha.mac, 6) == 0 && memcmp(got.b + 6, gw1.mac, 6) == 0, "not from the gateway");
	CHECK(got.b[v6 ? 20 : 23] == (v6 ? 58 : 1) && got.b[at] == type && got.b[at + 1] == code, "type %u, code %u", got.b[at], got.b[at + 1]);
	CHECK(memcmp(got.b + (v6 ? 22 : 26), v6 ? gw1.ip6 : gw1.ip4, v6 ? 16 : 4) == 0, "not the gateway's address");
	CHECK(memcmp(got.b + quoted, f.b + 14, v6 ? 60 : 40) == 0, "not about that packet");
	if (mtu)
		CHECK((uint32_t)(got.b[at + 6] << 8 | got.b[at + 7]) == mtu, "another MTU");
}

/* --- tests ------------------------------------------------------------------------------------------------------------------ */
static void test_without_router(void)
{
	struct host to = behind(&gw1, &hb);
	frame_udp4(&f, &ha, &to, 4000, 53, "question of twenty b", 20);
	env_send(a, &f);
	expect_error(3, 0, 0);
	frame_udp6(&f, &ha, &to, 4000, 53, "question of twenty b", 20);
	env_send(a, &f);
	expect_error(1, 0, 0);
	env_expect_silence(b);
}

static void connect_them(void)
{
	struct fh_router r = router(1, 1, 2);
	r.n_routes = 4;
	r.routes[2].prefix = env_addr("10.66.0.0/16");
	r.routes[3].prefix = env_addr("fd66::/16");
	r.routes[0] = (struct fh_route){ env_addr("192.168.0.0/16"), env_addr("10.2.0.99") };
	r.routes[1] = (struct fh_route){ env_addr("192.168.7.0/24"), env_addr("10.2.0.6") };
	fh_txn *t = fh_txn_new();
	put_router(t, &r);
	env_must(t);
}

static void test_routes(void)
{
	struct host to_b = behind(&gw1, &hb), to_a = behind(&gw2, &ha);
	struct fh_port_status a0 = env_status(5), b0 = env_status(6);
	frame_udp4(&f, &ha, &to_b, 4000, 53, "question", 8);
	env_send(a, &f);
	routed(&f, &gw2, &hb);
	env_expect(b, &want);
	frame_udp4(&f, &hb, &to_a, 53, 4000, "answer", 6);
	env_send(b, &f);
	routed(&f, &gw1, &ha);
	env_expect(a, &want); /* a lets nobody in, but this is an answer */
	const enum fh_traffic_class R = FH_TRAFFIC_ROUTED;
	struct fh_port_status a1 = env_await_traffic(5, true, R, a0.to_guest[R].packets + 1), b1 = env_await_traffic(6, true, R, b0.to_guest[R].packets + 1);
	CHECK(a1.from_guest[R].packets == a0.from_guest[R].packets + 1 && a1.from_guest[R].bytes == a0.from_guest[R].bytes + 50 &&
		      b1.to_guest[R].bytes == b0.to_guest[R].bytes + 50 && b1.from_guest[R].bytes == b0.from_guest[R].bytes + 48 &&
		      a1.to_guest[R].bytes == a0.to_guest[R].bytes + 48 && a1.from_guest[FH_TRAFFIC_NETWORK].packets == a0.from_guest[FH_TRAFFIC_NETWORK].packets,
	      "not counted as routed");
	frame_udp6(&f, &ha, &to_b, 4000, 53, "question", 8);
	env_send(a, &f);
	routed(&f, &gw2, &hb);
	env_expect(b, &want);
	frame_udp6(&f, &hb, &to_a, 53, 4000, "answer", 6);
	env_send(b, &f);
	routed(&f, &gw1, &ha);
	env_expect(a, &want);
	/* Every TTL keeps the header's checksum right. */
	for (unsigned ttl = 2; ttl < 256; ttl++) {
		frame_udp4(&f, &ha, &to_b, 4000, 53, "x", 1);
		f.b[18] = (uint8_t)(ttl * 7); /* identification: other sums */
		f.b[22] = (uint8_t)ttl;
		fix_ip4(&f);
		env_send(a, &f);
		routed(&f, &gw2, &hb);
		CHECK(env_receive(b, &got, WAIT_MS) && frame_valid(got.b, got.len) && got.b[22] == ttl - 1, "TTL %u", ttl);
	}
	frame_echo4(&f, &ha, gw1.mac, gw2.ip4, 8, 5);
	env_send(a, &f);
	CHECK(env_receive(a, &got, WAIT_MS) && got.b[34] == 0 && memcmp(got.b + 26, gw2.ip4, 4) == 0, "the other gateway does not answer");
}

static uint32_t connections(uint32_t port)
{
	static struct fh_connection all[256];
	struct fh_id id = env_id(FH_KIND_PORT, port);
	uint64_t cursor = 0;
	uint32_t n;
	all[0].struct_size = sizeof all[0];
	CHECK(fh_ctl_connections(env_ctl, 1000, &id, &cursor, all, 256, &n) == FH_OK && cursor == 0, " ");
	return n;
}

static void flush(uint32_t port)
{
	struct fh_id id = env_id(FH_KIND_PORT, port);
	uint32_t killed;
	CHECK(fh_ctl_kill(env_ctl, 1000, &id, NULL, &killed) == FH_OK, " ");
}

static void test_policy(void)
{
	struct host to_b = behind(&gw1, &hb), to_a = behind(&gw2, &ha);
	struct fh_rule web = env_rule(20, FH_INGRESS, 6, 80, "10.1.0.0/24"), out = env_rule(21, FH_EGRESS, 6, 80, "10.2.0.6");
	fh_txn *t = fh_txn_new();
	put_group(t, 6, &tenant, &web, 1, 0);
	put_group(t, 5, &tenant, &out, 1, FH_GROUP_EGRESS_DROP);
	env_must(t);
	flush(5);
	flush(6);
	/* The receiver judges the sender's own address, the sender the receiver's. */
	frame_tcp4(&f, &ha, &to_b, 4100, 80, 1000, 0, TCP_SYN, NULL, 0);
	env_send(a, &f);
	routed(&f, &gw2, &hb);
	env_expect(b, &want);
	frame_tcp4(&f, &hb, &to_a, 80, 4100, 5000, 1001, TCP_SYN | TCP_ACK, NULL, 0);
	env_send(b, &f);
	routed(&f, &gw1, &ha);
	env_expect(a, &want);
	CHECK(connections(5) == 1 && connections(6) == 1, "%u and %u connections", connections(5), connections(6));
	uint64_t egress = env_drops(5, FH_REASON_DEFAULT), ingress = env_drops(6, FH_REASON_DEFAULT);
	frame_tcp4(&f, &ha, &to_b, 4101, 81, 1000, 0, TCP_SYN, NULL, 0);
	env_send(a, &f);
	env_await_drops(5, FH_REASON_DEFAULT, egress + 1);
	t = fh_txn_new();
	put_group(t, 5, &tenant, NULL, 0, 0);
	env_must(t);
	env_send(a, &f);
	env_await_drops(6, FH_REASON_DEFAULT, ingress + 1);
	env_expect_silence(b);
	/* A revoked rule cuts here as well. */
	t = fh_txn_new();
	put_group(t, 6, &tenant, NULL, 0, 0);
	env_must(t);
	frame_tcp4(&f, &hb, &to_a, 80, 4100, 5001, 1001, TCP_ACK | TCP_PSH, "row", 3);
	env_send(b, &f);
	env_expect_silence(a);
	struct fh_rule open = env_rule(1, FH_INGRESS, -1, -1, NULL);
	t = fh_txn_new();
	put_group(t, 6, &tenant, &open, 1, 0);
	env_must(t);
}

static void test_errors(void)
{
	struct host to = behind(&gw1, &hb);
	uint64_t ttl = env_drops(5, FH_REASON_TTL);
	static const uint8_t data[1500];
	frame_udp4(&f, &ha, &to, 4200, 33434, "traceroute of 20 byt", 20);
	f.b[22] = 1;
	fix_ip4(&f);
	env_send(a, &f);
	expect_error(11, 0, 0);
	frame_udp6(&f, &ha, &to, 4200, 33434, "traceroute of 20 byt", 20);
	f.b[21] = 1;
	env_send(a, &f);
	expect_error(3, 0, 0);
	CHECK(env_drops(5, FH_REASON_TTL) == ttl + 2, "not counted");
	to.ip4[3] = to.ip6[15] = 99; /* nobody */
	frame_udp4(&f, &ha, &to, 4200, 9, "question of twenty b", 20);
	env_send(a, &f);
	expect_error(3, 1, 0);
	frame_udp6(&f, &ha, &to, 4200, 9, "question of twenty b", 20);
	env_send(a, &f);
	expect_error(1, 3, 0);
	to.ip4[0] = 172;
	frame_udp4(&f, &ha, &to, 4200, 9, "question of twenty b", 20);
	env_send(a, &f);
	expect_error(3, 0, 0);
	/* Another tenant's network is not there either. */
	to = behind(&gw1, &hc);
	frame_udp4(&f, &ha, &to, 4200, 9, "question of twenty b", 20);
	env_send(a, &f);
	expect_error(3, 0, 0);
	to = behind(&gw1, &hb);
	frame_udp4(&f, &ha, &to, 4200, 9, data, 1450 - 28);
	env_send(a, &f);
	expect_error(3, 4, 1400);
	frame_udp6(&f, &ha, &to, 4200, 9, data, 1450 - 48);
	env_send(a, &f);
	expect_error(2, 0, 1400);
	/* UDP to the gateway itself: nobody listens there. */
	to = behind(&gw1, &gw2);
	frame_udp4(&f, &ha, &to, 4200, 33434, "traceroute of 20 byt", 20);
	env_send(a, &f);
	expect_error(3, 3, 0);
	env_expect_silence(b);
	env_expect_silence(c);
}

/* A large segment whose pieces do not fit the other network. */
static void test_large_segment(void)
{
	static uint8_t data[8000];
	struct host to_b = behind(&gw1, &hb), to_a = behind(&gw2, &ha);
	struct virtio_net_hdr h = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 16,
				    .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 1460, .hdr_len = 54 };
	frame_tcp4(&f, &ha, &to_b, 4300, 80, 1000, 0, TCP_SYN, NULL, 0);
	env_send(a, &f);
	CHECK(env_receive(b, &got, WAIT_MS), " ");
	frame_tcp4(&f, &hb, &to_a, 80, 4300, 9000, 1001, TCP_SYN | TCP_ACK, NULL, 0);
	env_send(b, &f);
	CHECK(env_receive(a, &got, WAIT_MS), " ");
	frame_tcp4(&f, &ha, &to_b, 4300, 80, 1001, 9001, TCP_ACK, data, sizeof data);
	CHECK(guest_send(a, 0, &h, f.b, f.len), " ");
	expect_error(3, 4, 1400);
	h.gso_size = 1360;
	CHECK(guest_send(a, 0, &h, f.b, f.len), " ");
	for (uint32_t at = 0; at < sizeof data; at += 1360) {
		uint32_t size = sizeof data - at < 1360 ? (uint32_t)sizeof data - at : 1360;
		CHECK(env_receive(b, &got, WAIT_MS) && got.len == 54 + size && frame_valid(got.b, got.len) && got.b[22] == 63, "piece at %u", at);
	}
}

static void test_error_rate(void)
{
	struct host to = behind(&gw1, &hb);
	unsigned answers = 0;
	uint64_t ttl = env_drops(5, FH_REASON_TTL);
	for (unsigned i = 1; i <= 300; i++) {
		frame_udp4(&f, &ha, &to, 4200, 33434, "x", 1);
		f.b[22] = 1;
		fix_ip4(&f);
		env_send(a, &f);
		if (i % 50)
			continue;
		env_await_drops(5, FH_REASON_TTL, ttl + i);
		while (guest_receive(a, got.b, sizeof got.b, NULL, NULL, 0))
			answers++;
	}
	while (guest_receive(a, got.b, sizeof got.b, NULL, NULL, 50))
		answers++;
	CHECK(answers >= 10 && answers <= 150, "%u errors for 300 packets", answers);
	usleep(120000);
}

static void test_static_routes(void)
{
	struct host far = { .ip4 = { 192, 168, 7, 20 } }, lost = { .ip4 = { 192, 168, 8, 20 } };
	struct host to = behind(&gw1, &far);
	frame_udp4(&f, &ha, &to, 4400, 9, "x", 1);
	env_send(a, &f);
	routed(&f, &gw2, &hb);
	env_expect(b, &want);
	/* The way on of the wider one is nobody. */
	to = behind(&gw1, &lost);
	frame_udp4(&f, &ha, &to, 4400, 9, "question of twenty b", 20);
	env_send(a, &f);
	expect_error(3, 1, 0);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void test_reject(void)
{
	struct host no = { .ip4 = { 10, 66, 1, 2 }, .ip6 = { 0xfd, 0x66, [15] = 1 } };
	struct host to = behind(&gw1, &no);
	frame_tcp4(&f, &ha, &to, 4450, 80, 7000, 0, TCP_SYN, NULL, 0);
	env_send(a, &f);
	CHECK(env_receive(a, &got, WAIT_MS) && got.len == 54 && frame_valid(got.b, got.len) && memcmp(got.b, ha.mac, 6) == 0 &&
		      memcmp(got.b + 6, gw1.mac, 6) == 0,
	      "no reset");
	CHECK(memcmp(got.b + 26, no.ip4, 4) == 0 && memcmp(got.b + 30, ha.ip4, 4) == 0 && got.b[47] == (TCP_RST | TCP_ACK) && get32(got.b + 42) == 7001 &&
		      got.b[34] == 0 && got.b[35] == 80 && (got.b[36] << 8 | got.b[37]) == 4450,
	      "not a reset that the sender accepts");
	frame_udp4(&f, &ha, &to, 4450, 9, "question of twenty b", 20);
	env_send(a, &f);
	expect_error(3, 13, 0);
	frame_udp6(&f, &ha, &to, 4450, 9, "question of twenty b", 20);
	env_send(a, &f);
	expect_error(1, 1, 0);
	/* A reset is not answered by one. */
	frame_tcp4(&f, &ha, &to, 4450, 80, 7001, 0, TCP_RST, NULL, 0);
	env_send(a, &f);
	env_expect_silence(a);
}

static void test_related_and_fragments(void)
{
	struct host to_b = behind(&gw1, &hb), to_a = behind(&gw2, &ha);
	uint8_t icmp[36] = { 3, 3 }, data[1600];
	frame_udp4(&f, &ha, &to_b, 4500, 9, "x", 1);
	env_send(a, &f);
	routed(&f, &gw2, &hb);
	env_expect(b, &want);
	/* b says that nobody listens there. */
	memcpy(icmp + 8, want.b + 14, 28);
	frame_echo4(&f, &hb, to_a.mac, to_a.ip4, 3, 0);
	memcpy(f.b + 34, icmp, 36);
	f.b[16] = 0;
	f.b[17] = 56;
	f.len = 70;
	fix_ip4(&f);
	uint16_t sum = frame_checksum(f.b + 34, 36, 0);
	f.b[36] = (uint8_t)(sum >> 8);
	f.b[37] = (uint8_t)sum;
	env_send(b, &f);
	routed(&f, &gw1, &ha);
	env_expect(a, &want);
	static struct frame first, second;
	memset(data, 7, sizeof data);
	frame_udp4(&f, &ha, &to_b, 4501, 9, data, sizeof data - 8);
	memcpy(data, f.b + 34, 8);
	frame_fragment4(&first, &ha, &to_b, 42, 0, true, data, 800);
	frame_fragment4(&second, &ha, &to_b, 42, 800, false, data + 800, 800);
	env_send(a, &second);
	env_send(a, &first);
	routed(&first, &gw2, &hb);
	env_expect(b, &want);
	routed(&second, &gw2, &hb);
	env_expect(b, &want);
}

/* --- references --------------------------------------------------------------------------------------------------------------- */
static void refused(fh_txn *t, int result, const char *why)
{
	struct fh_commit_result r;
	int rc = env_commit(t, &r);
	CHECK(rc == result && r.message[0], "%s: %d, %s", why, rc, r.message);
}

static void test_references(void)
{
	struct fh_id segment = env_id(FH_KIND_SEGMENT, 2);
	struct fh_router r = router(2, 2, 2), foreign = router(3, 3, 3), absent = router(4, 44, 44), moved = router(1, 1, 2);
	fh_txn *t = fh_txn_new();
	put_router(t, &r);
	refused(t, FH_EREF, "a segment in two routers");
	t = fh_txn_new();
	put_router(t, &foreign);
	refused(t, FH_EREF, "another tenant's segment");
	t = fh_txn_new();
	put_router(t, &absent);
	refused(t, FH_EREF, "a segment that does not exist");
	t = fh_txn_new();
	moved.tenant = stranger;
	put_router(t, &moved);
	refused(t, FH_EINVAL, "a router changes its tenant");
	t = fh_txn_new();
	CHECK(fh_txn_remove(t, FH_KIND_SEGMENT, &segment) == FH_OK, " ");
	refused(t, FH_EREF, "a segment that a router joins goes");
	t = fh_txn_new();
	struct fh_segment s = env_segment(4);
	s.tenant = tenant;
	s.subnets[0].prefix = env_addr("10.0.0.0/9");
	CHECK(fh_txn_put_segment(t, &s) == FH_OK, " ");
	r = router(1, 1, 2);
	r.segments[r.n_segments++] = s.id;
	put_router(t, &r);
	refused(t, FH_EREF, "overlapping subnets");
	t = fh_txn_new();
	struct fh_port p = env_port(3, 5);
	p.tenant = tenant;
	env_put_port(t, &p);
	refused(t, FH_EREF, "a port in another tenant's segment");
}

/* What a refused transaction took it gives back, and nothing else: segments made afterwards are apart. */
static void test_apart_after_refusal(void)
{
	struct fh_segment s = env_segment(9);
	struct fh_id two = env_id(FH_KIND_SEGMENT, 2);
	struct fh_rule bad = env_rule(30, FH_INGRESS, 6, 80, NULL);
	bad.port_min = 81;
	for (unsigned i = 0; i < 3; i++) {
		fh_txn *t = fh_txn_new();
		put_segment(t, 20 + i, &tenant, 1500);
		put_group(t, 5, &tenant, &bad, 1, 0);
		if (i == 0)
			CHECK(fh_txn_remove(t, FH_KIND_SEGMENT, &two) == FH_OK, " ");
		refused(t, i == 0 ? FH_EREF : FH_EINVAL, "a bad transaction");
	}
	/* Were it in a's place, a would lose its network. */
	fh_txn *t = fh_txn_new();
	CHECK(fh_txn_put_segment(t, &s) == FH_OK, " ");
	env_must(t);
	test_routes();
}

static void test_restart_and_removal(void)
{
	struct host to = behind(&gw1, &hb);
	struct fh_info info = { .struct_size = sizeof info };
	struct fh_id id = env_id(FH_KIND_ROUTER, 1);
	env_kill();
	env_start();
	CHECK(guest_start(a, GUEST_OFFLOADS, WAIT_MS) && guest_start(b, 0, WAIT_MS) && guest_start(c, 0, WAIT_MS), "the dataplane does not come back");
	env_await_state(5, FH_PORT_UP);
	env_await_state(6, FH_PORT_UP);
	CHECK(fh_ctl_info(env_ctl, 1000, &info) == FH_OK && info.n_routers == 1, "%u routers", info.n_routers);
	frame_udp4(&f, &ha, &to, 4600, 9, "question of twenty b", 20);
	env_send(a, &f);
	routed(&f, &gw2, &hb);
	env_expect(b, &want);
	fh_txn *t = fh_txn_new();
	CHECK(fh_txn_remove(t, FH_KIND_ROUTER, &id) == FH_OK, " ");
	env_must(t);
	env_send(a, &f);
	expect_error(3, 0, 0);
	env_expect_silence(b);
}

int main(int argc, char *argv[])
{
	if (argc > 1)
		env_workers = argv[1];
	signal(SIGPIPE, SIG_IGN);
	env_start();
	set_up();
	test_without_router();
	connect_them();
	test_routes();
	test_policy();
	test_errors();
	test_large_segment();
	test_error_rate();
	test_static_routes();
	test_reject();
	test_related_and_fragments();
	test_references();
	test_apart_after_refusal();
	test_restart_and_removal();
	guest_free(a);
	guest_free(b);
	guest_free(c);
	return 0;
}
