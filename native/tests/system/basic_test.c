/* One dataplane, two segments, guests that talk: answers, forwarding, spoofing, policy, restart. */
#include "env.h"

#include <signal.h>
#include <unistd.h>

#define INGRESS 0
#define EGRESS 1

static struct guest *a, *b, *c; /* a and b share segment 1, c is alone in 2 */
static struct host ha, hb, hc, gw;
static struct frame f, got;

static void two_segments(void)
{
	struct fh_rule open = env_rule(1, FH_INGRESS, -1, -1, NULL);
	fh_txn *t = fh_txn_new();
	for (uint32_t s = 1; s <= 2; s++) {
		struct fh_segment segment = env_segment(s);
		CHECK(fh_txn_put_segment(t, &segment) == FH_OK, " ");
	}
	env_put_group(t, 5, NULL, 0);
	env_put_group(t, 6, &open, 1);
	env_put_group(t, 7, &open, 1);
	struct fh_port p5 = env_port(1, 5), p6 = env_port(1, 6), p7 = env_port(2, 7);
	env_put_port(t, &p5);
	env_put_port(t, &p6);
	env_put_port(t, &p7);
	env_must(t);
	ha = env_host(1, 5);
	hb = env_host(1, 6);
	hc = env_host(2, 7);
	gw = env_gateway(1);
	a = env_guest(5, 0);
	b = env_guest(6, 0);
	c = env_guest(7, 0);
}

static void test_arp(void)
{
	static const uint8_t none[4];
	frame_arp(&f, &ha, 1, ha.mac, ha.ip4, hb.ip4);
	env_send(a, &f);
	CHECK(env_receive(a, &got, WAIT_MS), "no ARP answer");
	CHECK(got.len == 42 && got.b[21] == 2 && memcmp(got.b + 22, hb.mac, 6) == 0 && memcmp(got.b + 28, hb.ip4, 4) == 0 &&
		      memcmp(got.b, ha.mac, 6) == 0,
	      "not b's MAC");
	frame_arp(&f, &ha, 1, ha.mac, ha.ip4, gw.ip4);
	env_send(a, &f);
	CHECK(env_receive(a, &got, WAIT_MS) && memcmp(got.b + 22, gw.mac, 6) == 0, "not the gateway's MAC");
	/* A probe for its own address stays unanswered, one for somebody else's does not. */
	frame_arp(&f, &ha, 1, ha.mac, none, ha.ip4);
	env_send(a, &f);
	env_expect_silence(a);
	frame_arp(&f, &ha, 1, ha.mac, none, hb.ip4);
	env_send(a, &f);
	CHECK(env_receive(a, &got, WAIT_MS), "a duplicate address is not told");
	/* Another segment's address, a forged sender. */
	frame_arp(&f, &ha, 1, ha.mac, ha.ip4, hc.ip4);
	env_send(a, &f);
	frame_arp(&f, &ha, 2, ha.mac, hb.ip4, hb.ip4);
	env_send(a, &f);
	env_await_drops(5, FH_REASON_NO_ROUTE, 1);
	env_await_drops(5, FH_REASON_SPOOFED_NEIGHBOUR, 1);
	env_expect_silence(a);
	env_expect_silence(b);
}

