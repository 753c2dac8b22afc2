/* Flow records: when one is written, what it says, and what happens without room. */
#include "nic.h"

static const uint32_t GUEST = 0x0a000005, FAR = 0x0a000009;
static struct fh_flow_ring ring;

static void open_nic(struct nic *n, uint32_t capacity)
{
	memset(&ring, 0, sizeof ring);
	nic_open(n, capacity, 2);
	n->flows[0] = &ring;
}

/* Return: the next record, which is taken. */
static struct fh_flow take(void)
{
	struct fh_flow none = { 0 };
	const struct fh_flow *oldest = fh_flow_oldest(&ring);

	CHECK(oldest != NULL);
	if (!oldest)
		return none;
	struct fh_flow f = *oldest;
	fh_flow_taken(&ring);
	return f;
}

static uint32_t left(void)
{
	uint32_t n = 0;

	for (; fh_flow_oldest(&ring); n++)
		fh_flow_taken(&ring);
	return n;
}

static void sweep(struct nic *n)
{
	fh_ct_sweep(n->ct, 0, n->now, 1 << 20);
}

static void an_idle_connection_is_told_once_with_its_totals(void)
{
	struct nic n;
	struct ends e = ends4(GUEST, 4000, FAR, 53);

	open_nic(&n, 1024);
	uint64_t start = n.now;
	CHECK(passes(nic_udp(&n, FH_EGRESS, e)));
	CHECK(passes(nic_udp(&n, FH_EGRESS, e)));
	n.now += 10 * SECOND;
	CHECK(passes(nic_udp(&n, FH_INGRESS, reversed(e))));
	uint64_t last = n.now;
	sweep(&n);
	CHECK_EQ(left(), 0);
	n.now += 121 * SECOND;
	sweep(&n);
	struct fh_flow f = take();
	CHECK_EQ(f.end, FH_FLOW_IDLE);
	CHECK_EQ(f.proto, FH_PROTO_UDP);
	CHECK_EQ(f.direction, FH_EGRESS);
	CHECK_EQ(f.packets[0], 2);
	CHECK_EQ(f.packets[1], 1);
	CHECK_EQ(f.bytes[0], 2 * 38); /* IP, UDP, 10 bytes */
	CHECK_EQ(f.bytes[1], 38);
	CHECK_EQ(f.slot, FH_SLOT_EGRESS_DEFAULT_ALLOW);
	CHECK(fh_be32(f.src) == GUEST && fh_be32(f.dst) == FAR && f.src_port == 4000 && f.dst_port == 53);
	/* Exact to a tick and its rounding up. */
	CHECK(f.start_ns + SECOND / 2 > start && f.start_ns < start + SECOND / 2);
	CHECK(f.last_ns + SECOND / 2 > last && f.last_ns < last + SECOND / 2);
	sweep(&n);
	CHECK_EQ(left(), 0);
	nic_close(&n);
}

static void a_closed_connection_ended(void)
{
	struct nic n;
	struct ends e = ends4(GUEST, 4000, FAR, 80);

	open_nic(&n, 1024);
	nic_handshake(&n, FH_EGRESS, e);
	CHECK(passes(nic_tcp(&n, FH_EGRESS, e, (struct seg){ .flags = FH_TCP_FIN | FH_TCP_ACK, .seq = 1001, .ack = 5001, .win = 500 })));
	CHECK(passes(nic_tcp(&n, FH_INGRESS, reversed(e), (struct seg){ .flags = FH_TCP_FIN | FH_TCP_ACK, .seq = 5001, .ack = 1002, .win = 500 })));
	CHECK(passes(nic_tcp(&n, FH_EGRESS, e, (struct seg){ .flags = FH_TCP_ACK, .seq = 1002, .ack = 5002, .win = 500 })));
	uint64_t closed = n.now;
	n.now += 121 * SECOND;
	sweep(&n);
	struct fh_flow f = take();
	CHECK_EQ(f.end, FH_FLOW_ENDED);
	CHECK_EQ(f.state, FH_CT_S_TIME_WAIT);
	CHECK_EQ(f.packets[0], 4);
	CHECK_EQ(f.packets[1], 2);
	CHECK(f.last_ns < closed + SECOND / 2); /* not when it was forgotten */
	CHECK_EQ(left(), 0);
	/* Nor does what removes it afterwards matter. */
	struct fh_ct_info info;
	uint32_t cursor = 0;
	nic_handshake(&n, FH_EGRESS, e);
	CHECK(passes(nic_tcp(&n, FH_EGRESS, e, (struct seg){ .flags = FH_TCP_RST, .seq = 1001 })));
	REQUIRE(fh_ct_next(n.ct, n.now, &cursor, &info));
	CHECK(fh_ct_kill(n.ct, 0, &info, n.now));
	CHECK_EQ(take().end, FH_FLOW_ENDED);
	/* By a worker that has not looked at the clock since. */
	uint64_t began = n.now;
	nic_handshake(&n, FH_EGRESS, e);
	cursor = 0;
	REQUIRE(fh_ct_next(n.ct, n.now, &cursor, &info));
	CHECK(info.age_ns < SECOND);
	cursor = 0;
	REQUIRE(fh_ct_next(n.ct, began - 2 * SECOND, &cursor, &info));
	CHECK_EQ(info.age_ns, 0);
	CHECK(fh_ct_kill(n.ct, 0, &info, began - SECOND / 4));
	f = take();
	CHECK(f.start_ns + SECOND > began && f.last_ns + SECOND > began);
	/* Without an end it was merely idle. */
	nic_handshake(&n, FH_EGRESS, e);
	n.now += 86401 * SECOND;
	sweep(&n);
	CHECK_EQ(take().end, FH_FLOW_IDLE);
	nic_close(&n);
}

