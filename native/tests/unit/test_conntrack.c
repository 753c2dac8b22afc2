/* Connection tracking, packet by packet. */
#include "nic.h"

static const uint32_t GUEST = 0x0a000005, FAR = 0x0a000009;

static void udp_reply_passes_and_strangers_do_not(void)
{
	struct nic n;
	struct ends e = ends4(GUEST, 4000, FAR, 53);

	nic_open(&n, 1024, 2);
	CHECK(dropped_for(nic_udp(&n, FH_INGRESS, reversed(e)), FH_DROP_DEFAULT));
	struct fh_ct_verdict v = nic_udp(&n, FH_EGRESS, e);
	CHECK(passes(v) && v.class_ == FH_CT_NEW && v.slot == FH_SLOT_EGRESS_DEFAULT_ALLOW);
	v = nic_udp(&n, FH_INGRESS, reversed(e));
	CHECK(passes(v) && v.class_ == FH_CT_ESTABLISHED && v.flags & FH_CT_V_REPLY);
	struct ends other = reversed(e);
	other.sport = 54;
	CHECK(dropped_for(nic_udp(&n, FH_INGRESS, other), FH_DROP_DEFAULT));
	/* The guest's own tuple from outside is a spoofed packet, not its connection. */
	CHECK(dropped_for(nic_udp(&n, FH_INGRESS, e), FH_DROP_DEFAULT));
	nic_close(&n);
}

static void udp_expires(void)
{
	struct nic n;
	struct ends e = ends4(GUEST, 4000, FAR, 53);

	nic_open(&n, 1024, 2);
	CHECK(passes(nic_udp(&n, FH_EGRESS, e)));
	n.now += 29 * SECOND;
	CHECK(passes(nic_udp(&n, FH_INGRESS, reversed(e))));
	n.now += 119 * SECOND;
	CHECK(passes(nic_udp(&n, FH_INGRESS, reversed(e))));
	n.now += 121 * SECOND;
	CHECK(dropped_for(nic_udp(&n, FH_INGRESS, reversed(e)), FH_DROP_DEFAULT));
	CHECK(passes(nic_udp(&n, FH_EGRESS, e)));
	n.now += 31 * SECOND;
	CHECK(dropped_for(nic_udp(&n, FH_INGRESS, reversed(e)), FH_DROP_DEFAULT));
	nic_close(&n);
}

static void sweep_frees(void)
{
	struct nic n;
	struct fh_ct_stats s;

	nic_open(&n, 4096, 2);
	for (uint16_t i = 0; i < 1000; i++)
		CHECK(passes(nic_udp(&n, FH_EGRESS, ends4(GUEST, (uint16_t)(1000 + i), FAR, 53))));
	fh_ct_stats(n.ct, &s);
	CHECK_EQ(s.live, 1000);
	CHECK_EQ(fh_ct_sweep(n.ct, 0, n.now, 100000), 0);
	n.now += 31 * SECOND;
	CHECK_EQ(fh_ct_sweep(n.ct, 0, n.now, 400) + fh_ct_sweep(n.ct, 0, n.now, 400) + fh_ct_sweep(n.ct, 0, n.now, 200), 1000);
	fh_ct_stats(n.ct, &s);
	CHECK_EQ(s.live, 0);
	nic_close(&n);
}

