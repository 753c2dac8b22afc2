/* TCP: each cell of the transition table, windows, resets. */
#include "nic.h"

static const uint32_t GUEST = 0x0a000005, FAR = 0x0a000009;
static struct ends E;

#define SYN FH_TCP_SYN
#define ACK FH_TCP_ACK
#define FIN FH_TCP_FIN
#define RST FH_TCP_RST

/* From the guest, and to it. */
static struct fh_ct_verdict out(struct nic *n, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t payload)
{
	return nic_tcp(n, FH_EGRESS, E, (struct seg){ .flags = flags, .seq = seq, .ack = ack, .win = 500, .payload = payload });
}

static struct fh_ct_verdict in(struct nic *n, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t payload)
{
	return nic_tcp(n, FH_INGRESS, reversed(E), (struct seg){ .flags = flags, .seq = seq, .ack = ack, .win = 500, .payload = payload });
}

/* Brings a fresh connection into a state; the next numbers are 1001/5001, plus one for each FIN sent. */
static void bring(struct nic *n, enum fh_ct_state state)
{
	fh_ct_flush(n->ct, 1, n->now);
	if (state == FH_CT_S_FREE)
		return;
	CHECK(passes(out(n, SYN, 1000, 0, 0)));
	switch (state) {
	case FH_CT_S_SYN_SENT:
		break;
	case FH_CT_S_SYN_SENT2:
		CHECK(passes(in(n, SYN, 5000, 0, 0)));
		break;
	case FH_CT_S_SYN_RECV:
		CHECK(passes(in(n, SYN | ACK, 5000, 1001, 0)));
		break;
	case FH_CT_S_CLOSE:
		CHECK(passes(in(n, RST | ACK, 0, 1001, 0)));
		break;
	default:
		CHECK(passes(in(n, SYN | ACK, 5000, 1001, 0)));
		CHECK(passes(out(n, ACK, 1001, 5001, 0)));
		if (state == FH_CT_S_ESTABLISHED)
			break;
		CHECK(passes(out(n, FIN | ACK, 1001, 5001, 0)));
		if (state == FH_CT_S_FIN_WAIT)
			break;
		CHECK(passes(in(n, ACK, 5001, 1002, 0)));
		if (state == FH_CT_S_CLOSE_WAIT)
			break;
		CHECK(passes(in(n, FIN | ACK, 5001, 1002, 0)));
		if (state == FH_CT_S_LAST_ACK)
			break;
		CHECK(passes(out(n, ACK, 1002, 5002, 0)));
	}
	if (nic_state(n, 0) != state)
		fprintf(stderr, "wanted %s, have %s\n", fh_ct_state_name(state), fh_ct_state_name(nic_state(n, 0)));
	CHECK_EQ(nic_state(n, 0), state);
}

/* Linux's table as its documentation has it, with two letters a state; IV: dropped; IG: passes, nothing changes; NW: judged as a new connection
 * from the other side, which no rule allows here. */
enum { IV = 100, IG, NW };
#define S(x) FH_CT_S_##x

