/* A NIC for tests: table, policy with one group, and a clock of its own. */
#ifndef FH_TESTS_NIC_H
#define FH_TESTS_NIC_H

#include "check.h"
#include "conntrack.h"
#include "frames.h"

#include <sys/mman.h>

#define SECOND 1000000000ull

struct nic {
	struct fh_hash hash;
	struct fh_pol_ctx *rules;
	struct fh_pol_domain *domain;
	struct fh_pol_group *group;
	struct fh_policy *policy;
	struct fh_flow_ring *flows[FH_WORKERS_MAX]; /* NULL: no records */
	struct fh_ct_config cfg;
	struct fh_ct *ct;
	void *mem;
	size_t size;
	uint64_t now;
};

static inline void nic_open(struct nic *n, uint32_t capacity, unsigned workers)
{
	memset(n, 0, sizeof *n);
	REQUIRE(fh_hash_seed(&n->hash));
	REQUIRE((n->rules = fh_pol_ctx_new(NULL, workers)));
	REQUIRE((n->domain = fh_pol_domain_new(n->rules)));
	REQUIRE((n->group = fh_pol_group_new(n->domain)));
	REQUIRE((n->policy = fh_policy_new(n->domain)));
	REQUIRE(fh_policy_attach(n->policy, &n->group, 1) == FH_OK);
	n->cfg = (struct fh_ct_config){ .capacity = capacity, .workers = workers, .rules = n->rules, .flows = n->flows, .hash = &n->hash, .incarnation = 1 };
	fh_ct_default_timeouts(&n->cfg.timeouts);
	n->size = fh_ct_image_size(capacity);
	n->mem = mmap(NULL, n->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(n->mem != MAP_FAILED);
	n->now = 1000 * SECOND;
	REQUIRE(fh_ct_open(n->mem, n->size, &n->cfg, n->now, &n->ct, NULL) == FH_OK);
}

static inline void nic_close(struct nic *n)
{
	fh_ct_close(n->ct);
	munmap(n->mem, n->size);
	fh_policy_free(n->policy);
	fh_pol_group_unref(n->group);
	fh_pol_domain_free(n->domain);
	fh_pol_ctx_free(n->rules);
}

static inline void nic_rules(struct nic *n, const struct fh_rule *rules, uint32_t count)
{
	REQUIRE(fh_pol_group_set(n->group, rules, NULL, count, 0, 0, NULL) == FH_OK);
}

static inline struct fh_rule rule_allow(enum fh_direction dir, uint16_t proto, uint16_t lo, uint16_t hi)
{
	static uint8_t serial;

	return (struct fh_rule){ .id = { .b = { 0x80, [15] = ++serial } }, .direction = (uint8_t)dir, .action = FH_ALLOW,
				 .protocol = proto, .port_min = lo, .port_max = hi, .icmp_type = FH_ICMP_ANY, .icmp_code = FH_ICMP_ANY };
}

static inline struct fh_ct_verdict nic_frame(struct nic *n, enum fh_direction dir, const uint8_t *f, uint32_t len)
{
	struct fh_ct_verdict v;
	struct fh_pkt pkt, *p = &pkt;
	uint16_t seg_len = (uint16_t)len;

	fh_pkt_parse(f, len, len, p);
	fh_hash_burst(&n->hash, &p, 1);
	fh_ct_prefetch(n->ct, &p, 1);
	fh_ct_burst(n->ct, 0, n->policy, dir, n->now, &p, &f, &seg_len, &v, 1);
	return v;
}

static inline struct fh_ct_verdict nic_udp(struct nic *n, enum fh_direction dir, struct ends e)
{
	uint8_t f[256];

	return nic_frame(n, dir, f, frame_udp(f, &e, 10));
}

static inline struct fh_ct_verdict nic_tcp(struct nic *n, enum fh_direction dir, struct ends e, struct seg s)
{
	uint8_t f[2048];

	return nic_frame(n, dir, f, frame_tcp(f, &e, &s));
}

static inline bool passes(struct fh_ct_verdict v)
{
	return v.action == FH_CT_PASS;
}

static inline bool dropped_for(struct fh_ct_verdict v, enum fh_drop_reason reason)
{
	if (v.action == FH_CT_DROP && v.reason == reason)
		return true;
	fprintf(stderr, "verdict: action %u, reason %s\n", v.action, fh_reason_name(v.reason));
	return false;
}

/* Opens a TCP connection from the guest (FH_EGRESS) or to it. ISNs are 1000 and 5000; the next numbers are 1001 and 5001. */
static inline void nic_handshake(struct nic *n, enum fh_direction dir, struct ends e)
{
	enum fh_direction back = dir == FH_EGRESS ? FH_INGRESS : FH_EGRESS;
	static const uint8_t options[8] = { 3, 3, 7, 1, 4, 2, 1, 1 };
	struct seg syn = { .flags = FH_TCP_SYN, .seq = 1000, .win = 64000, .opt_len = 8 };
	struct seg synack = { .flags = FH_TCP_SYN | FH_TCP_ACK, .seq = 5000, .ack = 1001, .win = 64000, .opt_len = 8 };

	memcpy(syn.options, options, 8);
	memcpy(synack.options, options, 8);
	CHECK(passes(nic_tcp(n, dir, e, syn)));
	CHECK(passes(nic_tcp(n, back, reversed(e), synack)));
	CHECK(passes(nic_tcp(n, dir, e, (struct seg){ .flags = FH_TCP_ACK, .seq = 1001, .ack = 5001, .win = 500 })));
}

static inline uint8_t nic_state(struct nic *n, uint32_t nth)
{
	struct fh_ct_info info;
	uint32_t cursor = 0;

	while (fh_ct_next(n->ct, n->now, &cursor, &info)) {
		if (nth-- == 0)
			return info.state;
	}
	return FH_CT_S_FREE;
}

#endif