static void killed_revoked_and_evicted_say_so(void)
{
	struct nic n;
	struct ends e = ends4(FAR, 4000, GUEST, 80);
	struct fh_ct_info info;
	uint32_t cursor = 0;

	open_nic(&n, 64);
	struct fh_rule rule = rule_allow(FH_INGRESS, FH_PROTO_UDP, 80, 80);
	nic_rules(&n, &rule, 1);
	CHECK(passes(nic_udp(&n, FH_INGRESS, e)));
	uint32_t slot = fh_pol_slot_of(n.rules, &rule.id);
	nic_rules(&n, NULL, 0);
	CHECK(dropped_for(nic_udp(&n, FH_INGRESS, e), FH_DROP_REVOKED));
	struct fh_flow f = take();
	CHECK(f.end == FH_FLOW_FORCED && f.flags == FH_FLOW_REVOKED && f.slot == slot && f.packets[0] == 1);
	CHECK_EQ(f.direction, FH_INGRESS);

	CHECK(passes(nic_udp(&n, FH_EGRESS, e)));
	REQUIRE(fh_ct_next(n.ct, n.now, &cursor, &info));
	CHECK(fh_ct_kill(n.ct, 0, &info, n.now));
	f = take();
	CHECK(f.end == FH_FLOW_FORCED && f.flags == 0);

	for (uint16_t i = 0; i < 65; i++)
		CHECK(passes(nic_udp(&n, FH_EGRESS, ends4(GUEST, (uint16_t)(1000 + i), FAR, 53))));
	CHECK_EQ(take().end, FH_FLOW_RESOURCES);
	CHECK_EQ(left(), 0);
	nic_close(&n);
}

static void a_long_connection_is_told_every_five_minutes_while_it_carries_something(void)
{
	struct nic n;
	struct ends e = ends4(GUEST, 4000, FAR, 53);
	uint64_t last = 0;

	open_nic(&n, 1024);
	CHECK(passes(nic_udp(&n, FH_EGRESS, e)));
	CHECK(passes(nic_udp(&n, FH_INGRESS, reversed(e))));
	for (int minute = 1; minute <= 17; minute++) {
		n.now += 60 * SECOND;
		CHECK(passes(nic_udp(&n, FH_INGRESS, reversed(e))));
		sweep(&n);
		sweep(&n);
		if (minute % 5 == 1 && minute > 1) { /* a tick after the whole periods */
			struct fh_flow f = take();
			CHECK_EQ(f.end, FH_FLOW_ACTIVE);
			CHECK(f.packets[1] > last); /* totals */
			last = f.packets[1];
		}
	}
	n.now += 121 * SECOND;
	sweep(&n);
	struct fh_flow f = take();
	CHECK(f.end == FH_FLOW_IDLE && f.packets[1] == 18);
	CHECK_EQ(left(), 0);

	/* One that is silent for hours has nothing to tell. */
	nic_handshake(&n, FH_EGRESS, e);
	for (int hour = 0; hour < 5; hour++) {
		n.now += 3600 * SECOND;
		sweep(&n);
	}
	CHECK_EQ(left(), 0);
	nic_close(&n);
}

