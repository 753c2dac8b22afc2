/*
 * Scale: 1,000 ports that share a set, 10,000 rules in a group, 100 idle guests.
 *
 * Prints what it measures. The limits that fail the test are several times what a quiet machine shows, because the
 * machine may be busy; the tight ones are `perf` and run apart (argument "strict").
 */
#include "env.h"

#include <signal.h>
#include <unistd.h>

#define PORTS 1000
#define RULES 10000
#define MEMBERS 1000
#define IDLE 100

static bool strict;
static struct frame f, got;

static double ms_since(uint64_t start_ns)
{
	return (double)(env_now_ns() - start_ns) / 1e6;
}

static void report(const char *what, double value, const char *unit, double limit, double strict_limit)
{
	printf("%-58s %10.2f %s\n", what, value, unit);
	fflush(stdout);
	CHECK(value <= (strict ? strict_limit : limit), "above %.2f %s", strict ? strict_limit : limit, unit);
}

static double enforce_ms(fh_txn *t)
{
	struct fh_commit_result r;
	uint64_t start = env_now_ns();
	int rc = env_commit(t, &r);
	CHECK(rc == FH_OK, "%d: %s", rc, r.message);
	CHECK(r.enforced_ns >= start && r.enforced_ns <= env_now_ns(), "the time of enforcement is not within the call");
	return (double)(r.enforced_ns - start) / 1e6;
}

static struct fh_addr member(uint32_t i)
{
	struct fh_addr a = { .family = 4, .prefix_len = 32, .b = { 172, 16, (uint8_t)(i >> 8), (uint8_t)i } };
	return a;
}

static void many_ports(void)
{
	static struct fh_addr members[MEMBERS];
	struct fh_id id = env_id(FH_KIND_SET, 1);
	struct fh_set set = { .struct_size = sizeof set, .n_members = MEMBERS, .id = id, .generation = 1, .members = members };
	struct fh_rule rule = env_rule(1, FH_INGRESS, 6, 443, NULL);
	struct fh_segment segment = env_segment(1);
	rule.remote = FH_REMOTE_SET;
	rule.set = id;
	for (uint32_t i = 0; i < MEMBERS; i++)
		members[i] = member(i);
	fh_txn *t = fh_txn_new();
	CHECK(fh_txn_put_segment(t, &segment) == FH_OK && fh_txn_put_set(t, &set) == FH_OK, " ");
	env_put_group(t, 1, &rule, 1);
	for (uint32_t n = 0; n < PORTS; n++) {
		struct fh_port p = env_port(1, n + 1000);
		p.mac[2] = 1;
		p.mac[3] = (uint8_t)(n >> 8);
		p.mac[5] = (uint8_t)n;
		p.n_addrs = 1;
		p.addrs[0] = member(20000 + n);
		p.connection_quota = 1024;
		p.groups[0] = env_id(FH_KIND_GROUP, 1);
		env_put_port(t, &p);
	}
	report("1,000 ports put in one transaction", enforce_ms(t), "ms", 4000, 1500);
	for (uint32_t i = 0; i < 5; i++) {
		struct fh_addr add = member(5000 + i);
		t = fh_txn_new();
		CHECK(fh_txn_change_set(t, &id, i + 1, i + 2, &add, 1, NULL, 0) == FH_OK, " ");
		report("a member joins a set that 1,000 ports refer to", enforce_ms(t), "ms", 500, 20);
	}
	t = fh_txn_new();
	rule.port_min = rule.port_max = 8443;
	env_put_group(t, 1, &rule, 1);
	report("a rule changes in a group that 1,000 ports have", enforce_ms(t), "ms", 1000, 50);
	uint64_t start = env_now_ns(), cursor = 0;
	uint32_t count, total = 0;
	static struct fh_port_status status[256];
	do {
		status[0].struct_size = sizeof status[0];
		CHECK(fh_ctl_ports(env_ctl, 1000, &cursor, status, 256, &count) == FH_OK, " ");
		total += count;
	} while (cursor);
	CHECK(total == PORTS, "%u", total);
	report("status of 1,000 ports read", ms_since(start), "ms", 1000, 100);
}

