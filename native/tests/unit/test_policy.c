/* Compiled rules against a naive matcher, and what is said about groups, sets, time and stamps. */
#include "nic.h"

/* --- the naive matcher: written from the semantics, not from the compiler ----------------------------------------------- */

struct model_set {
	struct fh_addr members[64];
	uint32_t n;
	struct fh_pol_set *set;
};

struct model {
	struct model_set sets[24];
	uint32_t n_sets;
	struct fh_rule rules[2][400];
	struct fh_pol_set *refs[2][400];
	uint32_t set_of[2][400];
	uint32_t n[2], flags[2], groups;
};

static bool prefix_has(const struct fh_addr *p, const uint8_t *addr, bool v6)
{
	if ((p->family == 6) != v6)
		return false;
	for (unsigned bit = 0; bit < p->prefix_len; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);
		if ((p->b[bit / 8] & mask) != (addr[bit / 8] & mask))
			return false;
	}
	return true;
}

static bool model_matches(const struct model *m, uint32_t g, uint32_t i, enum fh_direction dir, const struct ends *e, uint8_t proto, uint64_t now)
{
	const struct fh_rule *r = &m->rules[g][i];
	const uint8_t *remote = dir == FH_EGRESS ? e->dst : e->src;
	bool found = false;

	if (r->direction != dir || (r->ethertype && (r->ethertype == 6) != e->v6))
		return false;
	if (now < r->valid_from || (r->valid_until && now >= r->valid_until))
		return false;
	if (r->protocol != FH_PROTO_ANY && r->protocol != proto)
		return false;
	if ((r->protocol == 1 || r->protocol == 58) && r->icmp_type != FH_ICMP_ANY && (r->protocol == 58) != e->v6)
		return false;
	if (r->protocol == (e->v6 ? 58 : 1)) {
		if (r->icmp_type != FH_ICMP_ANY && r->icmp_type != e->dport >> 8)
			return false;
		if (r->icmp_code != FH_ICMP_ANY && r->icmp_code != (e->dport & 255))
			return false;
	} else if (r->protocol == 6 || r->protocol == 17 || r->protocol == 132) {
		if (e->dport < r->port_min || e->dport > r->port_max)
			return false;
	}
	switch (r->remote) {
	case FH_REMOTE_ANY:
		return true;
	case FH_REMOTE_PREFIX:
		return prefix_has(&r->prefix, remote, e->v6);
	default:
		for (uint32_t k = 0; k < m->sets[m->set_of[g][i]].n; k++)
			found |= prefix_has(&m->sets[m->set_of[g][i]].members[k], remote, e->v6);
		return found;
	}
}

/* Return: action; *reason and, for a rule, *id. */
static int model_judge(const struct model *m, enum fh_direction dir, const struct ends *e, uint8_t proto, uint64_t now, struct fh_id *id, uint8_t *reason)
{
	for (int action = FH_DROP; action >= FH_ALLOW; action--) {
		for (uint32_t g = 0; g < m->groups; g++) {
			for (uint32_t i = 0; i < m->n[g]; i++) {
				if (m->rules[g][i].action != action || !model_matches(m, g, i, dir, e, proto, now))
					continue;
				*id = m->rules[g][i].id;
				*reason = action == FH_DROP ? FH_DROP_RULE : FH_DROP_NONE;
				return action;
			}
		}
	}
	bool egress_drop = false;
	for (uint32_t g = 0; g < m->groups; g++)
		egress_drop |= m->flags[g] & FH_GROUP_EGRESS_DROP;
	memset(id, 0, sizeof *id);
	id->b[15] = dir == FH_INGRESS ? 1 : egress_drop ? 3 : 2;
	if (dir == FH_EGRESS && !egress_drop) {
		*reason = FH_DROP_NONE;
		return FH_ALLOW;
	}
	*reason = FH_DROP_DEFAULT;
	return FH_DROP;
}

/* --- random worlds: few distinct values, so that things collide ------------------------------------------------------------ */

static void random_addr(uint64_t *s, bool v6, uint8_t out[16])
{
	memset(out, 0, 16);
	if (v6) {
		out[0] = 0x20;
		out[1] = 0x01;
		out[7] = (uint8_t)(rnd(s) % 3);
		out[8] = (uint8_t)(rnd(s) % 2 * 0x80);
		out[15] = (uint8_t)(1 + rnd(s) % 20);
	} else {
		out[0] = 10;
		out[1] = (uint8_t)(rnd(s) % 2);
		out[2] = (uint8_t)(rnd(s) % 3);
		out[3] = (uint8_t)(1 + rnd(s) % 20);
	}
}

