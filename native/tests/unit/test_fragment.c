/* Virtual reassembly. */
#include "nic.h"

static const uint32_t GUEST = 0x0a000005, FAR = 0x0a000009;

struct side {
	struct nic n;
	struct fh_frag *f;
};

/* One piece of a UDP datagram of total bytes (header included). */
static uint32_t piece(uint8_t *f, const struct ends *e, uint32_t id, uint32_t from, uint32_t len, uint32_t total)
{
	bool more = from + len < total;
	uint8_t udp[8];

	fh_put_be16(udp, e->sport);
	fh_put_be16(udp + 2, e->dport);
	fh_put_be16(udp + 4, (uint16_t)total);
	fh_put_be16(udp + 6, 0);
	if (e->v6) {
		uint32_t at = frame_ip(f, e, 44, 8 + len);
		memset(f + at, 0, 8 + len);
		f[at] = FH_PROTO_UDP;
		fh_put_be16(f + at + 2, (uint16_t)(from | more));
		fh_put_be32(f + at + 4, id);
		if (from == 0)
			memcpy(f + at + 8, udp, len < 8 ? len : 8);
		return at + 8 + len;
	}
	uint32_t at = frame_ip(f, e, FH_PROTO_UDP, len);
	memset(f + at, 0, len);
	fh_put_be16(f + 18, (uint16_t)id);
	fh_put_be16(f + 20, (uint16_t)(from / 8 | (more ? 0x2000 : 0)));
	if (from == 0)
		memcpy(f + at, udp, len < 8 ? len : 8);
	return at + len;
}

static enum fh_frag_step give(struct side *s, enum fh_direction dir, const struct ends *e, uint32_t id, uint32_t from, uint32_t len, uint32_t total,
			      void *cookie, uint8_t *reason)
{
	static uint8_t frame[70000];
	const uint8_t *f = frame;
	struct fh_pkt pkt, *p = &pkt;
	uint32_t n = piece(frame, e, id, from, len, total);
	uint16_t seg_len = (uint16_t)n;
	struct fh_ct_verdict v;

	*reason = FH_DROP_NONE;
	if (!fh_pkt_parse(frame, n, n, p)) {
		*reason = p->reason;
		return FH_FRAG_DROP;
	}
	enum fh_frag_step step = fh_frag_input(s->f, p, s->n.now, cookie, reason);
	if (step != FH_FRAG_JUDGE)
		return step;
	fh_hash_burst(&s->n.hash, &p, 1);
	fh_ct_burst(s->n.ct, 0, s->n.policy, dir, s->n.now, &p, &f, &seg_len, &v, 1);
	fh_frag_decide(s->f, p, &v);
	*reason = v.reason;
	return v.action == FH_CT_PASS ? FH_FRAG_JUDGE : FH_FRAG_DROP;
}

static void open_side(struct side *s)
{
	nic_open(&s->n, 1024, 2);
	REQUIRE((s->f = fh_frag_new()));
}

static unsigned dropped_cookies;

static void count_cookie(void *arg, void *cookie)
{
	(void)arg;
	(void)cookie;
	dropped_cookies++;
}

static void close_side(struct side *s)
{
	dropped_cookies = 0;
	fh_frag_free(s->f, count_cookie, NULL);
	nic_close(&s->n);
}

static void in_order_and_not(bool v6)
{
	struct ends e = v6 ? ends6(5, 4000, 9, 53) : ends4(GUEST, 4000, FAR, 53);
	struct side s;
	uint8_t reason;
	int a, b;

	open_side(&s);
	CHECK_EQ(give(&s, FH_EGRESS, &e, 1, 0, 1480, 3000, NULL, &reason), FH_FRAG_JUDGE);
	CHECK_EQ(give(&s, FH_EGRESS, &e, 1, 1480, 1480, 3000, NULL, &reason), FH_FRAG_PASS);
	CHECK_EQ(give(&s, FH_EGRESS, &e, 1, 2960, 40, 3000, NULL, &reason), FH_FRAG_PASS);
	/* The last two first: held, and released by the first. */
	CHECK_EQ(give(&s, FH_EGRESS, &e, 2, 2960, 40, 3000, &a, &reason), FH_FRAG_HELD);
	CHECK_EQ(give(&s, FH_EGRESS, &e, 2, 1480, 1480, 3000, &b, &reason), FH_FRAG_HELD);
	CHECK(fh_frag_next_held(s.f, s.n.now, &reason) == NULL);
	CHECK_EQ(give(&s, FH_EGRESS, &e, 2, 0, 1480, 3000, NULL, &reason), FH_FRAG_JUDGE);
	CHECK(fh_frag_next_held(s.f, s.n.now, &reason) == &a && reason == FH_DROP_NONE);
	CHECK(fh_frag_next_held(s.f, s.n.now, &reason) == &b && reason == FH_DROP_NONE);
	CHECK(fh_frag_next_held(s.f, s.n.now, &reason) == NULL);
	/* The answer belongs to the connection. */
	CHECK(passes(nic_udp(&s.n, FH_INGRESS, reversed(e))));
	close_side(&s);
	CHECK_EQ(dropped_cookies, 0);
}

static void refused_first_refuses_all(bool v6)
{
	struct ends e = v6 ? ends6(9, 4000, 5, 53) : ends4(FAR, 4000, GUEST, 53);
	struct side s;
	uint8_t reason;
	int a;

	open_side(&s);
	CHECK_EQ(give(&s, FH_INGRESS, &e, 7, 1480, 1480, 3000, &a, &reason), FH_FRAG_HELD);
	CHECK_EQ(give(&s, FH_INGRESS, &e, 7, 0, 1480, 3000, NULL, &reason), FH_FRAG_DROP);
	CHECK_EQ(reason, FH_DROP_DEFAULT);
	CHECK(fh_frag_next_held(s.f, s.n.now, &reason) == &a && reason == FH_DROP_DEFAULT);
	CHECK_EQ(give(&s, FH_INGRESS, &e, 7, 2960, 40, 3000, NULL, &reason), FH_FRAG_DROP);
	CHECK_EQ(reason, FH_DROP_DEFAULT);
	close_side(&s);
}

