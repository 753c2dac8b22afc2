/*
 * What connection tracking costs, without the rest of the dataplane.
 *
 *   conntrack_bench [--json FILE] [--quick] [--only hits|creates|rules]
 *
 * Cycles are TSC cycles (constant rate), the lowest decile of 200 rounds (neighbours on the machine only ever add); each round visits the flows in an order that defeats the
 * prefetcher of the CPU. "parse+hash" is the unfiltered control: what forwarding pays anyway is subtracted by reading the two rows.
 */
#include "conntrack.h"
#include "frames.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <x86intrin.h>

#define BURST 32
#define FRAME 64

static FILE *json;
static bool quick, huge_pages, first_row = true;
static double cycles_per_ns;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void calibrate(void)
{
	uint64_t ns = now_ns(), c = __rdtsc();

	while (now_ns() - ns < 50000000)
		;
	cycles_per_ns = (double)(__rdtsc() - c) / (double)(now_ns() - ns);
}

static void row(const char *what, double value, const char *unit, double expected, bool below, const char *note)
{
	bool ok = expected == 0 || (below ? value <= expected : value >= expected);

	printf("%-46s %12.1f %-12s %s%s\n", what, value, unit, expected == 0 ? "" : ok ? "ok  " : "MISS", note);
	if (json) {
		fprintf(json, "%s\n  {\"what\": \"%s\", \"ours\": %.2f, \"peer\": null, \"unit\": \"%s\", \"expected\": ", first_row ? "" : ",", what,
			value, unit);
		if (expected == 0)
			fprintf(json, "null");
		else
			fprintf(json, "\"%s %.2f\"", below ? "<=" : ">=", expected);
		fprintf(json, ", \"ok\": %s, \"note\": \"%s\"}", ok ? "true" : "false", note);
	}
	first_row = false;
}

static void die(const char *what)
{
	fprintf(stderr, "conntrack_bench: %s\n", what);
	exit(1);
}

struct nic {
	struct fh_hash hash;
	struct fh_pol_ctx *rules;
	struct fh_pol_domain *domain;
	struct fh_pol_group *group;
	struct fh_policy *policy;
	struct fh_ct *ct;
	void *mem;
	size_t size;
};

static struct nic nic_new(uint32_t capacity, unsigned workers)
{
	struct nic n;
	struct fh_ct_config cfg = { .capacity = capacity, .workers = workers };