static void revoked_rule_cuts(bool v6)
{
	struct nic n;
	struct ends e = v6 ? ends6(9, 7000, 5, 5432) : ends4(FAR, 7000, GUEST, 5432);
	struct ends other = v6 ? ends6(9, 7001, 5, 80) : ends4(FAR, 7001, GUEST, 80);
	struct fh_rule rules[2] = { rule_allow(FH_INGRESS, FH_PROTO_TCP, 5432, 5432), rule_allow(FH_INGRESS, FH_PROTO_TCP, 80, 80) };

	nic_open(&n, 1024, 2);
	CHECK(dropped_for(nic_tcp(&n, FH_INGRESS, e, (struct seg){ .flags = FH_TCP_SYN, .seq = 1, .win = 1000 }), FH_DROP_DEFAULT));
	nic_rules(&n, rules, 2);
	nic_handshake(&n, FH_INGRESS, e);
	nic_handshake(&n, FH_INGRESS, other);
	CHECK(passes(nic_tcp(&n, FH_INGRESS, e, (struct seg){ .flags = FH_TCP_ACK, .seq = 1001, .ack = 5001, .win = 500, .payload = 100 })));
	nic_rules(&n, rules + 1, 1);
	CHECK(dropped_for(nic_tcp(&n, FH_EGRESS, reversed(e), (struct seg){ .flags = FH_TCP_ACK, .seq = 5001, .ack = 1101, .win = 500 }),
			  FH_DROP_REVOKED));
	CHECK(dropped_for(nic_tcp(&n, FH_INGRESS, e, (struct seg){ .flags = FH_TCP_ACK, .seq = 1101, .ack = 5001, .win = 500 }),
			  FH_DROP_CT_NO_CONNECTION));
	CHECK(passes(nic_tcp(&n, FH_INGRESS, other, (struct seg){ .flags = FH_TCP_ACK, .seq = 1001, .ack = 5001, .win = 500, .payload = 9 })));
	struct fh_ct_stats s;
	fh_ct_stats(n.ct, &s);
	CHECK_EQ(s.revoked, 1);
	CHECK_EQ(s.live, 1);
	nic_close(&n);
}

static void two_nics_find_each_other_by_hint(void)
{
	struct nic a, b;
	struct ends e = ends4(GUEST, 4000, FAR, 53);
	struct fh_rule all = rule_allow(FH_INGRESS, FH_PROTO_ANY, 0, 0);
	struct fh_ct_stats s;

	nic_open(&a, 1024, 2);
	nic_open(&b, 1024, 2);
	b.hash = a.hash;
	fh_ct_close(b.ct);
	memset(b.mem, 0, b.size);
	REQUIRE(fh_ct_open(b.mem, b.size, &b.cfg, b.now, &b.ct, NULL) == FH_OK);
	nic_rules(&b, &all, 1);
	for (int i = 0; i < 6; i++) {
		struct nic *from = i % 2 ? &b : &a, *to = i % 2 ? &a : &b;
		struct ends dir = i % 2 ? reversed(e) : e;
		struct fh_ct_verdict v;
		struct fh_pkt pkt, *p = &pkt;
		uint8_t frame[128];
		const uint8_t *f = frame;
		uint16_t len = (uint16_t)frame_udp(frame, &dir, 5);

		fh_pkt_parse(f, len, len, p);
		fh_hash_burst(&a.hash, &p, 1);
		fh_ct_burst(from->ct, 0, from->policy, FH_EGRESS, a.now, &p, &f, &len, &v, 1);
		CHECK(passes(v));
		fh_ct_burst(to->ct, 0, to->policy, FH_INGRESS, a.now, &p, &f, &len, &v, 1);
		CHECK(passes(v));
	}
	fh_ct_stats(b.ct, &s);
	CHECK(s.hint_hits >= 2);
	CHECK_EQ(s.live, 1);
	fh_ct_stats(a.ct, &s);
	CHECK(s.hint_hits >= 1);
	CHECK_EQ(s.live, 1);
	nic_close(&a);
	nic_close(&b);
}