static void test_nd(void)
{
	static const uint8_t all_routers[16] = { 0xff, 2, [15] = 2 }, all_routers_mac[6] = { 0x33, 0x33, 0, 0, 0, 2 };
	uint8_t ns[32] = { 135 }, rs[16] = { 133, [8] = 1, 1 }, solicited[16] = { 0xff, 2, [11] = 1, 0xff, 0, 1, 6 };
	uint8_t solicited_mac[6] = { 0x33, 0x33, 0xff, 0, 1, 6 };
	memcpy(ns + 8, hb.ip6, 16);
	ns[24] = 1;
	ns[25] = 1;
	memcpy(ns + 26, ha.mac, 6);
	frame_icmp6(&f, solicited_mac, ha.mac, ha.ip6, solicited, ns, sizeof ns);
	env_send(a, &f);
	CHECK(env_receive(a, &got, WAIT_MS), "no neighbour advertisement");
	CHECK(got.b[54] == 136 && memcmp(got.b + 62, hb.ip6, 16) == 0 && memcmp(got.b + 80, hb.mac, 6) == 0 && frame_valid(got.b, got.len),
	      "not b's MAC");
	memcpy(rs + 10, ha.mac, 6);
	frame_icmp6(&f, all_routers_mac, ha.mac, ha.ip6, all_routers, rs, sizeof rs);
	env_send(a, &f);
	for (;;) { /* the unsolicited one at the start looks the same but for its destination */
		got.len = guest_receive(a, got.b, sizeof got.b, NULL, NULL, WAIT_MS);
		CHECK(got.len, "no router advertisement");
		CHECK(got.b[54] == 134 && frame_valid(got.b, got.len), "not an advertisement");
		if (memcmp(got.b + 38, ha.ip6, 16) == 0)
			break;
	}
	bool prefix = false;
	for (size_t o = 70; o + 1 < got.len && got.b[o + 1]; o += got.b[o + 1] * 8u)
		prefix |= got.b[o] == 3 && got.b[o + 2] == 64 && got.b[o + 3] == 0xc0 && memcmp(got.b + o + 16, "\xfd\0\0\1", 4) == 0;
	CHECK(prefix, "the prefix is not advertised");
	/* A forged sender, a guest that plays router. */
	memcpy(ns + 26, hb.mac, 6);
	frame_icmp6(&f, solicited_mac, ha.mac, ha.ip6, solicited, ns, sizeof ns);
	env_send(a, &f);
	rs[0] = 134;
	frame_icmp6(&f, all_routers_mac, ha.mac, ha.ip6, all_routers, rs, sizeof rs);
	env_send(a, &f);
	env_await_drops(5, FH_REASON_SPOOFED_NEIGHBOUR, 2);
	env_await_drops(5, FH_REASON_FORGED_CONTROL, 1);
	env_expect_silence(b);
}

static const uint8_t *dhcp_option(const struct frame *r, uint8_t code)
{
	for (size_t o = 282; o + 1 < r->len && r->b[o] != 255; o += 2u + r->b[o + 1])
		if (r->b[o] == code)
			return r->b + o + 2;
	return NULL;
}

static void test_dhcp(void)
{
	static const uint8_t other[4] = { 10, 1, 0, 99 };
	frame_dhcp(&f, &ha, 1, NULL);
	env_send(a, &f);
	CHECK(env_receive(a, &got, WAIT_MS) && got.len >= 342, "no offer");
	CHECK(frame_valid(got.b, got.len) && dhcp_option(&got, 53)[0] == 2 && memcmp(got.b + 58, ha.ip4, 4) == 0, "not an offer of a's address");
	CHECK(memcmp(dhcp_option(&got, 1), "\xff\xff\xff\0", 4) == 0 && memcmp(dhcp_option(&got, 3), gw.ip4, 4) == 0 &&
		      memcmp(dhcp_option(&got, 6), "\x09\x09\x09\x09", 4) == 0 && memcmp(dhcp_option(&got, 12), "vm5", 3) == 0,
	      "wrong parameters");
	frame_dhcp(&f, &ha, 3, ha.ip4);
	env_send(a, &f);
	CHECK(env_receive(a, &got, WAIT_MS) && dhcp_option(&got, 53)[0] == 5, "no acknowledgement");
	frame_dhcp(&f, &ha, 3, other);
	env_send(a, &f);
	CHECK(env_receive(a, &got, WAIT_MS) && dhcp_option(&got, 53)[0] == 6, "another address is not refused");
	env_expect_silence(b);
}

static void test_ping_gateway(void)
{
	frame_echo4(&f, &ha, gw.mac, gw.ip4, 8, 77);
	env_send(a, &f);
	CHECK(env_receive(a, &got, WAIT_MS), "no echo reply");
	CHECK(got.len == f.len && got.b[34] == 0 && memcmp(got.b + 26, gw.ip4, 4) == 0 && frame_valid(got.b, got.len), "not a valid reply");
}

