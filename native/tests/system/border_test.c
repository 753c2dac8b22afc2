/* The public border against a kernel stack outside: shared and floating addresses, answers, errors, hairpins, what must not cross. */
#include "env.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

#define SHARED "198.51.100.10"
#define FLOATING "198.51.100.20"
#define OUTSIDE "198.51.100.1"

static int hosts, outside; /* namespaces */
static struct guest *a, *b, *c; /* shared 1024-2047, floating, shared 2048-3071 */
static struct host ha, hb, hc, gw, world;
static struct frame f, got;
static uint64_t generation = 1;
static int wire, udp; /* raw, and a socket of the outside's kernel */

/* --- building ------------------------------------------------------------------------------------------------------------ */
static struct fh_public shared(uint16_t first, uint16_t last)
{
	return (struct fh_public){ .kind = FH_PUBLIC_SHARED, .port_min = first, .port_max = last, .address = env_addr(SHARED) };
}

static struct fh_public floating(const char *address, const char *inside)
{
	return (struct fh_public){ .kind = FH_PUBLIC_FLOATING, .address = env_addr(address), .inside = env_addr(inside) };
}

static struct fh_segment external(uint32_t n, uint16_t vlan, const char *prefix, const char *gateway)
{
	struct fh_segment s = { .struct_size = sizeof s, .vni = 1000 + n, .id = env_id(FH_KIND_SEGMENT, 100 + n), .generation = 5000 + generation++, .mtu = 1500,
				.n_subnets = 1, .uplink = env_id(FH_KIND_UPLINK, 1), .transport = FH_TRANSPORT_VLAN, .vlan = vlan,
				.flags = FH_SEGMENT_EXTERNAL };
	s.subnets[0].prefix = env_addr(prefix);
	s.subnets[0].gateway = env_addr(gateway);
	return s;
}

static struct fh_router router(uint32_t n, uint32_t segment, uint32_t ext)
{
	struct fh_router r = { .struct_size = sizeof r, .id = env_id(FH_KIND_ROUTER, n), .generation = generation++, .n_segments = 1,
			       .segments = { env_id(FH_KIND_SEGMENT, segment) } };
	if (ext)
		r.external = env_id(FH_KIND_SEGMENT, 100 + ext);
	return r;
}

static void put_port(fh_txn *t, uint32_t seg, uint32_t n, const struct fh_public *p)
{
	struct fh_port port = env_port(seg, n);
	if (p)
		port.public_[port.n_public++] = *p;
	env_put_port(t, &port);
}

static void set_up(void)
{
	struct fh_uplink u = { .struct_size = sizeof u, .id = env_id(FH_KIND_UPLINK, 1), .generation = 1, .device = "upa" };
	struct fh_rule open = env_rule(1, FH_INGRESS, -1, -1, NULL);
	struct fh_segment inside = env_segment(1), ext = external(1, 0, "198.51.100.0/24", OUTSIDE);
	struct fh_public pa = shared(1024, 2047), pb = floating(FLOATING, "10.1.0.6"), pc = shared(2048, 3071);
	struct fh_router r = router(1, 1, 1);
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(5353) };
	hosts = net_namespace();
	outside = net_namespace();
	net_veth(hosts, "upa", outside, "upk", 1500);
	net_no_offloads(outside, "upk");
	net_ip(outside, "addr add " OUTSIDE "/24 dev upk");
	wire = net_raw(outside, "upk");
	udp = net_socket(outside, AF_INET, SOCK_DGRAM, 0);
	CHECK(bind(udp, (struct sockaddr *)&any, sizeof any) == 0, " ");
	env_netns = hosts;
	env_uplinks[0] = "upa:af_packet";
	env_start();
	u.address = env_addr("192.0.2.1/24"); /* tunnels besides, on the same link */
	u.address.prefix_len = 24;
	inside.n_subnets = 1;
	fh_txn *t = fh_txn_new();
	CHECK(fh_txn_put_uplink(t, &u) == FH_OK && fh_txn_put_segment(t, &inside) == FH_OK && fh_txn_put_segment(t, &ext) == FH_OK &&
		      fh_txn_put_router(t, &r) == FH_OK,
	      " ");
	env_put_group(t, 5, NULL, 0);
	env_put_group(t, 6, &open, 1);
	env_put_group(t, 7, NULL, 0);
	put_port(t, 1, 5, &pa);
	put_port(t, 1, 6, &pb);
	put_port(t, 1, 7, &pc);
	env_must(t);
	ha = env_host(1, 5);
	hb = env_host(1, 6);
	hc = env_host(1, 7);
	gw = env_gateway(1);
	world = gw;
	inet_pton(AF_INET, OUTSIDE, world.ip4);
	a = env_guest(5, 0);
	b = env_guest(6, 0);
	c = env_guest(7, 0);
}