static void full_table_evicts_the_unanswered_and_spares_the_established(void)
{
	struct nic n;
	struct fh_ct_stats s;
	struct ends first = ends4(GUEST, 999, FAR, 22);

	nic_open(&n, 256, 2);
	nic_handshake(&n, FH_EGRESS, first);
	for (uint32_t i = 0; i < 5000; i++)
		CHECK(passes(nic_tcp(&n, FH_EGRESS, ends4(GUEST, (uint16_t)(1000 + i), FAR, 80), (struct seg){ .flags = FH_TCP_SYN, .seq = i, .win = 100 })));
	fh_ct_stats(n.ct, &s);
	CHECK_EQ(s.live, 256);
	CHECK_EQ(s.evicted_unreplied, 5000 - 255);
	CHECK(passes(nic_tcp(&n, FH_EGRESS, first, (struct seg){ .flags = FH_TCP_ACK, .seq = 1001, .ack = 5001, .win = 500, .payload = 10 })));
	/* Once everything is established, a newcomer is refused. */
	nic_close(&n);
	nic_open(&n, 64, 2);
	for (uint16_t i = 0; i < 64; i++)
		nic_handshake(&n, FH_EGRESS, ends4(GUEST, (uint16_t)(1000 + i), FAR, 80));
	for (int i = 0; i < 100; i++)
		CHECK(dropped_for(nic_tcp(&n, FH_EGRESS, ends4(GUEST, 5000, FAR, 80), (struct seg){ .flags = FH_TCP_SYN, .seq = 1, .win = 100 }),
				  FH_DROP_CT_FULL));
	fh_ct_stats(n.ct, &s);
	CHECK_EQ(s.live, 64);
	CHECK_EQ(s.denied_full, 100);
	/* Closing ones make room. */
	struct ends e = ends4(GUEST, 1000, FAR, 80);
	CHECK(passes(nic_tcp(&n, FH_EGRESS, e, (struct seg){ .flags = FH_TCP_FIN | FH_TCP_ACK, .seq = 1001, .ack = 5001, .win = 500 })));
	n.now += SECOND;
	CHECK(passes(nic_tcp(&n, FH_EGRESS, ends4(GUEST, 5000, FAR, 80), (struct seg){ .flags = FH_TCP_SYN, .seq = 1, .win = 100 })));
	fh_ct_stats(n.ct, &s);
	CHECK_EQ(s.evicted_closing, 1);
	nic_close(&n);
}

static void echo_is_tracked_by_who_asks(bool v6)
{
	struct nic n;
	uint8_t f[128];
	struct ends e = v6 ? ends6(5, 0, 9, 0) : ends4(GUEST, 0, FAR, 0), back = reversed(e);
	uint8_t request = v6 ? 128 : 8, reply = v6 ? 129 : 0;

	nic_open(&n, 1024, 2);
	CHECK(passes(nic_frame(&n, FH_EGRESS, f, frame_icmp(f, &e, request, 0, 77, NULL, 0))));
	CHECK(passes(nic_frame(&n, FH_INGRESS, f, frame_icmp(f, &back, reply, 0, 77, NULL, 0))));
	CHECK(dropped_for(nic_frame(&n, FH_INGRESS, f, frame_icmp(f, &back, reply, 0, 78, NULL, 0)), FH_DROP_CT_NO_CONNECTION));
	/* The other side's ping with the same identifier is its own connection, and no rule allows it. */
	CHECK(dropped_for(nic_frame(&n, FH_INGRESS, f, frame_icmp(f, &back, request, 0, 77, NULL, 0)), FH_DROP_DEFAULT));
	CHECK(dropped_for(nic_frame(&n, FH_EGRESS, f, frame_icmp(f, &e, reply, 0, 77, NULL, 0)), FH_DROP_CT_NO_CONNECTION));
	nic_close(&n);
}

static void icmp_errors_need_a_live_connection(bool v6)
{
	struct nic n;
	uint8_t f[256], inner[128];
	struct ends e = v6 ? ends6(5, 4000, 9, 53) : ends4(GUEST, 4000, FAR, 53);
	struct ends router = v6 ? ends6(1, 0, 5, 0) : ends4(0x0a000001, 0, GUEST, 0);
	uint32_t at = v6 ? 40 + 8 : 20 + 8;
	uint8_t type = v6 ? 1 : 3;

	nic_open(&n, 1024, 2);
	frame_udp(inner, &e, 10);
	CHECK(dropped_for(nic_frame(&n, FH_INGRESS, f, frame_icmp(f, &router, type, 3, 0, inner + 14, at)), FH_DROP_ICMP_UNRELATED));
	CHECK(passes(nic_udp(&n, FH_EGRESS, e)));
	struct fh_ct_verdict v = nic_frame(&n, FH_INGRESS, f, frame_icmp(f, &router, type, 3, 0, inner + 14, at));
	CHECK(passes(v) && v.class_ == FH_CT_RELATED);
	/* Not to somebody else than the sender of what is quoted. */
	struct ends wrong = v6 ? ends6(1, 0, 6, 0) : ends4(0x0a000001, 0, GUEST + 1, 0);
	CHECK(dropped_for(nic_frame(&n, FH_INGRESS, f, frame_icmp(f, &wrong, type, 3, 0, inner + 14, at)), FH_DROP_ICMP_UNRELATED));
	/* A quoted answer never left the guest. */
	struct ends back = reversed(e), spoof = v6 ? ends6(1, 0, 9, 0) : ends4(0x0a000001, 0, FAR, 0);
	frame_udp(inner, &back, 10);
	CHECK(dropped_for(nic_frame(&n, FH_INGRESS, f, frame_icmp(f, &spoof, type, 3, 0, inner + 14, at)), FH_DROP_ICMP_UNRELATED));
	/* It refreshed nothing. */
	n.now += 31 * SECOND;
	frame_udp(inner, &e, 10);
	CHECK(dropped_for(nic_frame(&n, FH_INGRESS, f, frame_icmp(f, &router, type, 3, 0, inner + 14, at)), FH_DROP_ICMP_UNRELATED));
	/* A flood of them is cut off. */
	unsigned limited = 0;
	for (int i = 0; i < 1000; i++)
		limited += nic_frame(&n, FH_INGRESS, f, frame_icmp(f, &router, type, 3, 0, inner + 14, at)).reason == FH_DROP_RATE_LIMITED;
	CHECK(limited > 500);
	nic_close(&n);
}