static void each_cell(void)
{
	static const enum fh_ct_state from[] = { S(SYN_SENT), S(SYN_RECV), S(ESTABLISHED), S(FIN_WAIT), S(CLOSE_WAIT), S(LAST_ACK), S(TIME_WAIT),
						 S(CLOSE), S(SYN_SENT2) };
	static const struct {
		uint8_t flags;
		bool reply;
		uint8_t to[9];
	} rows[] = {
		{ SYN, false, { S(SYN_SENT), IG, IG, IG, IG, IG, S(SYN_SENT), S(SYN_SENT), S(SYN_SENT2) } },
		{ SYN | ACK, false, { IV, S(SYN_RECV), IV, IV, IV, IV, IV, IV, S(SYN_RECV) } },
		{ FIN | ACK, false, { IV, S(FIN_WAIT), S(FIN_WAIT), S(LAST_ACK), S(LAST_ACK), S(LAST_ACK), S(TIME_WAIT), S(CLOSE), IV } },
		{ ACK, false, { IV, S(ESTABLISHED), S(ESTABLISHED), S(CLOSE_WAIT), S(CLOSE_WAIT), S(TIME_WAIT), S(TIME_WAIT), S(CLOSE), IV } },
		{ RST, false, { S(CLOSE), S(CLOSE), S(CLOSE), S(CLOSE), S(CLOSE), S(CLOSE), S(CLOSE), S(CLOSE), S(CLOSE) } },
		{ SYN, true, { S(SYN_SENT2), IV, IV, IV, IV, IV, NW, IV, S(SYN_SENT2) } },
		{ SYN | ACK, true, { S(SYN_RECV), IG, IG, IG, IG, IG, IG, IG, S(SYN_RECV) } },
		{ FIN | ACK, true, { IV, S(FIN_WAIT), S(FIN_WAIT), S(LAST_ACK), S(LAST_ACK), S(LAST_ACK), S(TIME_WAIT), S(CLOSE), IV } },
		{ ACK, true, { IG, S(SYN_RECV), S(ESTABLISHED), S(CLOSE_WAIT), S(CLOSE_WAIT), S(TIME_WAIT), S(TIME_WAIT), S(CLOSE), IG } },
		{ RST | ACK, true, { S(CLOSE), S(CLOSE), S(CLOSE), S(CLOSE), S(CLOSE), S(CLOSE), S(CLOSE), S(CLOSE), S(CLOSE) } },
	};
	struct nic n;

	nic_open(&n, 1024, 2);
	for (unsigned r = 0; r < sizeof rows / sizeof rows[0]; r++) {
		for (unsigned c = 0; c < 9; c++) {
			uint8_t flags = rows[r].flags, want = rows[r].to[c];
			bool syn = flags & SYN, fin_sent = from[c] >= S(FIN_WAIT) && from[c] <= S(TIME_WAIT);
			bool fin_back = from[c] == S(LAST_ACK) || from[c] == S(TIME_WAIT), heard = from[c] != S(SYN_SENT) && from[c] != S(CLOSE);
			/* The numbers that a correct sender would use. */
			uint32_t mine = syn ? 1000 : 1001u + fin_sent, theirs = syn ? 5000 : 5001u + fin_back;
			struct fh_ct_verdict v;

			bring(&n, from[c]);
			if (rows[r].reply)
				v = in(&n, flags, flags & RST && !heard ? 0 : theirs, from[c] == S(CLOSE) || !fin_sent ? 1001 : 1002, 0);
			else
				v = out(&n, flags, mine, heard ? 5001u + fin_back : 0, 0);
			uint8_t state = nic_state(&n, 0);
			bool ok = want == IV ? v.action == FH_CT_DROP && v.reason == FH_DROP_CT_TCP_STATE && state == from[c]
				  : want == NW ? v.action == FH_CT_DROP && v.reason == FH_DROP_DEFAULT && state == S(FREE)
				  : want == IG ? v.action == FH_CT_PASS && state == from[c]
					       : v.action == FH_CT_PASS && state == want;
			if (!ok)
				fprintf(stderr, "row %u, from %s: action %u reason %s state %s, wanted %s\n", r, fh_ct_state_name(from[c]), v.action,
					fh_reason_name(v.reason), fh_ct_state_name(state), want == IV ? "drop" : want == IG ? "ignore" : fh_ct_state_name(want));
			CHECK(ok);
			if (want == S(SYN_SENT) && from[c] != S(SYN_SENT))
				CHECK_EQ(v.class_, FH_CT_NEW);
		}
	}
	nic_close(&n);
}

static void only_a_syn_opens(void)
{
	static const uint8_t no[] = { ACK, SYN | ACK, FIN | ACK, RST, RST | ACK, ACK | FH_TCP_PSH };
	struct nic n;

	nic_open(&n, 1024, 2);
	for (unsigned i = 0; i < sizeof no; i++)
		CHECK(dropped_for(out(&n, no[i], 1, 1, 0), FH_DROP_CT_NO_CONNECTION));
	CHECK(dropped_for(out(&n, SYN | FIN, 1, 0, 0), FH_DROP_TCP_FLAGS));
	CHECK(dropped_for(out(&n, 0, 1, 0, 0), FH_DROP_TCP_FLAGS));
	CHECK(dropped_for(out(&n, SYN | RST, 1, 0, 0), FH_DROP_TCP_FLAGS));
	nic_close(&n);
}