static struct fh_uplink_status status(void)
{
	static struct fh_uplink_status s[8];
	uint64_t cursor = 0;
	uint32_t n;
	s[0].struct_size = sizeof s[0];
	CHECK(fh_ctl_uplinks(env_ctl, 1000, &cursor, s, 8, &n) == FH_OK && n == 1, " ");
	return s[0];
}

/* --- the outside's view ---------------------------------------------------------------------------------------------------- */
static struct sockaddr_in hears(int fd, const char *text)
{
	char data[64];
	struct sockaddr_in from = { 0 };
	socklen_t len = sizeof from;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	CHECK(poll(&p, 1, WAIT_MS) > 0, "the outside hears nothing of '%s'", text);
	ssize_t n = recvfrom(fd, data, sizeof data, 0, (struct sockaddr *)&from, &len);
	CHECK(n == (ssize_t)strlen(text) && memcmp(data, text, (size_t)n) == 0, "another message");
	return from;
}

static void says(int fd, const struct sockaddr_in *to, const char *text)
{
	CHECK(sendto(fd, text, strlen(text), 0, (const struct sockaddr *)to, sizeof *to) == (ssize_t)strlen(text), "%s", strerror(errno));
}

static void hears_nothing(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	CHECK(poll(&p, 1, SILENCE_MS) == 0, "the outside hears something");
}

static struct sockaddr_in at(const char *address, uint16_t port)
{
	struct sockaddr_in s = { .sin_family = AF_INET, .sin_port = htons(port) };
	inet_pton(AF_INET, address, &s.sin_addr);
	return s;
}

/* The guest gets the text from that address and port at its own. */
static void guest_hears(struct guest *g, const struct host *own, const uint8_t from[4], uint16_t sport, uint16_t dport, const char *text)
{
	CHECK(env_receive(g, &got, WAIT_MS), "the guest does not hear '%s'", text);
	CHECK(got.len == 42 + strlen(text) && memcmp(got.b + 42, text, strlen(text)) == 0 && frame_valid(got.b, got.len), "another message");
	CHECK(memcmp(got.b + 26, from, 4) == 0 && memcmp(got.b + 30, own->ip4, 4) == 0 && (got.b[34] << 8 | got.b[35]) == sport &&
		      (got.b[36] << 8 | got.b[37]) == dport && memcmp(got.b, own->mac, 6) == 0 && memcmp(got.b + 6, gw.mac, 6) == 0,
	      "another tuple");
}

