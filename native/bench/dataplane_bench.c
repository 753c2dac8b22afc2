/*
 * Packets a second through two vhost-user ports, one worker on one core: ours, or whatever back end connects.
 *
 * The load is a guest of our own on another core: one thread that fills the sender's ring with prepared frames and gives the
 * receiver's buffers back, nothing else, so it is quicker than what is measured. Loss is no matter: what arrives is counted.
 *
 *   dataplane_bench ours MODE FLOWS SIZE SECONDS      MODE: unfiltered | stateful | rules | churn
 *   dataplane_bench peer DIR FLOWS SIZE SECONDS       sockets DIR/port5 and DIR/port6 of another back end
 *
 * Prints one line: packets per second, TSC cycles of the worker per packet (ours: while it was on its core; a peer that always
 * polls: of the clock on the wall), connections. Best of five.
 */
#include "env.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define RULES 10000
#define HEADER 12

static struct guest *a, *b;
static struct host ha, hb;
static uint32_t flows;
static bool churn;

static uint64_t mono_ns(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The flow's number goes into the source address' low bytes and the source port. */
static uint16_t header_sums[256]; /* by the last byte of the source address */

static void set_flow(uint8_t *frame, uint32_t flow)
{
	uint16_t port = (uint16_t)(1024 + flow % 60000);
	frame[29] = (uint8_t)(flow / 60000);
	memcpy(frame + 24, &header_sums[frame[29]], 2);
	frame[34] = (uint8_t)(port >> 8);
	frame[35] = (uint8_t)port;
}

struct sender {
	uint32_t next_flow;
	uint64_t sent;
};

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

static uint16_t used_idx(const struct guest_ring *r)
{
	return __atomic_load_n((const uint16_t *)(const void *)(r->used + 2), __ATOMIC_ACQUIRE);
}

static void kick(struct guest_ring *r)
{
	uint64_t one = 1;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!(__atomic_load_n((uint16_t *)(void *)r->used, __ATOMIC_RELAXED) & 1) && write(r->kick, &one, sizeof one) < 0)
		exit(1);
}

static void prepare(struct guest_ring *r, const struct frame *f)
{
	for (uint32_t i = 0; i < GUEST_TX_SLOTS; i++) {
		uint8_t *at = r->buffers + (size_t)i * GUEST_TX_BUFFER;
		memset(at, 0, HEADER);
		memcpy(at + HEADER, f->b, f->len);
		((struct desc *)(void *)r->desc)[i] = (struct desc){ .addr = (uint64_t)(at - a->mem), .len = (uint32_t)(f->len + HEADER) };
	}
}

static void fill(struct guest_ring *r, struct sender *s)
{
	uint16_t room = (uint16_t)(GUEST_TX_SLOTS - (uint16_t)(r->avail_idx - used_idx(r)));
	if (room < GUEST_TX_SLOTS / 4)
		return;
	for (uint16_t i = 0; i < room; i++) {
		uint16_t slot = r->avail_idx % GUEST_TX_SLOTS;
		uint8_t *frame = r->buffers + (size_t)slot * GUEST_TX_BUFFER + HEADER;
		set_flow(frame, s->next_flow);
		if (++s->next_flow >= flows)
			s->next_flow = 0;
		r->avail[2 + r->avail_idx % GUEST_RING] = slot;
		r->avail_idx++;
	}
	__atomic_store_n(&r->avail[1], r->avail_idx, __ATOMIC_RELEASE);
	s->sent += room;
	kick(r);
}

static uint32_t drain(struct guest_ring *r)
{
	uint16_t used = used_idx(r), n = (uint16_t)(used - r->used_seen);
	for (uint16_t i = 0; i < n; i++) {
		uint32_t id;
		memcpy(&id, r->used + 4 + 8u * (r->used_seen % GUEST_RING), sizeof id);
		r->used_seen++;
		r->avail[2 + r->avail_idx % GUEST_RING] = (uint16_t)id;
		r->avail_idx++;
	}
	__atomic_store_n(&r->avail[1], r->avail_idx, __ATOMIC_RELEASE);
	return n;
}

static uint64_t run(double seconds, struct sender *s)
{
	uint64_t end = mono_ns() + (uint64_t)(seconds * 1e9), received = 0;
	for (unsigned round = 0;; round++) {
		fill(&a->tx[0], s);
		received += drain(&b->rx[0]);
		if (round % 1024 == 0 && mono_ns() >= end)
			return received;
	}
}

/* Nanoseconds that our worker was on a core: on a busy machine the clock on the wall says little. */
static uint64_t worker_cpu_ns(void)
{
	char path[64], name[32];
	struct dirent *e;
	uint64_t ns = 0;
	snprintf(path, sizeof path, "/proc/%ld/task", env_pid());
	DIR *d = opendir(path);
	while (d && (e = readdir(d))) {
		char file[700];
		snprintf(file, sizeof file, "%s/%s/comm", path, e->d_name);
		FILE *f = fopen(file, "r");
		if (!f)
			continue;
		bool worker = fgets(name, sizeof name, f) && strncmp(name, "fh-worker", 9) == 0;
		fclose(f);
		snprintf(file, sizeof file, "%s/%s/schedstat", path, e->d_name);
		f = worker ? fopen(file, "r") : NULL;
		if (f) {
			unsigned long long v = 0;
			if (fscanf(f, "%llu", &v) == 1)
				ns += v;
			fclose(f);
		}
	}
	if (d)
		closedir(d);
	return ns;
}