static void test_forwarding(void)
{
	frame_udp4(&f, &ha, &hb, 4000, 53, "question", 8);
	env_send(a, &f);
	env_expect(b, &f);
	frame_udp4(&f, &hb, &ha, 53, 4000, "answer", 6);
	env_send(b, &f);
	env_expect(a, &f); /* a lets nobody in, but this is an answer */
	frame_udp6(&f, &ha, &hb, 4000, 53, "question", 8);
	env_send(a, &f);
	env_expect(b, &f);
	frame_udp6(&f, &hb, &ha, 53, 4000, "answer", 6);
	env_send(b, &f);
	env_expect(a, &f);
	frame_udp4(&f, &hb, &ha, 53, 4001, "unasked", 7);
	uint64_t before = env_drops(5, FH_REASON_DEFAULT);
	env_send(b, &f);
	env_await_drops(5, FH_REASON_DEFAULT, before + 1);
	env_expect_silence(a);
	/* More than a burst, in order. */
	for (unsigned i = 0; i < 48; i++) {
		frame_udp4(&f, &ha, &hb, 4000, 53, &i, sizeof i);
		env_send(a, &f);
	}
	for (unsigned i = 0; i < 48; i++) {
		frame_udp4(&f, &ha, &hb, 4000, 53, &i, sizeof i);
		env_expect(b, &f);
	}
}

static void test_isolation(void)
{
	struct host liar = ha;
	uint64_t mac = env_drops(5, FH_REASON_SPOOFED_MAC), ip = env_drops(5, FH_REASON_SPOOFED_IP), route = env_drops(5, FH_REASON_NO_ROUTE);
	memcpy(liar.mac, hb.mac, 6);
	frame_udp4(&f, &liar, &hb, 1, 2, "x", 1);
	env_send(a, &f);
	liar = ha;
	memcpy(liar.ip4, hc.ip4, 4);
	frame_udp4(&f, &liar, &hb, 1, 2, "x", 1);
	env_send(a, &f);
	memcpy(liar.ip6, hc.ip6, 16);
	frame_udp6(&f, &liar, &hb, 1, 2, "x", 1);
	env_send(a, &f);
	/* Another tenant's segment: its MAC means nothing here. */
	frame_udp4(&f, &ha, &hc, 1, 2, "x", 1);
	env_send(a, &f);
	struct host everybody = hb;
	memset(everybody.mac, 255, 6);
	frame_udp4(&f, &ha, &everybody, 1, 2, "x", 1);
	env_send(a, &f);
	env_await_drops(5, FH_REASON_SPOOFED_MAC, mac + 1);
	env_await_drops(5, FH_REASON_SPOOFED_IP, ip + 2);
	env_await_drops(5, FH_REASON_NO_ROUTE, route + 2);
	env_expect_silence(b);
	env_expect_silence(c);
}

static void handshake(uint16_t sport, uint16_t dport)
{
	frame_tcp4(&f, &ha, &hb, sport, dport, 1000, 0, TCP_SYN, NULL, 0);
	env_send(a, &f);
	env_expect(b, &f);
	frame_tcp4(&f, &hb, &ha, dport, sport, 5000, 1001, TCP_SYN | TCP_ACK, NULL, 0);
	env_send(b, &f);
	env_expect(a, &f);
	frame_tcp4(&f, &ha, &hb, sport, dport, 1001, 5001, TCP_ACK, NULL, 0);
	env_send(a, &f);
	env_expect(b, &f);
}

static void test_policy(void)
{
	struct fh_rule rules[2] = { env_rule(10, FH_INGRESS, 6, 5432, NULL), env_rule(11, FH_INGRESS, 6, 22, NULL) };
	fh_txn *t = fh_txn_new();
	env_put_group(t, 6, rules, 2);
	env_must(t);
	frame_tcp4(&f, &ha, &hb, 4100, 80, 1, 0, TCP_SYN, NULL, 0);
	env_send(a, &f);
	env_await_drops(6, FH_REASON_DEFAULT, 1);
	env_expect_silence(b);
	handshake(4101, 5432);
	/* An unrelated rule changes: the connection goes on. */
	t = fh_txn_new();
	env_put_group(t, 6, rules, 1);
	env_must(t);
	frame_tcp4(&f, &ha, &hb, 4101, 5432, 1001, 5001, TCP_ACK | TCP_PSH, "select", 6);
	env_send(a, &f);
	env_expect(b, &f);
	/* Its own goes: cut on the next packet, whichever side sends. */
	t = fh_txn_new();
	env_put_group(t, 6, rules + 1, 1);
	env_must(t);
	frame_tcp4(&f, &hb, &ha, 5432, 4101, 5001, 1007, TCP_ACK | TCP_PSH, "row", 3);
	env_send(b, &f);
	env_expect_silence(a);
	CHECK(env_drops(6, FH_REASON_REVOKED) == 1, "not counted as revoked");
	struct fh_rule_hit hits[64];
	uint64_t cursor = 0;
	uint32_t n;
	bool counted = false;
	CHECK(fh_ctl_rule_hits(env_ctl, 1000, &cursor, hits, 64, &n) == FH_OK, " ");
	for (uint32_t i = 0; i < n; i++)
		counted |= memcmp(&hits[i].rule, &rules[0].id, 16) == 0 && hits[i].connections == 1 && hits[i].packets >= 4;
	CHECK(counted, "the rule's hits are not counted");
}