static void windows_hold(void)
{
	struct nic n;

	nic_open(&n, 1024, 2);
	nic_handshake(&n, FH_EGRESS, E); /* scale 7 both ways: 500 << 7 = 64000 */
	CHECK(passes(out(&n, ACK, 1001, 5001, 1400)));
	/* Far beyond the receiver's window (64000 unscaled in its SYN/ACK). */
	CHECK(dropped_for(out(&n, ACK, 1001 + 128002, 5001, 10), FH_DROP_CT_TCP_WINDOW));
	CHECK(passes(out(&n, ACK, 1001 + 60000, 5001, 10)));
	/* Acknowledging what was never sent. */
	CHECK(dropped_for(in(&n, ACK, 5001, 1001 + 60011, 0), FH_DROP_CT_TCP_WINDOW));
	CHECK(passes(in(&n, ACK, 5001, 1001 + 60010, 0)));
	/* Far too old: passes, so that its receiver can answer, and changes nothing. */
	CHECK(passes(in(&n, ACK | FIN, 5001 - 70000, 1001 + 60010, 0)));
	CHECK(passes(in(&n, ACK | FIN, 5001, 1001 + 60010 - 66001, 0)));
	CHECK_EQ(nic_state(&n, 0), FH_CT_S_ESTABLISHED);
	/* Keep-alive and retransmission are fine. */
	CHECK(passes(out(&n, ACK, 1001 + 60009, 5001, 0)));
	CHECK(passes(out(&n, ACK, 1001 + 58000, 5001, 100)));
	/* A little beyond the window: the same, but that it may be acknowledged. */
	CHECK(passes(out(&n, ACK | FIN, 1001 + 60010 + 64010, 5001, 100)));
	CHECK_EQ(nic_state(&n, 0), FH_CT_S_ESTABLISHED);
	CHECK(passes(in(&n, ACK, 5001, 1001 + 60010 + 64111, 0)));
	CHECK(dropped_for(in(&n, ACK, 5001, 1001 + 60010 + 64112, 0), FH_DROP_CT_TCP_WINDOW));
	nic_close(&n);
}

static void sequence_numbers_wrap(void)
{
	struct nic n;
	uint32_t mine = 0xffffff00u, theirs = 0xfffffff0u;

	nic_open(&n, 1024, 2);
	CHECK(passes(out(&n, SYN, mine, 0, 0)));
	CHECK(passes(in(&n, SYN | ACK, theirs, mine + 1, 0)));
	for (uint32_t sent = 1, got = 1, i = 0; i < 200; i++) {
		CHECK(passes(out(&n, ACK, mine + sent, theirs + got, 400)));
		sent += 400;
		CHECK(passes(in(&n, ACK, theirs + got, mine + sent, 100)));
		got += 100;
	}
	CHECK_EQ(nic_state(&n, 0), FH_CT_S_ESTABLISHED);
	nic_close(&n);
}

static void selective_acknowledgements_count(void)
{
	struct nic n;
	struct seg s = { .flags = ACK, .seq = 5001, .ack = 1001, .win = 500, .opt_len = 12, .options = { 1, 1, 5, 10 } };

	nic_open(&n, 1024, 2);
	nic_handshake(&n, FH_EGRESS, E);
	CHECK(passes(out(&n, ACK, 2001, 5001, 1000))); /* 1001-2000 lost */
	fh_put_be32(s.options + 4, 2001);
	fh_put_be32(s.options + 8, 3001);
	CHECK(passes(nic_tcp(&n, FH_INGRESS, reversed(E), s)));
	fh_put_be32(s.options + 8, 3002); /* of what was never sent */
	CHECK(dropped_for(nic_tcp(&n, FH_INGRESS, reversed(E), s), FH_DROP_CT_TCP_WINDOW));
	s.options[3] = 200; /* an option longer than the header: not read */
	CHECK(passes(nic_tcp(&n, FH_INGRESS, reversed(E), s)));
	nic_close(&n);
}