	if (!fh_hash_seed(&n.hash) || !(n.rules = fh_pol_ctx_new(NULL, workers)) || !(n.domain = fh_pol_domain_new(n.rules)) ||
	    !(n.group = fh_pol_group_new(n.domain)) || !(n.policy = fh_policy_new(n.domain)) || fh_policy_attach(n.policy, &n.group, 1))
		die("no memory");
	fh_ct_default_timeouts(&cfg.timeouts);
	cfg.rules = n.rules;
	cfg.hash = &n.hash;
	n.size = (fh_ct_image_size(capacity) + 0x1fffff) & ~(size_t)0x1fffff;
	/* Reserved huge pages if there are any: with 4 KB pages most of a miss is the walk of two page tables. */
	n.mem = mmap(NULL, n.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
	huge_pages = n.mem != MAP_FAILED;
	if (n.mem == MAP_FAILED)
		n.mem = mmap(NULL, n.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (n.mem == MAP_FAILED || fh_ct_open(n.mem, n.size, &cfg, now_ns(), &n.ct, NULL))
		die("cannot make a table");
	return n;
}

static void nic_delete(struct nic *n)
{
	fh_ct_close(n->ct);
	munmap(n->mem, n->size);
	fh_policy_free(n->policy);
	fh_pol_group_unref(n->group);
	fh_pol_domain_free(n->domain);
	fh_pol_ctx_free(n->rules);
}

/* A ring of frames, much smaller than the number of flows: as in a mempool, the buffers stay warm and the tables do not. */
struct load {
	uint8_t frames[BURST][128];
	struct fh_pkt pkt[BURST], *p[BURST];
	const uint8_t *data[BURST];
	uint16_t len[BURST];
	struct fh_ct_verdict v[BURST];
};

static struct load L;

static uint32_t scatter(uint32_t i, uint32_t n)
{
	return (uint32_t)((uint64_t)i * 2654435761u % n); /* odd and prime: visits all when n is no multiple of it */
}

static void make_frame(unsigned k, uint32_t flow, bool v6, bool tcp, uint8_t flags, bool reply)
{
	struct ends e = v6 ? ends6(5, (uint16_t)flow, 9, (uint16_t)(flow >> 16)) : ends4(0x0a000005, (uint16_t)flow, 0x0b000000 + (flow >> 16), 80);

	if (reply)
		e = reversed(e);
	L.len[k] = (uint16_t)(tcp ? frame_tcp(L.frames[k], &e, &(struct seg){ .flags = flags, .seq = flags & FH_TCP_SYN ? (reply ? 5000 : 1000) : (reply ? 5001 : 1001),
									    .ack = reply ? 1001 : 5001, .win = 60000, .payload = 0 })
				  : frame_udp(L.frames[k], &e, 18));
	L.data[k] = L.frames[k];
	L.p[k] = &L.pkt[k];
}

static void parse_burst(unsigned n)
{
	for (unsigned k = 0; k < n; k++)
		fh_pkt_parse(L.data[k], L.len[k], L.len[k], &L.pkt[k]);
}

static uint64_t track(struct nic *n, enum fh_direction dir, uint64_t now, unsigned burst, bool count_parse)
{
	uint64_t t = __rdtsc();

	parse_burst(burst);
	if (!count_parse)
		t = __rdtsc();
	fh_hash_burst(&n->hash, L.p, burst);
	fh_ct_prefetch(n->ct, L.p, burst);
	fh_ct_burst(n->ct, 0, n->policy, dir, now, L.p, L.data, L.len, L.v, burst);
	return __rdtsc() - t;
}

static void must_pass(unsigned n)
{
	for (unsigned k = 0; k < n; k++) {
		if (L.v[k].action != FH_CT_PASS)
			die(fh_reason_name(L.v[k].reason));
	}
}

static void fill(struct nic *n, uint32_t flows, bool v6, bool tcp, uint64_t now)
{
	for (uint32_t i = 0; i < flows; i += BURST) {
		unsigned m = flows - i < BURST ? flows - i : BURST;

		for (int step = 0; step < (tcp ? 3 : 1); step++) {
			for (unsigned k = 0; k < m; k++)
				make_frame(k, i + k, v6, tcp, step == 0 ? FH_TCP_SYN : step == 1 ? FH_TCP_SYN | FH_TCP_ACK : FH_TCP_ACK, step == 1);
			track(n, step == 1 ? FH_INGRESS : FH_EGRESS, now, m, true);
			must_pass(m);
		}
	}
}

static int cmp_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Cycles a packet that belongs to one of so many flows; the lowest decile of the batches. */
static double hits(struct nic *n, uint32_t flows, bool v6, bool tcp, uint64_t now, bool count_parse, bool lookup)
{
	enum { BATCHES = 200 };
	static uint64_t samples[BATCHES];
	unsigned bursts = quick ? 50 : 500;
	uint32_t at = 0;

	for (int s = 0; s < BATCHES; s++) {
		uint64_t total = 0;

		for (unsigned b = 0; b < bursts; b++) {
			for (unsigned k = 0; k < BURST; k++)
				make_frame(k, scatter(at++, flows), v6, tcp, FH_TCP_ACK, false);
			if (lookup) {
				total += track(n, FH_EGRESS, now, BURST, count_parse);
				must_pass(BURST);
			} else {
				uint64_t t = __rdtsc();
				parse_burst(BURST);
				fh_hash_burst(&n->hash, L.p, BURST);
				total += __rdtsc() - t;
			}
		}
		samples[s] = total;
	}
	qsort(samples, BATCHES, sizeof samples[0], cmp_u64);
	return (double)samples[BATCHES / 10] / (double)bursts / BURST;
}

static void bench_hits(void)
{
	static const uint32_t sizes[] = { 1000, 10000, 100000, 1000000 };
	static const struct {
		bool v6, tcp;
		const char *name;
	} kinds[] = { { false, false, "IPv4 UDP" }, { false, true, "IPv4 TCP" }, { true, true, "IPv6 TCP" } };
	uint64_t now = now_ns();
	char what[80];

	struct nic n = nic_new(1024, 2);
	fill(&n, 1000, false, false, now);
	row("parse + hash, IPv4 UDP", hits(&n, 1000, false, false, now, true, false), "cycles/pkt", 0, true, "");
	nic_delete(&n);
	for (unsigned k = 0; k < 3; k++) {
		for (unsigned i = 0; i < 4; i++) {
			if (quick && sizes[i] > 100000)
				continue;
			n = nic_new(sizes[i] + sizes[i] / 16 + 64, 2);
			fill(&n, sizes[i], kinds[k].v6, kinds[k].tcp, now);
			double cycles = hits(&n, sizes[i], kinds[k].v6, kinds[k].tcp, now, false, true);
			snprintf(what, sizeof what, "hit, %s, %u flows", kinds[k].name, sizes[i]);
			row(what, cycles, "cycles/pkt", 0, true, huge_pages ? " 2 MB pages" : " 4 KB pages");
			snprintf(what, sizeof what, "hit, %s, %u flows, rate", kinds[k].name, sizes[i]);
			row(what, cycles_per_ns * 1000 / cycles, "Mpps", 0, false, "");
			nic_delete(&n);
		}
	}
	n = nic_new(1100, 3);
	fill(&n, 1000, false, false, now);
	row("hit, IPv4 UDP, 1000 flows, entries shared", hits(&n, 1000, false, false, now, false, true), "cycles/pkt", 0, true, " several workers: lock per entry");
	nic_delete(&n);
}

/* --- creation --------------------------------------------------------------------------------------------------------------- */

static double creates(struct nic *n, uint32_t flows, enum fh_direction dir, uint64_t now)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < flows; i += BURST) {
		for (unsigned k = 0; k < BURST; k++)
			make_frame(k, i + k, false, false, 0, dir == FH_INGRESS);
		total += track(n, dir, now, BURST, false);
		must_pass(BURST);
	}
	return (double)total / flows;
}