static void test_seeing_inside(void)
{
	struct fh_id b_id = env_id(FH_KIND_PORT, 6);
	struct fh_rule rule = env_rule(20, FH_INGRESS, 6, 5432, NULL);
	struct fh_packet_verdict verdict = { .struct_size = sizeof verdict };
	struct fh_packet packet = { .struct_size = sizeof packet, .direction = FH_INGRESS, .family = 4, .protocol = 6, .tcp_flags = TCP_SYN,
				    .src_port = 4700, .dst_port = 5432 };
	static struct fh_connection all[64];
	static struct fh_drop_event events[256];
	struct fh_connection found = { 0 };
	uint64_t cursor = 0, cuts = 0;
	uint32_t n, killed;
	fh_txn *t = fh_txn_new();
	memcpy(packet.src, ha.ip4, 4);
	memcpy(packet.dst, hb.ip4, 4);
	env_put_group(t, 6, &rule, 1);
	env_must(t);
	CHECK(fh_ctl_test_packet(env_ctl, 1000, &b_id, &packet, &verdict) == FH_OK && verdict.action == FH_ALLOW &&
		      verdict.class_ == FH_PACKET_NEW && memcmp(&verdict.rule, &rule.id, 16) == 0,
	      "the packet tester: %u", verdict.reason);
	packet.dst_port = 80;
	CHECK(fh_ctl_test_packet(env_ctl, 1000, &b_id, &packet, &verdict) == FH_OK && verdict.action == FH_DROP &&
		      verdict.reason == FH_REASON_DEFAULT,
	      "the packet tester lets port 80 in");
	CHECK(fh_ctl_kill(env_ctl, 1000, &b_id, NULL, &killed) == FH_OK, " ");
	handshake(4700, 5432);
	all[0].struct_size = sizeof all[0];
	CHECK(fh_ctl_connections(env_ctl, 1000, &b_id, &cursor, all, 64, &n) == FH_OK && cursor == 0, " ");
	for (uint32_t i = 0; i < n; i++)
		if (all[i].src_port == 4700 && all[i].dst_port == 5432)
			found = all[i];
	CHECK(found.struct_size && strcmp(fh_ctl_connection_state_name(found.state), "established") == 0 && found.direction == FH_INGRESS &&
		      found.packets[0] == 2 && found.packets[1] == 1 && memcmp(&found.rule, &rule.id, 16) == 0 && memcmp(found.src, ha.ip4, 4) == 0,
	      "the connection is not listed");
	/* What a change would cut, without making it. */
	t = fh_txn_new();
	env_put_group(t, 6, NULL, 0);
	CHECK(fh_ctl_preview(env_ctl, t, 1000, &cuts, NULL) == FH_OK && cuts == 1, "%llu", (unsigned long long)cuts);
	fh_txn_free(t);
	frame_tcp4(&f, &ha, &hb, 4700, 5432, 1001, 5001, TCP_ACK | TCP_PSH, "select", 6);
	env_send(a, &f);
	env_expect(b, &f);
	/* Moved away and back, as a migration does. */
	static uint8_t records[65536];
	uint32_t len, imported, refused;
	struct fh_id a_id = env_id(FH_KIND_PORT, 5);
	cursor = 0;
	CHECK(fh_ctl_export_connections(env_ctl, 1000, &b_id, 0, &cursor, records, sizeof records, &len) == FH_OK && len > 0 && cursor == 0, " ");
	CHECK(fh_ctl_kill(env_ctl, 1000, &b_id, &found, &killed) == FH_OK && killed == 1, "not killed");
	CHECK(fh_ctl_kill(env_ctl, 1000, &b_id, &found, &killed) == FH_OK && killed == 0, "killed twice");
	CHECK(fh_ctl_import_connections(env_ctl, 1000, &b_id, records, len, &imported, &refused) == FH_OK && imported > 0 && refused == 0, " ");
	frame_tcp4(&f, &hb, &ha, 5432, 4700, 5001, 1007, TCP_ACK | TCP_PSH, "row", 3);
	env_send(b, &f);
	env_expect(a, &f);
	CHECK(fh_ctl_kill(env_ctl, 1000, &a_id, NULL, &killed) == FH_OK && killed >= 1, " ");
	frame_tcp4(&f, &ha, &hb, 4700, 5432, 1007, 5004, TCP_ACK, NULL, 0);
	env_send(a, &f);
	env_expect_silence(b);
	/* The drops tell why. */
	cursor = 0;
	events[0].struct_size = sizeof events[0];
	CHECK(fh_ctl_drop_events(env_ctl, 1000, &cursor, events, 256, &n) == FH_OK && n > 0, " ");
	const struct fh_drop_event *last = &events[n - 1];
	CHECK(last->reason == FH_REASON_CT_NO_CONNECTION && memcmp(&last->port, &a_id, 16) == 0 && last->src_port == 4700 &&
		      memcmp(last->dst, hb.ip4, 4) == 0 && last->direction == FH_EGRESS,
	      "the last drop: %s", fh_drop_reason_name(last->reason));
	CHECK(fh_ctl_drop_events(env_ctl, 1000, &cursor, events, 256, &n) == FH_OK && n == 0 && cursor > 0, "events come twice");
	CHECK(fh_ctl_pin_worker(env_ctl, 1000, 0, 0) == FH_OK && fh_ctl_pin_worker(env_ctl, 1000, 0, UINT32_MAX) == FH_OK &&
		      fh_ctl_pin_worker(env_ctl, 1000, 99, 0) == FH_EINVAL,
	      "pinning");
}