/* --- tests -------------------------------------------------------------------------------------------------------------------- */
static void test_shared(void)
{
	uint64_t end = env_now_ns() + WAIT_MS * 1000000ull;
	while (status().neighbours_resolved < 1)
		CHECK(env_now_ns() < end, "the outside's router is not found");
	struct fh_port_status before = env_status(5);
	frame_udp4(&f, &ha, &world, 40000, 5353, "hello", 5);
	env_send(a, &f);
	struct sockaddr_in from = hears(udp, "hello"), again;
	CHECK(from.sin_addr.s_addr == at(SHARED, 0).sin_addr.s_addr && ntohs(from.sin_port) >= 1024 && ntohs(from.sin_port) <= 2047, "port %u",
	      ntohs(from.sin_port));
	says(udp, &from, "answer");
	guest_hears(a, &ha, world.ip4, 5353, 40000, "answer");
	struct fh_port_status after = env_await_traffic(5, true, FH_TRAFFIC_EXTERNAL, before.to_guest[FH_TRAFFIC_EXTERNAL].packets + 1);
	CHECK(after.from_guest[FH_TRAFFIC_EXTERNAL].packets == before.from_guest[FH_TRAFFIC_EXTERNAL].packets + 1 &&
		      after.from_guest[FH_TRAFFIC_EXTERNAL].bytes == before.from_guest[FH_TRAFFIC_EXTERNAL].bytes + f.len &&
		      after.to_guest[FH_TRAFFIC_EXTERNAL].packets == before.to_guest[FH_TRAFFIC_EXTERNAL].packets + 1 &&
		      after.to_guest[FH_TRAFFIC_EXTERNAL].bytes == before.to_guest[FH_TRAFFIC_EXTERNAL].bytes + 48,
	      "not counted as external");
	env_send(a, &f);
	again = hears(udp, "hello");
	CHECK(again.sin_port == from.sin_port, "another port for the same connection");
	/* Its neighbour has other ports; each gets its own answers. */
	frame_udp4(&f, &hc, &world, 40000, 5353, "from c", 6);
	env_send(c, &f);
	from = hears(udp, "from c");
	CHECK(ntohs(from.sin_port) >= 2048 && ntohs(from.sin_port) <= 3071, "port %u", ntohs(from.sin_port));
	says(udp, &from, "to c");
	guest_hears(c, &hc, world.ip4, 5353, 40000, "to c");
	env_expect_silence(a);
	/* Nobody gets in uninvited, whatever port. */
	struct sockaddr_in uninvited = at(SHARED, 1500), nobody = at(SHARED, 5000);
	says(udp, &uninvited, "x");
	says(udp, &nobody, "x");
	env_await_drops(5, FH_REASON_CT_NO_CONNECTION, 1);
	env_expect_silence(a);
	env_expect_silence(c);
}

static void test_floating(void)
{
	struct sockaddr_in to = at(FLOATING, 700), from;
	says(udp, &to, "in");
	guest_hears(b, &hb, world.ip4, 5353, 700, "in");
	frame_udp4(&f, &hb, &world, 700, 5353, "out", 3);
	env_send(b, &f);
	from = hears(udp, "out");
	CHECK(from.sin_addr.s_addr == to.sin_addr.s_addr && from.sin_port == to.sin_port, "not from the floating address");
	frame_udp4(&f, &hb, &world, 701, 5353, "first", 5);
	env_send(b, &f);
	from = hears(udp, "first");
	CHECK(from.sin_addr.s_addr == to.sin_addr.s_addr && ntohs(from.sin_port) == 701, "not from the floating address");
	/* Rules judge the inside address and port. */
	struct fh_rule rule = env_rule(2, FH_INGRESS, 17, 700, OUTSIDE);
	fh_txn *t = fh_txn_new();
	env_put_group(t, 6, &rule, 1);
	env_must(t);
	says(udp, &to, "in");
	guest_hears(b, &hb, world.ip4, 5353, 700, "in");
	to = at(FLOATING, 702);
	uint64_t before = env_drops(6, FH_REASON_DEFAULT);
	says(udp, &to, "in");
	env_await_drops(6, FH_REASON_DEFAULT, before + 1);
	env_expect_silence(b);
	struct fh_rule open = env_rule(1, FH_INGRESS, -1, -1, NULL);
	t = fh_txn_new();
	env_put_group(t, 6, &open, 1);
	env_must(t);
	/* Who is asked for: only what is here. */
	CHECK(net_ping(outside, FLOATING, 200) == false, "an answer without a guest that answers");
	CHECK(env_receive(b, &got, WAIT_MS) && got.b[34] == 8, "the ping does not arrive");
	while (env_receive(b, &got, 50))
		;
}

static void fix_ip4(struct frame *x)
{
	x->b[24] = x->b[25] = 0;
	uint16_t sum = frame_checksum(x->b + 14, 20, 0);
	x->b[24] = (uint8_t)(sum >> 8);
	x->b[25] = (uint8_t)sum;
}