static void blind_resets_change_nothing(void)
{
	struct nic n;

	nic_open(&n, 1024, 2);
	nic_handshake(&n, FH_EGRESS, E);
	CHECK(passes(in(&n, ACK, 5001, 1001, 1000)));
	CHECK(dropped_for(in(&n, RST, 5003, 0, 0), FH_DROP_CT_TCP_RESET)); /* inside the window */
	CHECK(dropped_for(in(&n, RST, 6003, 0, 0), FH_DROP_CT_TCP_RESET));
	CHECK(dropped_for(out(&n, RST, 1003, 0, 0), FH_DROP_CT_TCP_RESET));
	CHECK_EQ(nic_state(&n, 0), FH_CT_S_ESTABLISHED);
	CHECK(passes(in(&n, ACK, 6001, 1001, 10)));
	CHECK(passes(in(&n, RST, 6012, 0, 0))); /* off by one */
	CHECK_EQ(nic_state(&n, 0), FH_CT_S_CLOSE);
	/* Exactly what the guest acknowledged last, though more was sent since. */
	fh_ct_flush(n.ct, 1, n.now);
	nic_handshake(&n, FH_EGRESS, E);
	CHECK(passes(in(&n, ACK, 5001, 1001, 1000)));
	CHECK(passes(in(&n, RST, 5001, 0, 0)));
	CHECK_EQ(nic_state(&n, 0), FH_CT_S_CLOSE);
	/* A refusal must acknowledge the very SYN. */
	fh_ct_flush(n.ct, 1, n.now);
	CHECK(passes(out(&n, SYN, 1000, 0, 0)));
	CHECK(dropped_for(in(&n, RST | ACK, 0, 77, 0), FH_DROP_CT_TCP_RESET));
	CHECK(dropped_for(in(&n, RST, 0, 0, 0), FH_DROP_CT_TCP_RESET));
	CHECK(passes(in(&n, RST | ACK, 0, 1001, 0)));
	nic_close(&n);
}

static void answer_to_an_older_syn_is_for_the_receiver_to_refuse(void)
{
	struct nic n;

	nic_open(&n, 1024, 2);
	CHECK(passes(out(&n, SYN, 1000000, 0, 0)));
	CHECK(passes(in(&n, SYN | ACK, 5000, 77, 0)));
	CHECK_EQ(nic_state(&n, 0), FH_CT_S_SYN_SENT);
	CHECK(dropped_for(in(&n, SYN | ACK, 5000, 1000002, 0), FH_DROP_CT_TCP_WINDOW));
	nic_close(&n);
}

/* What is dropped leaves no trace: the connection still counts as unanswered, the first to go when the table is full. */
static void invalid_answer_is_no_answer(void)
{
	struct nic n;
	struct fh_ct_info info;
	uint32_t cursor = 0;

	nic_open(&n, 1024, 2);
	CHECK(passes(out(&n, SYN, 1000, 0, 0)));
	CHECK(dropped_for(in(&n, FIN | ACK, 5000, 1001, 0), FH_DROP_CT_TCP_STATE));
	REQUIRE(fh_ct_next(n.ct, n.now, &cursor, &info));
	CHECK(!info.reply_seen);
	nic_close(&n);
}

static void challenge_does_not_acknowledge_the_last_fin(void)
{
	struct nic n;

	nic_open(&n, 1024, 2);
	nic_handshake(&n, FH_EGRESS, E);
	CHECK(passes(in(&n, FIN | ACK, 5001, 1001, 0)));
	CHECK(passes(out(&n, FIN | ACK, 1001, 5002, 0)));
	CHECK_EQ(nic_state(&n, 0), FH_CT_S_LAST_ACK);
	CHECK(passes(out(&n, SYN, 500000, 0, 0)));
	CHECK(passes(in(&n, ACK, 5002, 1001, 0)));
	CHECK_EQ(nic_state(&n, 0), FH_CT_S_LAST_ACK);
	CHECK(passes(in(&n, ACK, 5002, 1002, 0)));
	CHECK_EQ(nic_state(&n, 0), FH_CT_S_TIME_WAIT);
	nic_close(&n);
}