static void test_confined(void)
{
	char path[64], line[256];
	unsigned long long capabilities = ~0ull;
	int no_new_privs = 0;
	__attribute__((unused)) int seccomp = 0;
	snprintf(path, sizeof path, "/proc/%ld/status", env_pid());
	FILE *file = fopen(path, "r");
	CHECK(file, "%s", path);
	while (fgets(line, sizeof line, file)) {
		sscanf(line, "CapEff: %llx", &capabilities);
		sscanf(line, "NoNewPrivs: %d", &no_new_privs);
		sscanf(line, "Seccomp: %d", &seccomp);
	}
	fclose(file);
	CHECK((capabilities & ~2ull) == 0 && no_new_privs == 1, "capabilities %llx are left", capabilities);
#if !defined(__SANITIZE_ADDRESS__)
	CHECK(seccomp == 2, "no system call filter");
#endif
}

static void test_validity_window(void)
{
	struct fh_rule rule = env_rule(12, FH_INGRESS, 17, 700, NULL);
	fh_txn *t = fh_txn_new();
	rule.valid_until = env_now_ns() + 300000000u;
	env_put_group(t, 6, &rule, 1);
	env_must(t);
	frame_udp4(&f, &ha, &hb, 4200, 700, "early", 5);
	env_send(a, &f);
	env_expect(b, &f);
	uint64_t cut = env_drops(6, FH_REASON_REVOKED);
	while (env_now_ns() < rule.valid_until + 50000000u)
		usleep(5000);
	env_send(a, &f);
	env_await_drops(6, FH_REASON_REVOKED, cut + 1);
	env_expect_silence(b);
}