/* The guests' network takes less than the link: the outside is told. */
static void test_too_big_for_the_guest(void)
{
	static uint8_t data[1460];
	struct sockaddr_in to = at(FLOATING, 801);
	struct fh_segment inside = env_segment(1);
	inside.n_subnets = 1;
	inside.mtu = 1400;
	fh_txn *t = fh_txn_new();
	CHECK(fh_txn_put_segment(t, &inside) == FH_OK, " ");
	env_must(t);
	int fd = net_socket(outside, AF_INET, SOCK_DGRAM, 0), on = IP_PMTUDISC_DO, mtu = 0;
	socklen_t len = sizeof mtu;
	CHECK(setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &on, sizeof on) == 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
		      send(fd, data, sizeof data, 0) == sizeof data,
	      " ");
	uint64_t end = env_now_ns() + WAIT_MS * 1000000ull;
	while (mtu != 1400) {
		CHECK(env_now_ns() < end && getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &len) == 0, "the outside thinks that the path takes %d", mtu);
		usleep(2000);
	}
	close(fd);
	env_expect_silence(b);
	inside.mtu = 1500;
	inside.generation += 1000;
	t = fh_txn_new();
	CHECK(fh_txn_put_segment(t, &inside) == FH_OK, " ");
	env_must(t);
}