static void many_rules(void)
{
	static struct fh_rule rules[RULES];
	for (uint32_t i = 0; i < RULES; i++) {
		char prefix[32];
		snprintf(prefix, sizeof prefix, "192.%u.%u.0/24", 168 + (i >> 8) % 8, i & 255);
		rules[i] = env_rule(100 + i, FH_INGRESS, i % 2 ? 6 : 17, (int)(1 + i % 60000), prefix);
	}
	fh_txn *t = fh_txn_new();
	struct fh_port p = env_port(1, 6), q = env_port(1, 5);
	env_put_group(t, 5, NULL, 0);
	env_put_group(t, 6, rules, RULES);
	env_put_port(t, &p);
	env_put_port(t, &q);
	report("a group of 10,000 rules put and attached", enforce_ms(t), "ms", 3000, 400);
	for (unsigned k = 0; k < 3; k++) {
		rules[RULES / 2].port_max = 65535;
		rules[RULES / 2].port_min = (uint16_t)(60001 + k);
		t = fh_txn_new();
		env_put_group(t, 6, rules, RULES);
		report("one of 10,000 rules changes", enforce_ms(t), "ms", 3000, 400);
	}
	/* The ruleset still says what it shall. */
	rules[RULES - 1] = env_rule(99, FH_INGRESS, 17, 60500, "10.1.0.0/24");
	t = fh_txn_new();
	env_put_group(t, 6, rules, RULES);
	env_must(t);
	struct guest *a = env_guest(5, 0), *b = env_guest(6, 0);
	struct host ha = env_host(1, 5), hb = env_host(1, 6);
	frame_udp4(&f, &ha, &hb, 1, 60500, "x", 1);
	env_send(a, &f);
	env_expect(b, &f);
	frame_udp4(&f, &ha, &hb, 1, 59999, "x", 1);
	env_send(a, &f);
	env_await_drops(6, FH_REASON_DEFAULT, 1);
	env_expect_silence(b);
	guest_free(a);
	guest_free(b);
}

static uint64_t cpu_ticks(void)
{
	char path[64], text[1024];
	unsigned long user = 0, system = 0;
	snprintf(path, sizeof path, "/proc/%ld/stat", env_pid());
	FILE *file = fopen(path, "r");
	CHECK(file && fgets(text, sizeof text, file), "%s", path);
	fclose(file);
	CHECK(sscanf(strrchr(text, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) == 2, "%s", text);
	return user + system;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void many_idle_guests(void)
{
	struct guest *g[IDLE];
	double latency[50];
	fh_txn *t = fh_txn_new();
	struct fh_segment segment = env_segment(1);
	CHECK(fh_txn_replace_all(t) == FH_OK && fh_txn_put_segment(t, &segment) == FH_OK, " ");
	env_put_group(t, 1, NULL, 0);
	for (uint32_t n = 0; n < IDLE; n++) {
		struct fh_port p = env_port(1, n + 5);
		p.groups[0] = env_id(FH_KIND_GROUP, 1);
		env_put_port(t, &p);
	}
	env_must(t);
	for (uint32_t n = 0; n < IDLE; n++)
		g[n] = env_guest(n + 5, 0);
	sleep(1);
	uint64_t before = cpu_ticks();
	sleep(2);
	report("100 idle guests: share of a core", (double)(cpu_ticks() - before) / 2.0 / (double)sysconf(_SC_CLK_TCK) * 100, "%", 10, 2);
	struct host h = env_host(1, 5), gw = env_gateway(1);
	frame_arp(&f, &h, 1, h.mac, h.ip4, gw.ip4);
	for (unsigned i = 0; i < 50; i++) {
		usleep(20000);
		uint64_t start = env_now_ns();
		env_send(g[0], &f);
		CHECK(env_receive(g[0], &got, WAIT_MS), "no answer");
		latency[i] = (double)(env_now_ns() - start) / 1e3;
	}
	qsort(latency, 50, sizeof latency[0], by_value);
	report("first packet after idle, there and back, median", latency[25], "us", 5000, 200);
	for (uint32_t n = 0; n < IDLE; n++)
		guest_free(g[n]);
}

int main(int argc, char *argv[])
{
	strict = argc > 1 && strcmp(argv[1], "strict") == 0;
	signal(SIGPIPE, SIG_IGN);
	env_memory = "768";
	env_start();
	many_ports();
	many_rules();
	many_idle_guests();
	return 0;
}