static void test_sets(void)
{
	struct fh_id set = env_id(FH_KIND_SET, 1);
	struct fh_addr member = env_addr("10.1.0.5"), other = env_addr("10.1.0.9");
	struct fh_set s = { .struct_size = sizeof s, .n_members = 1, .id = set, .generation = 1, .members = &other };
	struct fh_rule rule = env_rule(13, FH_INGRESS, 17, 800, NULL);
	struct fh_commit_result r;
	rule.remote = FH_REMOTE_SET;
	rule.set = set;
	fh_txn *t = fh_txn_new();
	env_put_group(t, 6, &rule, 1);
	CHECK(env_commit(t, &r) == FH_EREF && r.failed_kind == FH_KIND_GROUP, "a set that does not exist: %s", r.message);
	t = fh_txn_new();
	env_put_group(t, 6, &rule, 1);
	CHECK(fh_txn_put_set(t, &s) == FH_OK, " ");
	env_must(t);
	frame_udp4(&f, &ha, &hb, 4300, 800, "x", 1);
	env_send(a, &f);
	env_expect_silence(b);
	t = fh_txn_new();
	CHECK(fh_txn_change_set(t, &set, 1, 2, &member, 1, NULL, 0) == FH_OK, " ");
	env_must(t);
	env_send(a, &f);
	env_expect(b, &f);
	t = fh_txn_new();
	CHECK(fh_txn_change_set(t, &set, 1, 3, NULL, 0, &member, 1) == FH_OK, " ");
	CHECK(env_commit(t, &r) == FH_ESTALE, "a stale base is accepted");
	t = fh_txn_new();
	CHECK(fh_txn_change_set(t, &set, 2, 3, NULL, 0, &member, 1) == FH_OK, " ");
	env_must(t);
	env_send(a, &f);
	env_expect_silence(b);
	t = fh_txn_new();
	CHECK(fh_txn_remove(t, FH_KIND_SET, &set) == FH_OK, " ");
	CHECK(env_commit(t, &r) == FH_EREF, "a set in use is removed");
}

static void test_atomicity(void)
{
	struct fh_rule good = env_rule(14, FH_INGRESS, 17, 900, NULL), bad = env_rule(15, FH_INGRESS, 17, 901, NULL);
	struct fh_commit_result r;
	fh_txn *t = fh_txn_new();
	env_put_group(t, 6, &good, 1);
	bad.port_min = 10;
	bad.port_max = 9;
	env_put_group(t, 5, &bad, 1);
	CHECK(env_commit(t, &r) == FH_EINVAL && r.message[0], "a malformed rule is accepted");
	frame_udp4(&f, &ha, &hb, 4400, 900, "x", 1);
	env_send(a, &f);
	env_expect_silence(b);
	t = fh_txn_new();
	env_put_group(t, 6, &good, 1);
	CHECK(env_commit(t, &r) == FH_OK && r.enforced_ns > 0 && env_now_ns() - r.enforced_ns < 1000000000u, "no enforcement time");
	env_send(a, &f);
	env_expect(b, &f);
}

static void test_fragments(void)
{
	uint8_t data[2000];
	memset(data, 7, sizeof data);
	frame_udp4(&f, &ha, &hb, 4400, 900, data, sizeof data - 8);
	static struct frame first, second;
	memcpy(data, f.b + 34, 8);
	frame_fragment4(&first, &ha, &hb, 42, 0, true, data, 1200);
	frame_fragment4(&second, &ha, &hb, 42, 1200, false, data + 1200, 800);
	env_send(a, &second); /* out of order: held until the first one decides */
	env_send(a, &first);
	env_expect(b, &first);
	env_expect(b, &second);
}

static void test_kill_and_restart(void)
{
	struct fh_info before = { .struct_size = sizeof before }, after = before;
	struct fh_rule rule = env_rule(16, FH_INGRESS, 6, 5432, NULL);
	struct fh_id epoch = env_id(8, 8);
	fh_txn *t = fh_txn_new();
	env_put_group(t, 6, &rule, 1);
	CHECK(fh_txn_mark(t, &epoch, 4711) == FH_OK, " ");
	env_must(t);
	handshake(4500, 5432);
	CHECK(fh_ctl_info(env_ctl, 1000, &before) == FH_OK && before.revision == 4711, " ");
	env_kill();
	env_start();
	/* No agent speaks; the front ends are found again, and the connection goes on from either side. */
	CHECK(guest_start(a, 0, WAIT_MS) && guest_start(b, 0, WAIT_MS) && guest_start(c, 0, WAIT_MS), "the dataplane does not come back");
	env_await_state(5, FH_PORT_UP);
	env_await_state(6, FH_PORT_UP);
	CHECK(fh_ctl_info(env_ctl, 1000, &after) == FH_OK && after.revision == 4711 && after.n_ports == before.n_ports && after.epoch != before.epoch,
	      "the state is not back");
	frame_tcp4(&f, &hb, &ha, 5432, 4500, 5001, 1001, TCP_ACK | TCP_PSH, "row", 3);
	env_send(b, &f);
	env_expect(a, &f);
	frame_tcp4(&f, &ha, &hb, 4500, 5432, 1001, 5004, TCP_ACK, NULL, 0);
	env_send(a, &f);
	env_expect(b, &f);
	/* Still cut when its rule goes. */
	t = fh_txn_new();
	env_put_group(t, 6, NULL, 0);
	env_must(t);
	env_send(a, &f);
	env_expect_silence(b);
}