static void bench_creates(void)
{
	uint32_t flows = quick ? 100000 : 800000;
	struct nic n = nic_new(flows + flows / 16, 2);
	uint64_t now = now_ns();
	double fresh, again;

	fresh = creates(&n, flows, FH_EGRESS, now);
	row("create, IPv4 UDP, first touch of the memory", cycles_per_ns * 1000 / fresh, "M/s", 0, false, "");
	uint64_t t = __rdtsc();
	uint32_t freed = fh_ct_sweep(n.ct, 0, now + 40000000000ull, flows * 2);
	row("sweep, expired", (double)(__rdtsc() - t) / freed, "cycles/conn", 0, true, "");
	now += 40000000000ull;
	again = creates(&n, flows, FH_EGRESS, now);
	row("create, IPv4 UDP", cycles_per_ns * 1000 / again, "M/s", 11.7, false, " 3 x OVS-DPDK (3.9)");
	row("create, IPv4 UDP", again, "cycles/conn", 0, true, "");
	nic_delete(&n);
}

/* --- rules -------------------------------------------------------------------------------------------------------------------- */

static struct fh_rule rule(uint32_t id, uint16_t lo, uint16_t hi)
{
	struct fh_rule r = { .direction = FH_INGRESS, .action = FH_ALLOW, .protocol = FH_PROTO_UDP, .port_min = lo, .port_max = hi };

	r.id.b[0] = 9;
	fh_put_be32(r.id.b + 12, id);
	return r;
}

static double create_rate(struct nic *n, uint32_t flows)
{
	double best = 1e12;

	for (int round = 0; round < 5; round++) {
		uint64_t now = now_ns();
		fh_ct_flush(n->ct, 1, now);
		double c = creates(n, flows, FH_INGRESS, now);
		best = c < best ? c : best;
	}
	return best;
}