static void test_icmp(void)
{
	/* A ping out, by the identifier. */
	frame_echo4(&f, &ha, gw.mac, world.ip4, 8, 77);
	env_send(a, &f);
	CHECK(env_receive(a, &got, WAIT_MS) && got.b[34] == 0 && got.b[38] == 0 && got.b[39] == 77 && frame_valid(got.b, got.len) &&
		      memcmp(got.b + 30, ha.ip4, 4) == 0,
	      "no echo reply");
	/* Nobody listens there: the outside's error comes home, about what the guest sent. */
	frame_udp4(&f, &ha, &world, 40001, 9, "nobody there, I fear", 20);
	env_send(a, &f);
	CHECK(env_receive(a, &got, WAIT_MS) && got.b[34] == 3 && got.b[35] == 3 && frame_valid(got.b, got.len), "no error");
	CHECK(memcmp(got.b + 30, ha.ip4, 4) == 0 && memcmp(got.b + 42 + 12, ha.ip4, 4) == 0 && memcmp(got.b + 42 + 16, world.ip4, 4) == 0 &&
		      memcmp(got.b + 62, f.b + 34, 4) == 0,
	      "the error does not quote what the guest sent");
	/* And the other way round. */
	int fd = net_socket(outside, AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in to = at(FLOATING, 800);
	CHECK(connect(fd, (struct sockaddr *)&to, sizeof to) == 0 && send(fd, "anybody?", 8, 0) == 8, " ");
	CHECK(env_receive(b, &got, WAIT_MS) && got.b[23] == 17, " ");
	struct frame quoted = got;
	frame_echo4(&f, &hb, gw.mac, world.ip4, 3, 0);
	f.b[35] = 3;
	memset(f.b + 36, 0, 6);
	memcpy(f.b + 42, quoted.b + 14, 28);
	f.len = 70;
	f.b[16] = 0;
	f.b[17] = 56;
	fix_ip4(&f);
	uint16_t sum = frame_checksum(f.b + 34, 36, 0);
	f.b[36] = (uint8_t)(sum >> 8);
	f.b[37] = (uint8_t)sum;
	env_send(b, &f);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	CHECK(poll(&p, 1, WAIT_MS) > 0 && recv(fd, got.b, 10, 0) < 0 && errno == ECONNREFUSED, "the guest's error does not reach who is meant");
	close(fd);
	test_too_big_for_the_guest();
	/* The hop count of the border is told as any other. */
	frame_udp4(&f, &ha, &world, 40002, 9, "x", 1);
	f.b[22] = 1;
	fix_ip4(&f);
	env_send(a, &f);
	CHECK(env_receive(a, &got, WAIT_MS) && got.b[34] == 11 && memcmp(got.b + 26, gw.ip4, 4) == 0, "no time exceeded");
}

/* From a port to the public address of another one on this host, and to its own. */
static void test_hairpin(void)
{
	struct host pub = gw;
	inet_pton(AF_INET, FLOATING, pub.ip4);
	frame_udp4(&f, &ha, &pub, 40003, 900, "neighbour", 9);
	env_send(a, &f);
	CHECK(env_receive(b, &got, WAIT_MS) && frame_valid(got.b, got.len) && got.b[22] == 63 && memcmp(got.b + 30, hb.ip4, 4) == 0, "nothing came");
	struct sockaddr_in from = at(SHARED, 0);
	uint16_t port = (uint16_t)(got.b[34] << 8 | got.b[35]);
	CHECK(memcmp(got.b + 26, &from.sin_addr, 4) == 0 && port >= 1024 && port <= 2047, "not from a's public address");
	struct host back = gw;
	memcpy(back.ip4, &from.sin_addr, 4);
	frame_udp4(&f, &hb, &back, 900, port, "hello", 5);
	env_send(b, &f);
	guest_hears(a, &ha, pub.ip4, 900, 40003, "hello");
	while (net_raw_receive(wire, got.b, sizeof got.b, 0))
		CHECK(!(got.b[12] == 8 && got.b[13] == 0 && memcmp(got.b + 42, "neighbour", 9) == 0), "it was on the wire");
}

static void test_what_must_not_cross(void)
{
	static uint8_t data[1200];
	struct host end = gw, unknown = gw;
	uint64_t before;
	/* The underlay. */
	inet_pton(AF_INET, "192.0.2.2", end.ip4);
	frame_udp4(&f, &ha, &end, 40004, 4789, "\x08\0\0\0\0\0\1\0 and a frame", 20);
	env_send(a, &f);
	CHECK(env_receive(a, &got, WAIT_MS) && got.b[34] == 3 && got.b[35] == 0, "the border leads to the underlay");
	/* Fragments: later ones have no ports. */
	before = env_drops(6, FH_REASON_NO_ROUTE);
	frame_fragment4(&f, &hb, &world, 4711, 0, true, data, 1200);
	f.b[34] = 3;
	f.b[37] = 9;
	f.b[38] = 4;
	f.b[39] = 176;
	env_send(b, &f);
	env_await_drops(6, FH_REASON_NO_ROUTE, before + 1);
	/* An outside that claims one of our public addresses. */
	struct fh_uplink_status s = status();
	inet_pton(AF_INET, SHARED, unknown.ip4);
	struct host pub = gw;
	inet_pton(AF_INET, FLOATING, pub.ip4);
	memcpy(pub.mac, s.mac, 6);
	frame_udp4(&f, &unknown, &pub, 1024, 700, "liar", 4);
	CHECK(net_raw_send(wire, f.b, f.len), " ");
	uint64_t end_ns = env_now_ns() + WAIT_MS * 1000000ull;
	while (status().drops[FH_REASON_SPOOFED_IP] == s.drops[FH_REASON_SPOOFED_IP])
		CHECK(env_now_ns() < end_ns, "a liar is believed");
	env_expect_silence(b);
	/* An inside address straight from the wire. */
	frame_udp4(&f, &world, &ha, 1, 40000, "inside?", 7);
	memcpy(f.b, s.mac, 6);
	CHECK(net_raw_send(wire, f.b, f.len), " ");
	env_expect_silence(a);
}

static void test_changes(void)
{
	struct fh_commit_result r;
	struct fh_public taken = floating(FLOATING, "10.1.0.7"), overlap = shared(1984, 2111), pb = floating("198.51.100.21", "10.1.0.6");
	struct sockaddr_in old = at(FLOATING, 701), now = at("198.51.100.21", 701), from;
	fh_txn *t = fh_txn_new();
	put_port(t, 1, 7, &taken);
	CHECK(env_commit(t, &r) == FH_EINVAL && r.message[0], "an address twice: %s", r.message);
	t = fh_txn_new();
	put_port(t, 1, 7, &overlap);
	CHECK(env_commit(t, &r) == FH_EINVAL && r.message[0], "a block twice: %s", r.message);
	/* b gets another address: connections through the old one are cut, in both directions. */
	frame_udp4(&f, &hb, &world, 701, 5353, "before", 6);
	env_send(b, &f);
	from = hears(udp, "before");
	CHECK(from.sin_addr.s_addr == old.sin_addr.s_addr, " ");
	t = fh_txn_new();
	put_port(t, 1, 6, &pb);
	env_must(t);
	says(udp, &old, "late");
	env_expect_silence(b);
	frame_udp4(&f, &hb, &world, 701, 5353, "after", 5);
	env_send(b, &f);
	from = hears(udp, "after");
	CHECK(from.sin_addr.s_addr == now.sin_addr.s_addr, "still by the old address");
	/* c loses its: the outside is gone for it, and it is told. */
	t = fh_txn_new();
	put_port(t, 1, 7, NULL);
	env_must(t);
	frame_udp4(&f, &hc, &world, 40000, 5353, "from c", 6);
	env_send(c, &f);
	CHECK(env_receive(c, &got, WAIT_MS) && got.b[34] == 3 && got.b[35] == 0, "no unreachable");
	hears_nothing(udp);
}

static void test_restart(void)
{
	frame_udp4(&f, &ha, &world, 40000, 5353, "hello", 5);
	env_send(a, &f);
	struct sockaddr_in before = hears(udp, "hello"), after;
	env_kill();
	env_start();
	CHECK(guest_start(a, 0, WAIT_MS) && guest_start(b, 0, WAIT_MS) && guest_start(c, 0, WAIT_MS), "the dataplane does not come back");
	env_await_state(5, FH_PORT_UP);
	says(udp, &before, "answer");
	guest_hears(a, &ha, world.ip4, 5353, 40000, "answer");
	env_send(a, &f);
	after = hears(udp, "hello");
	CHECK(after.sin_port == before.sin_port, "another public port after the restart");
}

/* IPv6 crosses as it is, from the addresses that are said to be public, both ways. */
static void test_ipv6(void)
{
	struct fh_segment inside = env_segment(3), ext = external(1, 0, "198.51.100.0/24", OUTSIDE);
	struct fh_router r = router(3, 3, 1);
	struct fh_rule open = env_rule(1, FH_INGRESS, -1, -1, NULL);
	struct host he = env_host(3, 9), hf = env_host(3, 10), gw3 = env_gateway(3), far = gw3;
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(5354) }, from;
	struct fh_public own = { .kind = FH_PUBLIC_OWN, .address = { .family = 6, .prefix_len = 128 } };
	socklen_t len = sizeof from;
	char data[16];
	memcpy(own.address.b, he.ip6, 16);
	/* The outside takes the tenant's prefix for its own link's. */
	net_ip(outside, "addr add fd00:3::f/64 dev upk nodad");
	inet_pton(AF_INET6, "fd00:3::f", far.ip6);
	ext.n_subnets = 2;
	ext.subnets[1].prefix = env_addr("fd00:3::/64");
	ext.subnets[1].gateway = env_addr("fd00:3::f");
	inside.subnets[1].prefix = env_addr("fd00:3:0:0:fe:ff::/96"); /* only the guests' part is inside */
	inside.subnets[1].dhcp = 0;
	int fd = net_socket(outside, AF_INET6, SOCK_DGRAM, 0);
	CHECK(bind(fd, (struct sockaddr *)&any, sizeof any) == 0, " ");
	fh_txn *t = fh_txn_new();
	CHECK(fh_txn_put_segment(t, &inside) == FH_OK && fh_txn_put_segment(t, &ext) == FH_OK && fh_txn_put_router(t, &r) == FH_OK, " ");
	env_put_group(t, 9, &open, 1);
	env_put_group(t, 10, &open, 1);
	put_port(t, 3, 9, &own);
	put_port(t, 3, 10, NULL);
	env_must(t);
	struct guest *e = env_guest(9, 0), *g = env_guest(10, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t end = env_now_ns() + WAIT_MS * 1000000ull;
	do { /* while the router is being asked for */
		CHECK(env_now_ns() < end, "nothing leaves");
		frame_udp6(&f, &he, &far, 300, 5354, "out", 3);
		memcpy(f.b, gw3.mac, 6);
		env_send(e, &f);
	} while (poll(&p, 1, 50) <= 0);
	CHECK(recvfrom(fd, data, sizeof data, 0, (struct sockaddr *)&from, &len) == 3 && memcmp(&from.sin6_addr, he.ip6, 16) == 0 &&
		      ntohs(from.sin6_port) == 300,
	      "not from its own address");
	CHECK(sendto(fd, "in", 2, 0, (struct sockaddr *)&from, sizeof from) == 2, " ");
	CHECK(env_receive(e, &got, WAIT_MS) && frame_valid(got.b, got.len) && memcmp(got.b + 62, "in", 2) == 0 && memcmp(got.b, he.mac, 6) == 0 &&
		      memcmp(got.b + 6, gw3.mac, 6) == 0,
	      "no answer");
	while (poll(&p, 1, 50) > 0)
		(void)!recv(fd, data, sizeof data, 0);
	/* Its neighbour is not public: not out, not in. */
	frame_udp6(&f, &hf, &far, 300, 5354, "out of reach, is it?", 20);
	memcpy(f.b, gw3.mac, 6);
	env_send(g, &f);
	CHECK(env_receive(g, &got, WAIT_MS) && got.b[54] == 1 && got.b[55] == 0, "no unreachable");
	memcpy(&from.sin6_addr, hf.ip6, 16);
	(void)!sendto(fd, "in", 2, 0, (struct sockaddr *)&from, sizeof from);
	env_expect_silence(g);
	CHECK(poll(&p, 1, 0) == 0, "it got out");
	close(fd);
	guest_free(e);
	guest_free(g);
}

/* An external network that is a VLAN: asked for and answered with its tag. */
static void test_tagged(void)
{
	struct fh_segment inside = env_segment(2), ext = external(2, 50, "203.0.113.0/24", "203.0.113.1");
	struct fh_router r = router(2, 2, 2);
	struct fh_public p = floating("203.0.113.5", "10.2.0.8");
	struct fh_rule open = env_rule(1, FH_INGRESS, -1, -1, NULL);
	struct host hd = env_host(2, 8), gw2 = env_gateway(2), far = { .mac = { 2, 9, 9, 9, 9, 9 }, .ip4 = { 203, 0, 113, 1 } };
	uint8_t o[200], public_address[4] = { 203, 0, 113, 5 };
	fh_txn *t = fh_txn_new();
	CHECK(fh_txn_put_segment(t, &inside) == FH_OK && fh_txn_put_segment(t, &ext) == FH_OK && fh_txn_put_router(t, &r) == FH_OK, " ");
	env_put_group(t, 8, &open, 1);
	put_port(t, 2, 8, &p);
	env_must(t);
	struct guest *d = env_guest(8, 0);
	/* The gateway is asked for. */
	uint64_t end = env_now_ns() + 4000000000ull;
	for (;;) {
		CHECK(env_now_ns() < end, "nobody asks for the gateway");
		size_t n = net_raw_receive(wire, o, sizeof o, 200);
		if (n >= 46 && o[12] == 0x81 && o[15] == 50 && o[16] == 8 && o[17] == 6 && o[25] == 1 && memcmp(o + 42, far.ip4, 4) == 0)
			break;
	}
	CHECK(memcmp(o + 32, public_address, 4) == 0, "not from the public address");
	struct fh_uplink_status s = status();
	memset(&f, 0, sizeof f);
	frame_arp(&f, &far, 2, far.mac, far.ip4, public_address);
	memcpy(f.b, s.mac, 6);
	memcpy(f.b + 32, s.mac, 6);
	memcpy(o, f.b, 12);
	memcpy(o + 12, "\x81\0\0\x32", 4);
	memcpy(o + 16, f.b + 12, f.len - 12);
	CHECK(net_raw_send(wire, o, f.len + 4), " ");
	struct host out = far;
	memcpy(out.mac, gw2.mac, 6);
	out.ip4[3] = 200; /* somebody far away */
	out.ip4[0] = 9;
	end = env_now_ns() + 4000000000ull;
	for (bool seen = false; !seen;) {
		CHECK(env_now_ns() < end, "nothing leaves with the tag");
		frame_udp4(&f, &hd, &out, 7, 8, "out there", 9);
		env_send(d, &f);
		size_t n;
		while ((n = net_raw_receive(wire, o, sizeof o, 100)))
			seen |= n == f.len + 4 && o[12] == 0x81 && o[15] == 50 && memcmp(o, far.mac, 6) == 0 && memcmp(o + 30, public_address, 4) == 0 &&
				memcmp(o + 46, "out there", 9) == 0;
	}
	guest_free(d);
}

int main(int argc, char *argv[])
{
	if (argc > 1)
		env_workers = argv[1];
	signal(SIGPIPE, SIG_IGN);
	net_isolate();
	set_up();
	test_shared();
	test_floating();
	test_icmp();
	test_hairpin();
	test_what_must_not_cross();
	test_changes();
	test_restart();
	test_ipv6();
	test_tagged();
	guest_free(a);
	guest_free(b);
	guest_free(c);
	return 0;
}