static void restart_goes_on_with_the_totals(void)
{
	struct nic n;
	struct ends e = ends4(GUEST, 4000, FAR, 53);

	open_nic(&n, 1024);
	uint64_t start = n.now;
	CHECK(passes(nic_udp(&n, FH_EGRESS, e)));
	CHECK(passes(nic_udp(&n, FH_INGRESS, reversed(e))));
	fh_ct_close(n.ct);
	n.now += SECOND;
	REQUIRE(fh_ct_open(n.mem, n.size, &n.cfg, n.now, &n.ct, NULL) == FH_OK);
	CHECK(passes(nic_udp(&n, FH_EGRESS, e)));
	n.now += 121 * SECOND;
	sweep(&n);
	struct fh_flow f = take();
	CHECK(f.packets[0] == 2 && f.packets[1] == 1);
	CHECK(f.start_ns < start + SECOND / 2);
	nic_close(&n);
}

static void what_finds_no_room_is_counted(void)
{
	struct nic n;
	struct fh_ct_stats s;
	const uint32_t many = FH_FLOW_RING + 1000;
	uint32_t told = 0;

	open_nic(&n, 65536);
	/* In one tick a NIC has its share and no more. */
	for (uint32_t i = 0; i < 2000; i++)
		CHECK(passes(nic_udp(&n, FH_EGRESS, ends4(GUEST, (uint16_t)(1000 + i), FAR, 53))));
	n.now += 31 * SECOND;
	sweep(&n);
	fh_ct_stats(n.ct, &s);
	CHECK_EQ(s.flows, FH_FLOW_NIC_SHARE);
	CHECK_EQ(s.flows_lost, 2000 - FH_FLOW_NIC_SHARE);
	CHECK_EQ(ring.lost, 2000 - FH_FLOW_NIC_SHARE);
	CHECK_EQ(left(), FH_FLOW_NIC_SHARE);

	/* Over many ticks it fills the ring; what was written first stays, whole. */
	for (uint32_t i = 0; i < many; i++)
		CHECK(passes(nic_udp(&n, FH_EGRESS, ends4(GUEST, (uint16_t)i, FAR, 53))));
	n.now += 31 * SECOND;
	for (uint32_t i = 0; i < many; i += 100, n.now += SECOND / 2)
		fh_ct_sweep(n.ct, 0, n.now, 200);
	for (; fh_flow_oldest(&ring); told++) {
		const struct fh_flow *f = fh_flow_oldest(&ring);
		CHECK(f->end == FH_FLOW_IDLE && f->packets[0] == 1 && fh_be32(f->src) == GUEST);
		fh_flow_taken(&ring);
	}
	CHECK_EQ(told, FH_FLOW_RING);
	fh_ct_stats(n.ct, &s);
	CHECK_EQ(s.flows + s.flows_lost, 2000 + many);
	CHECK_EQ(s.live, 0);
	CHECK_EQ(ring.lost, s.flows_lost);
	/* There is room again. */
	CHECK(passes(nic_udp(&n, FH_EGRESS, ends4(GUEST, 1, FAR, 53))));
	n.now += 31 * SECOND;
	sweep(&n);
	CHECK_EQ(left(), 1);
	nic_close(&n);
}

static void a_table_that_goes_tells_all_that_fit(void)
{
	struct nic n;
	const uint32_t many = FH_FLOW_RING + 500;

	open_nic(&n, 65536);
	n.flows[1] = &ring; /* the control thread's */
	for (uint32_t i = 0; i < many; i++)
		CHECK(passes(nic_udp(&n, FH_EGRESS, ends4(GUEST, (uint16_t)i, FAR, 53))));
	fh_ct_end_all(n.ct, 1, n.now);
	CHECK_EQ(ring.lost, 500);
	CHECK_EQ(take().end, FH_FLOW_FORCED);
	CHECK_EQ(left(), FH_FLOW_RING - 1);
	nic_close(&n);
}

static void a_ring_survives_whatever_its_memory_holds(void)
{
	memset(&ring, 0xa5, sizeof ring);
	ring.tail = 3;
	fh_flow_ring_open(&ring);
	CHECK_EQ(left(), 0);
	struct fh_flow *f = fh_flow_reserve(&ring);
	REQUIRE(f);
	f->end = FH_FLOW_IDLE;
	CHECK(!fh_flow_oldest(&ring));
	fh_flow_publish(&ring);
	fh_flow_ring_open(&ring); /* what is whole stays */
	CHECK_EQ(take().end, FH_FLOW_IDLE);
}

int main(void)
{
	an_idle_connection_is_told_once_with_its_totals();
	a_closed_connection_ended();
	killed_revoked_and_evicted_say_so();
	a_long_connection_is_told_every_five_minutes_while_it_carries_something();
	restart_goes_on_with_the_totals();
	what_finds_no_room_is_counted();
	a_table_that_goes_tells_all_that_fit();
	a_ring_survives_whatever_its_memory_holds();
	return check_result();
}