static void rebooted_server_gets_through(void)
{
	struct nic n;

	nic_open(&n, 1024, 2);
	nic_handshake(&n, FH_EGRESS, E);
	/* The guest rebooted and takes the same port again; the server has forgotten it too. */
	CHECK(passes(out(&n, SYN, 700000, 0, 0)));
	CHECK_EQ(nic_state(&n, 0), FH_CT_S_ESTABLISHED);
	CHECK(passes(in(&n, SYN | ACK, 900000, 700001, 0)));
	CHECK(passes(out(&n, ACK, 700001, 900001, 0)));
	CHECK(passes(out(&n, ACK, 700001, 900001, 1000)));
	CHECK(passes(in(&n, ACK, 900001, 701001, 1000)));
	CHECK_EQ(nic_state(&n, 0), FH_CT_S_ESTABLISHED);
	CHECK(passes(in(&n, FIN | ACK, 5001, 1001, 0))); /* a straggler of the old one changes nothing */
	CHECK_EQ(nic_state(&n, 0), FH_CT_S_ESTABLISHED);
	/* Or the server has not: it challenges, the guest resets, and opens anew. */
	fh_ct_flush(n.ct, 1, n.now);
	nic_handshake(&n, FH_EGRESS, E);
	CHECK(passes(out(&n, SYN, 700000, 0, 0)));
	CHECK(passes(in(&n, ACK, 5001, 1001, 0)));
	CHECK(passes(out(&n, RST, 1001, 0, 0)));
	CHECK(passes(out(&n, SYN, 700000, 0, 0)));
	CHECK_EQ(nic_state(&n, 0), FH_CT_S_SYN_SENT);
	CHECK(passes(in(&n, SYN | ACK, 900000, 700001, 0)));
	nic_close(&n);
}

static void timeouts_follow_the_state(void)
{
	static const struct {
		enum fh_ct_state state;
		uint32_t seconds;
	} want[] = { { S(SYN_SENT), 120 }, { S(SYN_RECV), 60 }, { S(ESTABLISHED), 86400 }, { S(FIN_WAIT), 120 }, { S(CLOSE_WAIT), 60 },
		     { S(LAST_ACK), 30 }, { S(TIME_WAIT), 120 }, { S(CLOSE), 10 } };
	struct nic n;

	nic_open(&n, 1024, 2);
	for (unsigned i = 0; i < sizeof want / sizeof want[0]; i++) {
		struct fh_ct_info info;
		uint32_t cursor = 0;

		bring(&n, want[i].state);
		n.now += (want[i].seconds - 1) * SECOND;
		CHECK(fh_ct_next(n.ct, n.now, &cursor, &info));
		n.now += 2 * SECOND;
		cursor = 0;
		CHECK(!fh_ct_next(n.ct, n.now, &cursor, &info));
	}
	n.cfg.timeouts.tcp[FH_CT_S_ESTABLISHED] = 60;
	fh_ct_set_timeouts(n.ct, &n.cfg.timeouts);
	bring(&n, FH_CT_S_ESTABLISHED);
	n.now += 61 * SECOND;
	CHECK(dropped_for(out(&n, ACK, 1001, 5001, 0), FH_DROP_CT_NO_CONNECTION));
	nic_close(&n);
}

static void forged_icmp_does_not_pass_for_tcp(void)
{
	struct nic n;
	uint8_t f[256], inner[128];
	struct ends router = ends4(0x0a000001, 0, GUEST, 0);

	nic_open(&n, 1024, 2);
	nic_handshake(&n, FH_EGRESS, E);
	frame_tcp(inner, &E, &(struct seg){ .flags = ACK, .seq = 1001 });
	struct fh_ct_verdict v = nic_frame(&n, FH_INGRESS, f, frame_icmp(f, &router, 3, 4, 0, inner + 14, 28));
	CHECK(passes(v) && v.class_ == FH_CT_RELATED);
	frame_tcp(inner, &E, &(struct seg){ .flags = ACK, .seq = 900000 });
	CHECK(dropped_for(nic_frame(&n, FH_INGRESS, f, frame_icmp(f, &router, 3, 4, 0, inner + 14, 28)), FH_DROP_ICMP_UNRELATED));
	nic_close(&n);
}

int main(void)
{
	E = ends4(GUEST, 4000, FAR, 80);
	each_cell();
	only_a_syn_opens();
	windows_hold();
	sequence_numbers_wrap();
	selective_acknowledgements_count();
	blind_resets_change_nothing();
	answer_to_an_older_syn_is_for_the_receiver_to_refuse();
	invalid_answer_is_no_answer();
	challenge_does_not_acknowledge_the_last_fin();
	rebooted_server_gets_through();
	timeouts_follow_the_state();
	forged_icmp_does_not_pass_for_tcp();
	E = ends6(5, 4000, 9, 80);
	each_cell();
	windows_hold();
	return check_result();
}