static void bench_rules(void)
{
	enum { RULES = 10000, SETS = 1000, MEMBERS = 1000 };
	static struct fh_rule rules[RULES];
	static struct fh_pol_set *refs[RULES], *sets[SETS];
	static struct fh_addr members[MEMBERS];
	uint32_t flows = quick ? 20000 : 60000;
	struct nic n = nic_new(flows + flows / 8, 2);
	double one, many;

	rules[0] = rule(1, 0, 65535);
	if (fh_pol_group_set(n.group, rules, NULL, 1, 0, 0, NULL))
		die("1 rule");
	one = create_rate(&n, flows);
	row("new connections, 1 rule", cycles_per_ns * 1000 / one, "M/s", 0, false, "");

	/* Half the rules name sets of 1,000 members, half single ports and prefixes; the one that matches is the last. */
	uint64_t t = now_ns();
	for (uint32_t s = 0; s < SETS; s++) {
		if (!(sets[s] = fh_pol_set_new(n.domain)))
			die("no memory for sets");
		for (uint32_t i = 0; i < MEMBERS; i++) {
			members[i] = (struct fh_addr){ .family = 4, .prefix_len = 32 };
			fh_put_be32(members[i].b, 0x0c000000 + s * MEMBERS + i);
		}
		/* The senders of the test are in ten of the sets. */
		if (s % 100 == 99)
			members[0] = (struct fh_addr){ .family = 4, .prefix_len = 24, .b = { 11, 0, 0, 0 } };
		if (fh_pol_set_replace(sets[s], members, MEMBERS))
			die("set");
	}
	row("fill 1,000 sets of 1,000 members", (double)(now_ns() - t) / 1e6, "ms", 0, true, "");
	for (uint32_t i = 0; i < RULES; i++) {
		rules[i] = rule(i, (uint16_t)(i % 3 ? i : 70), (uint16_t)(i % 3 ? i + i % 200 : 90));
		if (i % 2) {
			rules[i].remote = FH_REMOTE_SET;
			refs[i] = sets[i % SETS];
			if ((i % SETS) % 100 == 99)
				rules[i].port_min = rules[i].port_max = 65000;
		} else {
			rules[i].remote = FH_REMOTE_PREFIX;
			rules[i].prefix = (struct fh_addr){ .family = 4, .prefix_len = (uint8_t)(i % 4 ? 32 : 24) };
			fh_put_be32(rules[i].prefix.b, 0x0d000000 + i * 256);
		}
	}
	rules[RULES - 1] = rule(RULES, 0, 65535);
	t = now_ns();
	if (fh_pol_group_set(n.group, rules, refs, RULES, 0, 0, NULL))
		die("10,000 rules");
	row("compile 10,000 rules", (double)(now_ns() - t) / 1e6, "ms", 0, true, "");
	rules[0].port_max = 91;
	t = now_ns();
	if (fh_pol_group_set(n.group, rules, refs, RULES, 0, 0, NULL))
		die("10,000 rules");
	row("compile 10,000 rules again", (double)(now_ns() - t) / 1e6, "ms", 0, true, "");
	many = create_rate(&n, flows);
	row("new connections, 10,000 rules, 1,000 sets", cycles_per_ns * 1000 / many, "M/s", 0, false, "");
	row("10,000 rules against 1 rule, new connections", one / many, "ratio", 0.7, false, "");

	t = now_ns();
	for (uint32_t i = 0; i < 1000; i++) {
		struct fh_addr a = { .family = 4, .prefix_len = 32, .b = { 99, 0, (uint8_t)(i >> 8), (uint8_t)i } };
		if (fh_pol_set_change(sets[i], &a, 1, NULL, 0))
			die("member");
	}
	row("add one member to a set of 1,000", (double)(now_ns() - t) / 1e6, "us", 0, true, "");
	fh_pol_group_set(n.group, NULL, NULL, 0, 0, 0, NULL);
	for (uint32_t s = 0; s < SETS; s++)
		fh_pol_set_unref(sets[s]);
	nic_delete(&n);
}

int main(int argc, char **argv)
{
	const char *only = NULL;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--quick"))
			quick = true;
		else if (!strcmp(argv[i], "--only") && i + 1 < argc)
			only = argv[++i];
		else if (!strcmp(argv[i], "--json") && i + 1 < argc && (json = fopen(argv[++i], "w")))
			fprintf(json, "[");
		else
			die("usage: conntrack_bench [--quick] [--json FILE] [--only hits|creates|rules]");
	}
	calibrate();
	printf("TSC %.2f GHz, hash %s, bursts of %d\n", cycles_per_ns, fh_hash_best() == FH_HASH_AES ? "AES" : "SipHash", BURST);
	row("memory a connection, 1,000,000", (double)fh_ct_image_size(1000000) / 1e6, "bytes", 192, true, "");
	if (!only || !strcmp(only, "hits"))
		bench_hits();
	if (!only || !strcmp(only, "creates"))
		bench_creates();
	if (!only || !strcmp(only, "rules"))
		bench_rules();
	if (json) {
		fprintf(json, "\n]\n");
		fclose(json);
	}
	return 0;
}