static void test_reconnect(void)
{
	struct fh_rule open = env_rule(17, FH_INGRESS, -1, -1, NULL);
	fh_txn *t = fh_txn_new();
	env_put_group(t, 6, &open, 1);
	env_must(t);
	guest_free(b);
	env_await_state(6, FH_PORT_CONNECTING);
	frame_udp4(&f, &ha, &hb, 4600, 1, "x", 1);
	uint64_t before = env_drops(6, FH_REASON_LINK_DOWN);
	env_send(a, &f);
	env_await_drops(6, FH_REASON_LINK_DOWN, before + 1);
	b = env_guest(6, 0);
	env_send(a, &f);
	env_expect(b, &f);
	/* A guest's reboot: the driver stops and starts on the same socket. */
	CHECK(guest_stop(b), " ");
	env_await_state(6, FH_PORT_CONNECTED);
}

/* A connection's number is another connection's afterwards, also when the first one's port went without its guest. */
static void test_removed_while_connected(void)
{
	struct fh_port port = env_port(2, 8);
	port.groups[0] = env_id(FH_KIND_GROUP, 7);
	fh_txn *t = fh_txn_new();
	env_put_port(t, &port);
	env_must(t);
	struct guest *left = env_guest(8, 0);
	for (uint32_t n = 9; n < 13; n++) {
		t = fh_txn_new();
		CHECK(fh_txn_remove(t, FH_KIND_PORT, &port.id) == FH_OK, " ");
		port = env_port(2, n);
		port.groups[0] = env_id(FH_KIND_GROUP, 7);
		env_put_port(t, &port);
		env_must(t);
		struct guest *next = env_guest(n, 0);
		struct host h = env_host(2, n);
		frame_arp(&f, &h, 1, h.mac, h.ip4, hc.ip4);
		env_send(next, &f);
		CHECK(env_receive(next, &got, WAIT_MS) && memcmp(got.b + 22, hc.mac, 6) == 0, "guest %u is not served", n);
		guest_free(left);
		left = next;
	}
	guest_free(left);
}

static void test_replace_all(void)
{
	struct fh_info info = { .struct_size = sizeof info };
	fh_txn *t = fh_txn_new();
	struct fh_segment s = env_segment(1);
	CHECK(fh_txn_replace_all(t) == FH_OK && fh_txn_put_segment(t, &s) == FH_OK, " ");
	env_must(t);
	CHECK(fh_ctl_info(env_ctl, 1000, &info) == FH_OK && info.n_ports == 0 && info.n_segments == 1 && info.n_groups == 0, "things are left");
	struct fh_object_ref refs[8];
	uint64_t cursor = 0;
	uint32_t n;
	CHECK(fh_ctl_objects(env_ctl, 1000, &cursor, refs, 8, &n) == FH_OK && n == 1 && refs[0].kind == FH_KIND_SEGMENT &&
		      refs[0].generation == s.generation && cursor == 0,
	      "not the one segment");
}

int main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
		{ "arp", test_arp }, { "nd", test_nd }, { "dhcp", test_dhcp }, { "ping-gateway", test_ping_gateway },
		{ "forwarding", test_forwarding }, { "isolation", test_isolation }, { "policy", test_policy }, { "seeing-inside", test_seeing_inside }, { "confined", test_confined },
		{ "validity-window", test_validity_window }, { "sets", test_sets }, { "atomicity", test_atomicity },
		{ "fragments", test_fragments }, { "kill-and-restart", test_kill_and_restart }, { "reconnect", test_reconnect },
		{ "removed-while-connected", test_removed_while_connected }, { "replace-all", test_replace_all },
	};
	if (argc > 1)
		env_workers = argv[1];
	signal(SIGPIPE, SIG_IGN);
	env_start();
	two_segments();
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
		tests[i].run();
		printf("ok %s\n", tests[i].name);
		fflush(stdout);
	}
	guest_free(a);
	guest_free(b);
	guest_free(c);
	return 0;
}