static void rule_counters_survive(void)
{
	struct nic n;
	struct fh_rule rules[2] = { rule_allow(FH_INGRESS, FH_PROTO_UDP, 53, 53), rule_allow(FH_INGRESS, FH_PROTO_UDP, 54, 54) };
	struct ends e = ends4(FAR, 7000, GUEST, 53);
	struct fh_pol_counters c[64] = { 0 }, done;

	nic_open(&n, 1024, 2);
	nic_rules(&n, rules, 2);
	uint32_t slot = fh_pol_slot_of(n.rules, &rules[0].id);
	for (int i = 0; i < 10; i++)
		CHECK(passes(nic_udp(&n, FH_INGRESS, e)));
	CHECK(passes(nic_udp(&n, FH_EGRESS, reversed(e))));
	fh_ct_rule_live(n.ct, c, 64);
	CHECK_EQ(c[slot].packets, 11);
	CHECK_EQ(c[slot].bytes, 11 * 38);
	fh_pol_slot_read(n.rules, slot, &done);
	CHECK_EQ(done.connections, 1);
	CHECK_EQ(done.packets, 0);
	nic_rules(&n, rules, 1); /* unrelated change */
	CHECK(passes(nic_udp(&n, FH_INGRESS, e)));
	CHECK_EQ(fh_ct_flush(n.ct, 1, n.now), 1);
	fh_pol_slot_read(n.rules, slot, &done);
	CHECK_EQ(done.packets, 12);
	CHECK_EQ(done.connections, 1);
	/* A drop rule counts what it drops. */
	struct fh_rule drop = rules[0];
	drop.action = FH_DROP;
	nic_rules(&n, &drop, 1);
	CHECK(dropped_for(nic_udp(&n, FH_INGRESS, e), FH_DROP_RULE));
	fh_pol_slot_read(n.rules, slot, &done);
	CHECK_EQ(done.packets, 13);
	CHECK_EQ(done.last_hit_ns, n.now);
	nic_close(&n);
}

static void connection_that_changes_its_rule_is_counted_once(void)
{
	struct nic n;
	struct fh_rule rules[2] = { rule_allow(FH_INGRESS, FH_PROTO_UDP, 53, 53), rule_allow(FH_INGRESS, FH_PROTO_UDP, 0, 65535) };
	struct ends e = ends4(FAR, 7000, GUEST, 53);
	struct fh_pol_counters live[64] = { 0 }, done;

	nic_open(&n, 1024, 2);
	nic_rules(&n, rules, 2);
	uint32_t first = fh_pol_slot_of(n.rules, &rules[0].id), second = fh_pol_slot_of(n.rules, &rules[1].id);
	for (int i = 0; i < 10; i++)
		CHECK(passes(nic_udp(&n, FH_INGRESS, e)));
	nic_rules(&n, rules + 1, 1);
	for (int i = 0; i < 5; i++)
		CHECK(passes(nic_udp(&n, FH_INGRESS, e)));
	fh_ct_rule_live(n.ct, live, 64);
	fh_pol_slot_read(n.rules, first, &done);
	CHECK_EQ(done.packets + live[first].packets, 10);
	fh_pol_slot_read(n.rules, second, &done);
	CHECK_EQ(done.packets + live[second].packets, 5);
	nic_close(&n);
}