static void pin(unsigned core)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(core, &set);
	sched_setaffinity(0, sizeof set, &set);
}

static void start_ours(const char *mode)
{
	static struct fh_rule rules[RULES];
	uint32_t n = 1;
	bool unfiltered = strcmp(mode, "unfiltered") == 0;
	env_cores = "0";
	env_memory = "512";
	env_start();
	rules[0] = env_rule(1, FH_INGRESS, 17, 9, NULL);
	if (strcmp(mode, "rules") == 0) {
		for (n = 0; n < RULES - 1; n++) {
			char prefix[32];
			snprintf(prefix, sizeof prefix, "192.%u.%u.0/24", 168 + (n >> 8) % 8, n & 255);
			rules[n] = env_rule(100 + n, FH_INGRESS, n % 2 ? 6 : 17, (int)(1 + n % 60000), prefix);
		}
		rules[n++] = env_rule(1, FH_INGRESS, 17, 9, "10.1.0.0/16");
	}
	fh_txn *t = fh_txn_new();
	struct fh_segment s = env_segment(1);
	s.n_subnets = 1;
	CHECK(fh_txn_put_segment(t, &s) == FH_OK, " ");
	env_put_group(t, 5, NULL, 0);
	env_put_group(t, 6, rules, n);
	for (uint32_t p = 5; p <= 6; p++) {
		struct fh_port port = env_port(1, p);
		port.connection_quota = 2u << 20;
		port.flags = unfiltered ? FH_PORT_UNFILTERED : 0;
		port.addrs[0] = env_addr("10.1.0.0/16");
		env_put_port(t, &port);
	}
	env_must(t);
	a = env_guest(5, 0);
	b = env_guest(6, 0);
}

static void start_peer(const char *dir)
{
	char path[128];
	snprintf(path, sizeof path, "%s/port5", dir);
	a = guest_new(path, 1);
	snprintf(path, sizeof path, "%s/port6", dir);
	b = guest_new(path, 1);
	printf("listening\n");
	fflush(stdout);
	CHECK(a && b && guest_start(a, 0, 20000) && guest_start(b, 0, 20000), "the other back end does not connect");
	sleep(1);
}

int main(int argc, char *argv[])
{
	static struct frame f;
	static uint8_t data[2000];
	if (argc != 6) {
		fprintf(stderr, "usage: %s ours MODE|peer DIR FLOWS SIZE SECONDS\n", argv[0]);
		return 2;
	}
	bool ours = strcmp(argv[1], "ours") == 0;
	size_t size = (size_t)atoi(argv[4]);
	double seconds = atof(argv[5]), best = 0, cheapest = 1e9;
	flows = (uint32_t)atoi(argv[3]);
	churn = ours && strcmp(argv[2], "churn") == 0;
	CHECK(size >= 60 && size <= 1514 && flows >= 1 && flows <= 15000000, "size 60 to 1514");
	signal(SIGPIPE, SIG_IGN);
	ha = env_host(1, 5);
	hb = env_host(1, 6);
	if (ours)
		start_ours(argv[2]);
	else
		start_peer(argv[2]);
	pin(1);
	frame_udp4(&f, &ha, &hb, 1024, 9, data, size - 42);
	memset(f.b + 40, 0, 2); /* the flow's number changes the ports; no checksum */
	for (unsigned i = 0; i < 256; i++) {
		f.b[29] = (uint8_t)i;
		memset(f.b + 24, 0, 2);
		uint16_t sum = frame_checksum(f.b + 14, 20, 0);
		header_sums[i] = (uint16_t)(sum << 8 | sum >> 8);
	}
	prepare(&a->tx[0], &f);
	struct sender s = { 0 };
	if (!churn) /* every connection is made before the clock starts */
		for (uint64_t goal = (uint64_t)flows * 2; s.sent < goal;)
			run(0.05, &s);
	uint64_t hz_ns = mono_ns(), hz_tsc = __rdtsc();
	for (unsigned i = 0; i < 5; i++) {
		uint64_t cpu = ours ? worker_cpu_ns() : 0, start = mono_ns(), n = run(seconds / 5, &s);
		double pps = (double)n * 1e9 / (double)(mono_ns() - start);
		double cost = (double)(ours ? worker_cpu_ns() - cpu : mono_ns() - start) / (double)(n ? n : 1);
		if (pps > best)
			best = pps;
		if (cost < cheapest)
			cheapest = cost;
	}
	double ghz = (double)(__rdtsc() - hz_tsc) / (double)(mono_ns() - hz_ns);
	unsigned long long connections = 0;
	if (ours)
		connections = env_status(6).connections;
	printf("%.0f %.1f %llu\n", best, cheapest * ghz, connections);
	fflush(stdout);
	guest_free(a);
	guest_free(b);
	return 0;
}