static struct fh_addr random_prefix(uint64_t *s)
{
	static const uint8_t len4[] = { 32, 32, 32, 24, 16, 8, 31, 29, 1, 0 }, len6[] = { 128, 128, 64, 65, 63, 127, 48, 120, 3, 0 };
	struct fh_addr a = { .family = rnd(s) % 3 ? 4 : 6 };

	random_addr(s, a.family == 6, a.b);
	a.prefix_len = (a.family == 6 ? len6 : len4)[rnd(s) % 10];
	return a;
}

static uint16_t random_port(uint64_t *s)
{
	static const uint16_t ports[] = { 0, 1, 22, 53, 79, 80, 81, 255, 256, 257, 443, 8080, 65534, 65535 };

	return rnd(s) % 4 ? ports[rnd(s) % 14] : (uint16_t)rnd(s);
}

static void random_rule(struct model *m, uint64_t *s, uint32_t g, uint32_t i, uint32_t serial)
{
	static const uint16_t protos[] = { 6, 6, 17, 1, 58, 132, 47, FH_PROTO_ANY };
	struct fh_rule *r = &m->rules[g][i];

	memset(r, 0, sizeof *r);
	r->id.b[0] = 0x77;
	fh_put_be32(r->id.b + 12, serial);
	r->direction = rnd(s) % 2;
	r->ethertype = (uint8_t[]){ 0, 4, 6 }[rnd(s) % 3];
	r->action = rnd(s) % 5 == 0 ? FH_DROP : FH_ALLOW;
	r->protocol = protos[rnd(s) % 8];
	r->port_min = random_port(s);
	r->port_max = rnd(s) % 2 ? r->port_min : random_port(s);
	if (r->port_max < r->port_min)
		r->port_max = r->port_min;
	r->icmp_type = rnd(s) % 3 ? (uint16_t)(rnd(s) % 2 ? 8 : 128) : FH_ICMP_ANY;
	r->icmp_code = r->icmp_type != FH_ICMP_ANY && rnd(s) % 2 ? (uint16_t)(rnd(s) % 2) : FH_ICMP_ANY;
	r->remote = rnd(s) % 3;
	r->flags = rnd(s) % 2 ? FH_RULE_LOG : 0;
	if (r->remote == FH_REMOTE_PREFIX)
		r->prefix = random_prefix(s);
	m->set_of[g][i] = (uint32_t)(rnd(s) % m->n_sets);
	m->refs[g][i] = m->sets[m->set_of[g][i]].set;
	if (rnd(s) % 6 == 0)
		r->valid_from = 100 + rnd(s) % 100;
	if (rnd(s) % 6 == 0)
		r->valid_until = 201 + rnd(s) % 100;
}

static void random_members(struct model_set *set, uint64_t *s)
{
	set->n = (uint32_t)(rnd(s) % 20);
	for (uint32_t i = 0; i < set->n; i++)
		set->members[i] = random_prefix(s);
}

static void random_change(struct model_set *set, uint64_t *s)
{
	struct fh_addr add[3], gone[3];
	uint32_t n_add = (uint32_t)(rnd(s) % 4), n_gone = (uint32_t)(rnd(s) % 4);

	if (set->n + n_add > 60 || set->n < n_gone) {
		random_members(set, s);
		CHECK_EQ(fh_pol_set_replace(set->set, set->members, set->n), FH_OK);
		return;
	}
	for (uint32_t i = 0; i < n_gone; i++) {
		uint32_t k = (uint32_t)(rnd(s) % set->n);
		struct fh_addr victim = gone[i] = set->members[k];
		/* All members that mean the same prefix. */
		for (k = 0; k < set->n;) {
			bool same = set->members[k].family == victim.family && set->members[k].prefix_len == victim.prefix_len &&
				    prefix_has(&victim, set->members[k].b, victim.family == 6);
			if (same)
				set->members[k] = set->members[--set->n];
			else
				k++;
		}
		if (set->n == 0) {
			n_gone = i + 1;
			break;
		}
	}
	for (uint32_t i = 0; i < n_add; i++)
		add[i] = set->members[set->n++] = random_prefix(s);
	CHECK_EQ(fh_pol_set_change(set->set, add, n_add, gone, n_gone), FH_OK);
}