static void tricks_are_refused(bool v6)
{
	struct ends e = v6 ? ends6(5, 4000, 9, 53) : ends4(GUEST, 4000, FAR, 53);
	struct side s;
	uint8_t reason;

	open_side(&s);
	/* A first fragment without the whole L4 header cannot exist in steps of 8 for UDP; an empty piece and an odd one can. */
	CHECK_EQ(give(&s, FH_EGRESS, &e, 1, 0, 0, 100, NULL, &reason), FH_FRAG_DROP);
	CHECK_EQ(give(&s, FH_EGRESS, &e, 1, 0, 13, 100, NULL, &reason), FH_FRAG_DROP);
	CHECK_EQ(give(&s, FH_EGRESS, &e, 1, 65528, 16, 65544, NULL, &reason), FH_FRAG_DROP);
	CHECK_EQ(reason, FH_DROP_FRAGMENT_INVALID);
	/* Overlap condemns the datagram. */
	CHECK_EQ(give(&s, FH_EGRESS, &e, 2, 0, 80, 800, NULL, &reason), FH_FRAG_JUDGE);
	CHECK_EQ(give(&s, FH_EGRESS, &e, 2, 72, 80, 800, NULL, &reason), FH_FRAG_DROP);
	CHECK_EQ(reason, FH_DROP_FRAGMENT_INVALID);
	CHECK_EQ(give(&s, FH_EGRESS, &e, 2, 160, 80, 800, NULL, &reason), FH_FRAG_DROP);
	/* A repetition is dropped, the rest goes on. */
	CHECK_EQ(give(&s, FH_EGRESS, &e, 3, 0, 80, 240, NULL, &reason), FH_FRAG_JUDGE);
	CHECK_EQ(give(&s, FH_EGRESS, &e, 3, 0, 80, 240, NULL, &reason), FH_FRAG_DROP);
	CHECK_EQ(give(&s, FH_EGRESS, &e, 3, 80, 80, 240, NULL, &reason), FH_FRAG_PASS);
	/* Two ends; something beyond the end. */
	CHECK_EQ(give(&s, FH_EGRESS, &e, 3, 160, 80, 240, NULL, &reason), FH_FRAG_PASS);
	CHECK_EQ(give(&s, FH_EGRESS, &e, 3, 240, 80, 320, NULL, &reason), FH_FRAG_DROP);
	CHECK_EQ(give(&s, FH_EGRESS, &e, 4, 0, 80, 160, NULL, &reason), FH_FRAG_JUDGE);
	CHECK_EQ(give(&s, FH_EGRESS, &e, 4, 80, 80, 160, NULL, &reason), FH_FRAG_PASS);
	CHECK_EQ(give(&s, FH_EGRESS, &e, 4, 320, 80, 800, NULL, &reason), FH_FRAG_DROP);
	close_side(&s);
}

static void floods_stay_within_bounds(void)
{
	struct ends e = ends4(FAR, 4000, GUEST, 53);
	struct side s;
	uint8_t reason;
	unsigned held = 0, back = 0;
	int cookie;

	open_side(&s);
	for (uint32_t id = 0; id < 10000; id++) {
		for (uint32_t k = 1; k < 12; k++)
			held += give(&s, FH_INGRESS, &e, id, k * 80, 72, 8000, &cookie, &reason) == FH_FRAG_HELD;
	}
	CHECK_EQ(held, 128);
	while (fh_frag_next_held(s.f, s.n.now, &reason))
		back++;
	CHECK_EQ(back, 0);
	/* Time is up: all come back to be dropped, and there is room again. */
	s.n.now += 16 * SECOND;
	while (fh_frag_next_held(s.f, s.n.now, &reason)) {
		CHECK_EQ(reason, FH_DROP_FRAGMENT_LIMIT);
		back++;
	}
	CHECK_EQ(back, 128);
	CHECK_EQ(give(&s, FH_INGRESS, &e, 1, 80, 72, 8000, &cookie, &reason), FH_FRAG_HELD);
	close_side(&s);
	CHECK_EQ(dropped_cookies, 1);
}

/* Another worker looks, whose clock was read before the piece came. */
static void an_earlier_clock_forgets_nothing(void)
{
	struct ends e = ends4(GUEST, 4000, FAR, 53);
	struct side s;
	uint8_t reason;
	int a;

	open_side(&s);
	CHECK_EQ(give(&s, FH_EGRESS, &e, 1, 0, 1480, 3000, NULL, &reason), FH_FRAG_JUDGE);
	CHECK(fh_frag_next_held(s.f, s.n.now - 1, &reason) == NULL);
	CHECK_EQ(give(&s, FH_EGRESS, &e, 1, 1480, 1480, 3000, NULL, &reason), FH_FRAG_PASS);
	CHECK_EQ(give(&s, FH_EGRESS, &e, 2, 1480, 1480, 3000, &a, &reason), FH_FRAG_HELD);
	CHECK(fh_frag_next_held(s.f, s.n.now - 1, &reason) == NULL);
	close_side(&s);
	CHECK_EQ(dropped_cookies, 1);
}

int main(void)
{
	for (int v6 = 0; v6 < 2; v6++) {
		in_order_and_not(v6);
		refused_first_refuses_all(v6);
		tricks_are_refused(v6);
	}
	floods_stay_within_bounds();
	an_earlier_clock_forgets_nothing();
	return check_result();
}