static void list_kill_preview_pin(void)
{
	struct nic n;
	struct fh_rule rule = rule_allow(FH_INGRESS, FH_PROTO_TCP, 22, 22);
	struct ends in = ends4(FAR, 7000, GUEST, 22), out = ends4(GUEST, 4000, FAR, 53);
	struct fh_ct_info info;
	uint32_t cursor = 0;

	nic_open(&n, 1024, 2);
	nic_rules(&n, &rule, 1);
	nic_handshake(&n, FH_INGRESS, in);
	CHECK(passes(nic_udp(&n, FH_EGRESS, out)));
	n.now += 10 * SECOND;
	REQUIRE(fh_ct_next(n.ct, n.now, &cursor, &info));
	CHECK_EQ(info.proto, FH_PROTO_TCP);
	CHECK_EQ(info.state, FH_CT_S_ESTABLISHED);
	CHECK_EQ(info.direction, FH_INGRESS);
	CHECK_EQ(fh_be32(info.src), FAR);
	CHECK_EQ(fh_be32(info.dst), GUEST);
	CHECK_EQ(info.src_port, 7000);
	CHECK_EQ(info.dst_port, 22);
	CHECK_EQ(info.packets[0], 2);
	CHECK_EQ(info.packets[1], 1);
	CHECK(info.age_ns > 9 * SECOND && info.age_ns < 11 * SECOND);

	struct ends over = ends4(FAR, 7001, GUEST, 22);
	nic_handshake(&n, FH_INGRESS, over);
	CHECK(passes(nic_tcp(&n, FH_EGRESS, reversed(over), (struct seg){ .flags = FH_TCP_RST | FH_TCP_ACK, .seq = 5001, .ack = 1001 })));
	struct fh_policy *strict = fh_policy_new(n.domain);
	CHECK_EQ(fh_ct_preview(n.ct, strict, n.now, NULL, NULL), 1); /* the SSH session; the guest's own goes on, the reset one is over */
	CHECK_EQ(fh_ct_preview(n.ct, n.policy, n.now, NULL, NULL), 0);
	CHECK_EQ(fh_ct_pin(n.ct, strict, n.now), 1);
	CHECK_EQ(fh_ct_preview(n.ct, strict, n.now, NULL, NULL), 0);
	nic_rules(&n, NULL, 0);
	CHECK(passes(nic_tcp(&n, FH_INGRESS, in, (struct seg){ .flags = FH_TCP_ACK, .seq = 1001, .ack = 5001, .win = 500, .payload = 4 })));
	fh_policy_free(strict);

	CHECK(fh_ct_kill(n.ct, 1, &info, n.now));
	CHECK(!fh_ct_kill(n.ct, 1, &info, n.now));
	CHECK(dropped_for(nic_tcp(&n, FH_INGRESS, in, (struct seg){ .flags = FH_TCP_ACK, .seq = 1005, .ack = 5001, .win = 500 }),
			  FH_DROP_CT_NO_CONNECTION));
	nic_close(&n);
}