static unsigned compare(struct model *m, struct nic *n, uint64_t *s, uint64_t now, unsigned packets)
{
	static const uint8_t protos[] = { 6, 17, 1, 58, 132, 47, 6 };
	unsigned wrong = 0;

	for (unsigned k = 0; k < packets; k++) {
		struct ends e = { .v6 = rnd(s) % 2 };
		uint8_t proto = protos[rnd(s) % 7];
		enum fh_direction dir = rnd(s) % 2 ? FH_INGRESS : FH_EGRESS;
		struct fh_id want_id, got_id;
		struct fh_pkt p;
		uint8_t reason;

		random_addr(s, e.v6, e.src);
		do
			random_addr(s, e.v6, e.dst);
		while (!memcmp(e.src, e.dst, 16));
		e.sport = random_port(s);
		e.dport = random_port(s);
		if (proto == (e.v6 ? 58 : 1))
			e.dport = (uint16_t)((rnd(s) % 2 ? 8 : 128) << 8 | rnd(s) % 2);
		fh_pkt_from_tuple(&p, e.v6, proto, e.src, e.dst, e.sport, e.dport);
		int want = model_judge(m, dir, &e, proto, now, &want_id, &reason);
		struct fh_pol_verdict got = fh_pol_eval(n->policy, dir, &p);
		REQUIRE(fh_pol_slot_id(n->rules, got.slot, &got_id));
		if (got.action != want || got.reason != reason || memcmp(&got_id, &want_id, sizeof got_id)) {
			if (wrong++ == 0)
				fprintf(stderr, "packet %u proto %u v6 %d dir %d dport %u: action %d (want %d) rule %02x..%02x%02x (want %02x..%02x%02x)\n",
					k, proto, e.v6, dir, e.dport, got.action, want, got_id.b[0], got_id.b[14], got_id.b[15], want_id.b[0],
					want_id.b[14], want_id.b[15]);
		}
	}
	return wrong;
}

static void compiled_equals_naive(uint64_t seed, uint32_t rules, unsigned rounds)
{
	static struct model m;
	struct nic n;
	struct fh_pol_group *groups[2];
	uint64_t s = seed, now = 150;
	uint32_t serial = 0;

	nic_open(&n, 64, 2);
	memset(&m, 0, sizeof m);
	m.n_sets = 24;
	m.groups = 2;
	groups[0] = n.group;
	REQUIRE((groups[1] = fh_pol_group_new(n.domain)));
	REQUIRE(fh_policy_attach(n.policy, groups, 2) == FH_OK);
	for (uint32_t i = 0; i < m.n_sets; i++) {
		REQUIRE((m.sets[i].set = fh_pol_set_new(n.domain)));
		random_members(&m.sets[i], &s);
		CHECK_EQ(fh_pol_set_replace(m.sets[i].set, m.sets[i].members, m.sets[i].n), FH_OK);
	}
	for (unsigned round = 0; round < rounds; round++) {
		uint32_t g = (uint32_t)(rnd(&s) % 2), bad;

		m.n[g] = (uint32_t)(rnd(&s) % (rules + 1));
		m.flags[g] = rnd(&s) % 2 ? FH_GROUP_EGRESS_DROP : 0;
		for (uint32_t i = 0; i < m.n[g]; i++)
			random_rule(&m, &s, g, i, ++serial);
		REQUIRE(fh_pol_group_set(groups[g], m.rules[g], m.refs[g], m.n[g], m.flags[g], now, &bad) == FH_OK);
		CHECK_EQ(compare(&m, &n, &s, now, 400), 0);
		for (int i = 0; i < 5; i++) {
			random_change(&m.sets[rnd(&s) % m.n_sets], &s);
			CHECK_EQ(compare(&m, &n, &s, now, 60), 0);
		}
		now = 100 + rnd(&s) % 210;
		/* Going back in time is not a boundary: compile again as the clock says. */
		for (uint32_t k = 0; k < 2; k++)
			REQUIRE(fh_pol_group_set(groups[k], m.rules[k], m.refs[k], m.n[k], m.flags[k], now, &bad) == FH_OK);
		CHECK_EQ(compare(&m, &n, &s, now, 100), 0);
		while (fh_pol_next_boundary(n.rules) != UINT64_MAX) {
			now = fh_pol_next_boundary(n.rules);
			CHECK(fh_pol_tick(n.rules, now) > 0);
			CHECK_EQ(compare(&m, &n, &s, now, 20), 0);
		}
	}
	REQUIRE(fh_policy_attach(n.policy, NULL, 0) == FH_OK);
	fh_pol_group_unref(groups[1]);
	for (uint32_t i = 0; i < m.n_sets; i++)
		fh_pol_set_unref(m.sets[i].set);
	nic_close(&n);
}

/* --- single statements ---------------------------------------------------------------------------------------------------------- */

static void members_reach_every_nic_at_once(void)
{
	enum { NICS = 1000 };
	static struct fh_policy *policies[NICS];
	struct nic n;
	struct fh_rule r = rule_allow(FH_INGRESS, FH_PROTO_TCP, 5432, 5432);
	struct fh_pol_set *set;
	struct fh_addr web = { .family = 4, .prefix_len = 32, .b = { 10, 0, 0, 7 } };
	struct ends e = ends4(0x0a000007, 1000, 0x0a000005, 5432);
	struct fh_pkt p;

	nic_open(&n, 64, 2);
	REQUIRE((set = fh_pol_set_new(n.domain)));
	r.remote = FH_REMOTE_SET;
	REQUIRE(fh_pol_group_set(n.group, &r, &set, 1, 0, 0, NULL) == FH_OK);
	for (int i = 0; i < NICS; i++) {
		REQUIRE((policies[i] = fh_policy_new(n.domain)));
		REQUIRE(fh_policy_attach(policies[i], &n.group, 1) == FH_OK);
	}
	fh_pkt_from_tuple(&p, false, 6, e.src, e.dst, e.sport, e.dport);
	uint32_t stamp = fh_pol_stamp(policies[NICS - 1]);
	CHECK_EQ(fh_pol_eval(policies[0], FH_INGRESS, &p).action, FH_DROP);
	CHECK_EQ(fh_pol_set_change(set, &web, 1, NULL, 0), FH_OK);
	for (int i = 0; i < NICS; i++)
		CHECK_EQ(fh_pol_eval(policies[i], FH_INGRESS, &p).action, FH_ALLOW);
	CHECK(fh_pol_stamp(policies[NICS - 1]) != stamp);
	/* Nor is it that of any other policy: one of them may take its NIC over. */
	for (int i = 1; i < NICS; i++)
		CHECK(fh_pol_stamp(policies[i]) != fh_pol_stamp(policies[i - 1]));
	/* Adding it again changes nothing, so nothing is judged again. */
	stamp = fh_pol_stamp(policies[0]);
	CHECK_EQ(fh_pol_set_change(set, &web, 1, NULL, 0), FH_OK);
	CHECK_EQ(fh_pol_stamp(policies[0]), stamp);
	CHECK(fh_pol_set_contains(set, &web));
	CHECK_EQ(fh_pol_set_change(set, NULL, 0, &web, 1), FH_OK);
	CHECK(!fh_pol_set_contains(set, &web));
	CHECK_EQ(fh_pol_eval(policies[3], FH_INGRESS, &p).action, FH_DROP);
	for (int i = 0; i < NICS; i++)
		fh_policy_free(policies[i]);
	fh_pol_set_unref(set);
	nic_close(&n);
}

static void malformed_rules_change_nothing(void)
{
	struct nic n;
	struct fh_rule good = rule_allow(FH_INGRESS, FH_PROTO_TCP, 80, 80), r[3];
	struct ends e = ends4(0x0a000007, 1000, 0x0a000005, 80);
	uint32_t bad;
	struct fh_pkt p;

	nic_open(&n, 64, 2);
	nic_rules(&n, &good, 1);
	fh_pkt_from_tuple(&p, false, 6, e.src, e.dst, e.sport, e.dport);
	for (int k = 0; k < 9; k++) {
		r[0] = r[1] = r[2] = good;
		switch (k) {
		case 0: r[1].direction = 2; break;
		case 1: r[1].action = 2; break;
		case 2: r[1].remote = 3; break;
		case 3: r[1].ethertype = 5; break;
		case 4: r[1].protocol = 256; break;
		case 5: r[1].port_min = 81; break;
		case 6: r[1].remote = FH_REMOTE_SET; break;
		case 7: r[1].remote = FH_REMOTE_PREFIX; r[1].prefix.family = 4; r[1].prefix.prefix_len = 33; break;
		case 8: r[1].protocol = FH_PROTO_ICMP; r[1].icmp_type = FH_ICMP_ANY; r[1].icmp_code = 3; break;
		}
		bad = 99;
		CHECK_EQ(fh_pol_group_set(n.group, r, NULL, 3, 0, 0, &bad), FH_EINVAL);
		CHECK_EQ(bad, 1);
		CHECK_EQ(fh_pol_eval(n.policy, FH_INGRESS, &p).action, FH_ALLOW);
	}
	nic_close(&n);
}