static void survives_a_crash(void)
{
	struct nic n;
	struct ends tcp = ends4(GUEST, 4000, FAR, 80), udp = ends6(5, 1, 9, 2);
	uint32_t kept;

	nic_open(&n, 1024, 2);
	nic_handshake(&n, FH_EGRESS, tcp);
	CHECK(passes(nic_udp(&n, FH_EGRESS, udp)));
	fh_ct_close(n.ct);
	/* The next process has another hash key, and the windows moved while nobody looked. */
	REQUIRE(fh_hash_seed(&n.hash));
	n.now += SECOND;
	REQUIRE(fh_ct_open(n.mem, n.size, &n.cfg, n.now, &n.ct, &kept) == FH_OK);
	CHECK_EQ(kept, 2);
	CHECK(passes(nic_udp(&n, FH_INGRESS, reversed(udp))));
	CHECK(passes(nic_tcp(&n, FH_EGRESS, tcp, (struct seg){ .flags = FH_TCP_ACK, .seq = 90000001, .ack = 80000001, .win = 500, .payload = 10 })));
	CHECK(passes(nic_tcp(&n, FH_INGRESS, reversed(tcp), (struct seg){ .flags = FH_TCP_ACK, .seq = 80000001, .ack = 90000011, .win = 500 })));
	/* Learnt: later gaps count again. */
	n.now += 61 * SECOND;
	CHECK(passes(nic_tcp(&n, FH_EGRESS, tcp, (struct seg){ .flags = FH_TCP_ACK, .seq = 90000011, .ack = 80000001, .win = 500 })));
	CHECK(dropped_for(nic_tcp(&n, FH_EGRESS, tcp, (struct seg){ .flags = FH_TCP_ACK, .seq = 290000011, .ack = 80000001, .win = 500 }),
			  FH_DROP_CT_TCP_WINDOW));
	/* Another incarnation of the NIC starts empty. */
	fh_ct_close(n.ct);
	n.cfg.incarnation = 2;
	REQUIRE(fh_ct_open(n.mem, n.size, &n.cfg, n.now, &n.ct, &kept) == FH_OK);
	CHECK_EQ(kept, 0);
	nic_close(&n);
}

static void moves_to_another_host(void)
{
	struct nic a, b;
	struct ends tcp = ends4(GUEST, 4000, FAR, 80), udp = ends6(5, 1, 9, 2), ping = ends4(GUEST, 0, FAR, 0);
	uint8_t buf[FH_CT_RECORD_SIZE * 2], f[128];
	uint32_t cursor = 0, n, total = 0, refused;

	nic_open(&a, 1024, 2);
	nic_open(&b, 2048, 2);
	b.now = 77777 * SECOND;
	nic_handshake(&a, FH_EGRESS, tcp);
	CHECK(passes(nic_udp(&a, FH_EGRESS, udp)));
	CHECK(passes(nic_frame(&a, FH_EGRESS, f, frame_icmp(f, &ping, 8, 0, 5, NULL, 0))));
	do {
		n = fh_ct_export(a.ct, a.now, 0, &cursor, buf, sizeof buf);
		total += n;
		CHECK_EQ(fh_ct_import(b.ct, 1, b.now, buf, (size_t)n * FH_CT_RECORD_SIZE, &refused), n);
		CHECK_EQ(refused, 0);
	} while (cursor);
	CHECK_EQ(total, 3);
	CHECK(passes(nic_tcp(&b, FH_INGRESS, reversed(tcp), (struct seg){ .flags = FH_TCP_ACK, .seq = 5001, .ack = 1001, .win = 500, .payload = 10 })));
	CHECK(passes(nic_udp(&b, FH_INGRESS, reversed(udp))));
	struct ends back = reversed(ping);
	CHECK(passes(nic_frame(&b, FH_INGRESS, f, frame_icmp(f, &back, 0, 0, 5, NULL, 0))));
	/* The delta: only what moved since. */
	uint64_t since = a.now + 5 * SECOND;
	a.now += 6 * SECOND;
	CHECK(passes(nic_udp(&a, FH_INGRESS, reversed(udp))));
	CHECK_EQ(fh_ct_export(a.ct, a.now, since, &cursor, buf, sizeof buf), 1);
	/* Damaged records are refused one by one. */
	buf[0] = 9;
	CHECK_EQ(fh_ct_import(b.ct, 1, b.now, buf, FH_CT_RECORD_SIZE + 5, &refused), 0);
	CHECK_EQ(refused, 2);
	nic_close(&a);
	nic_close(&b);
}

int main(void)
{
	udp_reply_passes_and_strangers_do_not();
	udp_expires();
	sweep_frees();
	revoked_rule_cuts(false);
	revoked_rule_cuts(true);
	two_nics_find_each_other_by_hint();
	full_table_evicts_the_unanswered_and_spares_the_established();
	echo_is_tracked_by_who_asks(false);
	echo_is_tracked_by_who_asks(true);
	icmp_errors_need_a_live_connection(false);
	icmp_errors_need_a_live_connection(true);
	rule_counters_survive();
	connection_that_changes_its_rule_is_counted_once();
	list_kill_preview_pin();
	survives_a_crash();
	moves_to_another_host();
	return check_result();
}