static void commit_confirm_goes_back_by_the_clock(void)
{
	struct nic n;
	struct fh_rule r[2] = { rule_allow(FH_INGRESS, FH_PROTO_TCP, 80, 80), rule_allow(FH_INGRESS, FH_PROTO_TCP, 81, 81) };
	struct ends e = ends4(0x0a000009, 1000, 0x0a000005, 80), e2 = ends4(0x0a000009, 1000, 0x0a000005, 81);

	nic_open(&n, 64, 2);
	r[0].valid_until = 5000;
	r[1].valid_from = 5000;
	REQUIRE(fh_pol_group_set(n.group, r, NULL, 2, 0, 100, NULL) == FH_OK);
	nic_handshake(&n, FH_INGRESS, e);
	CHECK(dropped_for(nic_tcp(&n, FH_INGRESS, e2, (struct seg){ .flags = FH_TCP_SYN, .seq = 1, .win = 1 }), FH_DROP_DEFAULT));
	CHECK_EQ(fh_pol_next_boundary(n.rules), 5000);
	CHECK_EQ(fh_pol_tick(n.rules, 4999), 0);
	CHECK_EQ(fh_pol_tick(n.rules, 5000), 1);
	CHECK_EQ(fh_pol_next_boundary(n.rules), UINT64_MAX);
	CHECK(dropped_for(nic_tcp(&n, FH_INGRESS, e, (struct seg){ .flags = FH_TCP_ACK, .seq = 1001, .ack = 5001, .win = 9 }), FH_DROP_REVOKED));
	nic_handshake(&n, FH_INGRESS, e2);
	nic_close(&n);
}

/* What the dataplane does with a group that changes: it makes another. */
static void the_slot_of_a_rule_that_went_is_not_the_next_ones(void)
{
	const uint64_t hour = 3600 * SECOND, begin = 1000 * 24 * hour;
	struct nic n;
	struct fh_rule old = rule_allow(FH_INGRESS, FH_PROTO_TCP, 22, 22), next = rule_allow(FH_INGRESS, FH_PROTO_TCP, 80, 80);
	struct fh_pol_group *groups[3];

	nic_open(&n, 64, 2);
	old.id.b[0] = 1;
	next.id.b[0] = 9;
	for (int i = 0; i < 3; i++)
		REQUIRE((groups[i] = fh_pol_group_new(n.domain)));
	REQUIRE(fh_pol_group_set(groups[0], &old, NULL, 1, 0, begin, NULL) == FH_OK);
	uint32_t slot = fh_pol_slot_of(n.rules, &old.id);
	fh_pol_group_unref(groups[0]);
	REQUIRE(fh_pol_group_set(groups[1], &next, NULL, 1, 0, begin + hour, NULL) == FH_OK);
	CHECK(fh_pol_slot_of(n.rules, &next.id) != slot);
	next.id.b[0] = 10;
	REQUIRE(fh_pol_group_set(groups[2], &next, NULL, 1, 0, begin + 8 * 24 * hour, NULL) == FH_OK);
	CHECK_EQ(fh_pol_slot_of(n.rules, &next.id), slot);
	fh_pol_group_unref(groups[1]);
	fh_pol_group_unref(groups[2]);
	nic_close(&n);
}

static void slots_keep_their_numbers(void)
{
	struct nic n;
	struct fh_rule r[40];
	uint32_t before[40];

	nic_open(&n, 64, 2);
	for (int i = 0; i < 40; i++)
		r[i] = rule_allow(FH_INGRESS, FH_PROTO_TCP, (uint16_t)i, (uint16_t)i);
	nic_rules(&n, r, 40);
	for (int i = 0; i < 40; i++) {
		before[i] = fh_pol_slot_of(n.rules, &r[i].id);
		fh_pol_count(n.rules, (unsigned)i % 2, before[i], 1, 2, 3, 4);
	}
	nic_rules(&n, r + 20, 20);
	nic_rules(&n, r, 40);
	for (int i = 0; i < 40; i++) {
		struct fh_pol_counters c;
		CHECK_EQ(fh_pol_slot_of(n.rules, &r[i].id), before[i]);
		fh_pol_slot_read(n.rules, before[i], &c);
		CHECK(c.connections == 1 && c.packets == 2 && c.bytes == 3 && c.last_hit_ns == 4);
	}
	nic_close(&n);
}

int main(void)
{
	uint64_t seed = check_seed(20261122);

	members_reach_every_nic_at_once();
	malformed_rules_change_nothing();
	commit_confirm_goes_back_by_the_clock();
	slots_keep_their_numbers();
	the_slot_of_a_rule_that_went_is_not_the_next_ones();
	compiled_equals_naive(seed, 12, 60);
	compiled_equals_naive(seed + 1, 60, 60);
	compiled_equals_naive(seed + 2, 400, 40);
	return check_result();
}
