/*
 * One measurement of a vhost-user switch with one worker on core 0, the load on core 1: ours, or a peer that connects to our sockets.
 *
 *   dataplane_bench forward|create|place|swap|idle|serve [option...]
 *     forward  packets a second and cycles a packet of established connections
 *     create   new connections a second: each packet opens one
 *     place    forward with the worker beside the load, where the kernel puts it, and on the load's own core (ours only)
 *     swap     10,000 rules replaced again and again under full load (ours only)
 *     idle     100 ports without traffic, and the first packet after a pause (ours only)
 *     serve    no load: ports 5 and 6 for other front ends until standard input ends, then what went through (ours only)
 *   --mode unfiltered|stateful|rules   rules: 10,000 of them, and the last one allows (ours only)
 *   --flows N   --load 60...1514|imix|tso   --seconds S   --huge
 *   --peer DIR  the peer's sockets are DIR/port5 and DIR/port6; --pid PID is its process, whose thread pmd-* works
 *   --mtu BYTES (serve)   --flush COMMAND   makes the peer forget its connections (create)
 *
 * Prints one JSON object. Cycles are those of the time stamp counter while the worker was on its core, per packet that arrived; the
 * same for the peer. Of five rounds the best counts: neighbours on a machine only ever add.
 */
#include "load.h"

#include <dirent.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define RULES 10000
#define ROUNDS 5
#define IDLE_PORTS 100
#define SWAPS 50

static struct options {
	const char *what, *mode, *peer, *flush;
	enum load_kind kind;
	uint32_t flows, size, mtu;
	double seconds;
	long pid;
	bool huge;
} opt = { .mode = "stateful", .kind = LOAD_UDP, .flows = 1000, .size = 60, .mtu = 1500, .seconds = 2 };

static struct guest *a, *b;
static struct host ha, hb;
static struct fh_rule rules[RULES];
static double ghz;

static void calibrate(void)
{
	uint64_t ns = load_mono_ns(), tsc = __rdtsc();
	while (load_mono_ns() - ns < 50000000)
		;
	ghz = (double)(__rdtsc() - tsc) / (double)(load_mono_ns() - ns);
}

/* --- threads ------------------------------------------------------------------------------------------------------------- */
static bool is_worker(const char *task_dir)
{
	char path[420], name[32] = "";
	snprintf(path, sizeof path, "%s/comm", task_dir);
	FILE *f = fopen(path, "r");
	bool worker = f && fgets(name, sizeof name, f) && (strncmp(name, "fh-worker", 9) == 0 || strncmp(name, "pmd-", 4) == 0);
	if (f)
		fclose(f);
	return worker;
}

/* Calls fn for each thread of the measured process. */
static void each_thread(void (*fn)(const char *task_dir, long tid, void *arg), void *arg)
{
	char path[64], task[400];
	struct dirent *e;
	snprintf(path, sizeof path, "/proc/%ld/task", opt.pid);
	DIR *d = opendir(path);
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(task, sizeof task, "%s/%s", path, e->d_name);
		fn(task, atol(e->d_name), arg);
	}
	if (d)
		closedir(d);
}

static int worker_schedstat = -1;

static void open_schedstat(const char *task_dir, long tid, void *arg)
{
	char path[420];
	(void)tid;
	(void)arg;
	snprintf(path, sizeof path, "%s/schedstat", task_dir);
	if (is_worker(task_dir))
		worker_schedstat = open(path, O_RDONLY | O_CLOEXEC);
}

/* Nanoseconds that the worker was on a core, and that it waited for one. */
static void worker_times(uint64_t *ran, uint64_t *waited)
{
	char text[128] = "";
	unsigned long long r = 0, w = 0;
	if (worker_schedstat < 0)
		each_thread(open_schedstat, NULL);
	CHECK(pread(worker_schedstat, text, sizeof text - 1, 0) > 0 && sscanf(text, "%llu %llu", &r, &w) == 2, "the worker's thread is gone");
	*ran = r;
	*waited = w;
}

/* On a busy machine the clock on the wall says little. */
static uint64_t worker_cpu_ns(void)
{
	uint64_t ran, waited;
	worker_times(&ran, &waited);
	return ran;
}

static uint64_t worker_waited_ns(void)
{
	uint64_t ran, waited;
	worker_times(&ran, &waited);
	return waited;
}

static void pin_tid(long tid, unsigned core)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(core, &set);
	sched_setaffinity((pid_t)tid, sizeof set, &set);
}

/* The worker has core 0 for itself. */
static void move_away(const char *task_dir, long tid, void *arg)
{
	(void)arg;
	if (!is_worker(task_dir))
		pin_tid(tid, 1);
}

/* --- the measured switch ----------------------------------------------------------------------------------------------------- */
static uint32_t make_rules(void)
{
	rules[0] = env_rule(1, FH_INGRESS, opt.kind == LOAD_TSO ? 6 : 17, 9, NULL);
	if (strcmp(opt.what, "serve") == 0)
		rules[0] = env_rule(1, FH_INGRESS, 6, 5201, NULL);
	if (strcmp(opt.mode, "rules") != 0)
		return 1;
	for (uint32_t n = 0; n < RULES - 1; n++) {
		char prefix[32];
		snprintf(prefix, sizeof prefix, "192.%u.%u.0/24", 168 + (n >> 8) % 8, n & 255);
		rules[n] = env_rule(100 + n, FH_INGRESS, n % 2 ? 6 : 17, (int)(1 + n % 60000), prefix);
	}
	rules[RULES - 1] = env_rule(1, FH_INGRESS, 17, 9, "10.1.0.0/16");
	return RULES;
}

static void put_ports(void)
{
	fh_txn *t = fh_txn_new();
	struct fh_segment s = env_segment(1);
	s.n_subnets = 1;
	s.mtu = opt.mtu;
	CHECK(fh_txn_put_segment(t, &s) == FH_OK, " ");
	env_put_group(t, 5, NULL, 0);
	env_put_group(t, 6, rules, make_rules());
	for (uint32_t p = 5; p <= 6; p++) {
		struct fh_port port = env_port(1, p);
		port.connection_quota = opt.flows + opt.flows / 16 + 1024;
		port.flags = strcmp(opt.mode, "unfiltered") == 0 ? FH_PORT_UNFILTERED : 0;
		if (strcmp(opt.what, "serve") != 0)
			port.addrs[0] = env_addr("10.1.0.0/16"); /* one sender for all flows */
		env_put_port(t, &port);
	}
	env_must(t);
}

static void start_ours(void)
{
	env_cores = "0";
	env_memory = "512";
	env_huge = env_unsealed = opt.huge;
	env_start();
	opt.pid = env_pid();
	each_thread(move_away, NULL);
	put_ports();
}

static void start(void)
{
	struct guest_shape shape = opt.kind == LOAD_TSO ? load_large : load_small;
	char path[2][128];
	if (!opt.peer)
		start_ours();
	for (unsigned i = 0; i < 2; i++)
		snprintf(path[i], sizeof path[i], "%s/port%u", opt.peer ? opt.peer : "", 5 + i);
	shape.huge = opt.huge;
	a = guest_new_shaped(opt.peer ? path[0] : env_path("port5"), 1, &shape);
	b = guest_new_shaped(opt.peer ? path[1] : env_path("port6"), 1, &shape);
	uint64_t features = opt.kind == LOAD_TSO ? GUEST_OFFLOADS : 0;
	CHECK(a && b && guest_start(a, features, 20000) && guest_start(b, features, 20000), "the switch does not connect");
	CHECK((a->features & b->features & features) == features, "no segmentation offload is offered");
	if (!opt.peer)
		env_await_state(6, FH_PORT_UP);
}

/* A peer may have connected and still be busy with its buffers: wait until it carries a packet both ways. */
static void await_packets(struct load_lane *there, struct load_lane *back)
{
	for (unsigned i = 0; i < 200; i++)
		if (load_count(there, 1) == 1 && load_count(back, 1) == 1)
			return;
	CHECK(false, "no packet gets through");
}

static void handshake(void)
{
	static struct frame f, got;
	for (unsigned i = 0;; i++) {
		CHECK(i < 200, "no packet gets through");
		frame_tcp4(&f, &ha, &hb, 4000, 9, 1000, 0, TCP_SYN, NULL, 0);
		if (guest_send(a, 0, NULL, f.b, f.len) && env_receive(b, &got, 100))
			break;
	}
	frame_tcp4(&f, &hb, &ha, 9, 4000, 5000, 1001, TCP_SYN | TCP_ACK, NULL, 0);
	CHECK(guest_send(b, 0, NULL, f.b, f.len), " ");
	do
		CHECK(env_receive(a, &got, 3000), "no SYN ACK");
	while (got.b[47] != (TCP_SYN | TCP_ACK));
	frame_tcp4(&f, &ha, &hb, 4000, 9, 1001, 5001, TCP_ACK, NULL, 0);
	CHECK(guest_send(a, 0, NULL, f.b, f.len), " ");
	while (env_receive(b, &got, 100))
		;
}

static double table_bytes(void)
{
	char path[400];
	struct stat st;
	struct dirent *e;
	double bytes = 0;
	DIR *d = opendir(env_path("state/connections"));
	while (d && (e = readdir(d))) {
		snprintf(path, sizeof path, "%s/%s", env_path("state/connections"), e->d_name);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			bytes = (double)st.st_size;
	}
	if (d)
		closedir(d);
	return bytes / (double)(opt.flows + opt.flows / 16 + 1024);
}

/* --- measurements ------------------------------------------------------------------------------------------------------------- */
static void lanes(struct load_lane *there, struct load_lane *back)
{
	if (opt.kind == LOAD_TSO)
		handshake();
	load_lane_init(there, a, b, &ha, &hb, opt.kind, opt.size, opt.flows, false);
	if (opt.kind == LOAD_TSO)
		return;
	load_lane_init(back, b, a, &hb, &ha, LOAD_UDP, 60, opt.flows, true);
	await_packets(there, back);
}

/* Every connection is open and answered before the clock starts. Return: how many. */
static uint64_t open_all(struct load_lane *there, struct load_lane *back)
{
	there->next = back->next = 0;
	uint64_t opened = load_count(there, opt.flows), answered = load_count(back, opt.flows);
	CHECK(answered >= opened * 99 / 100, "%u flows, %llu opened, %llu answered", opt.flows, (unsigned long long)opened, (unsigned long long)answered);
	return opened;
}

static void forward(void)
{
	struct load_lane there, back;
	double pps = 0, cycles = 1e12;
	lanes(&there, &back);
	uint64_t opened = opt.kind == LOAD_TSO ? 1 : open_all(&there, &back);
	load_run(&there, 0.2);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t cpu = worker_cpu_ns(), began = load_mono_ns(), n = load_run(&there, opt.seconds / ROUNDS);
		double rate = (double)n * 1e9 / (double)(load_mono_ns() - began), cost = (double)(worker_cpu_ns() - cpu) * ghz / (double)(n ? n : 1);
		pps = rate > pps ? rate : pps;
		cycles = cost < cycles ? cost : cycles;
	}
	load_settle(&there);
	printf("{\"pps\": %.0f, \"cycles\": %.1f, \"opened\": %llu, \"lost\": %llu, \"connections\": %llu, \"bytes_a_connection\": %.1f, \"frame\": %u}\n",
	       pps, cycles, (unsigned long long)opened, (unsigned long long)(there.sent - there.received),
	       opt.peer ? 0ull : (unsigned long long)env_status(6).connections, opt.peer ? 0 : table_bytes(),
	       ((const uint32_t *)(const void *)there.tx->desc)[2] - 12);
}

static void forget(void)
{
	struct fh_id ports[2] = { env_id(FH_KIND_PORT, 5), env_id(FH_KIND_PORT, 6) };
	uint32_t killed;
	if (opt.peer) {
		CHECK(opt.flush && system(opt.flush) == 0, "the peer's connections cannot be flushed");
		return;
	}
	for (unsigned i = 0; i < 2; i++)
		CHECK(fh_ctl_kill(env_ctl, 5000, &ports[i], NULL, &killed) == FH_OK, " ");
}

static void create(void)
{
	struct load_lane there, back;
	double best = 0, cycles = 1e12;
	uint64_t arrived = 0;
	lanes(&there, &back);
	for (unsigned i = 0; i < ROUNDS; i++) {
		forget();
		there.next = 0;
		uint64_t cpu = worker_cpu_ns(), began = load_mono_ns();
		arrived = load_count(&there, opt.flows);
		double rate = (double)arrived * 1e9 / (double)(there.last_ns - began);
		double cost = (double)(worker_cpu_ns() - cpu) * ghz / (double)(arrived ? arrived : 1);
		best = rate > best ? rate : best;
		cycles = cost < cycles ? cost : cycles;
	}
	printf("{\"rate\": %.0f, \"cycles\": %.1f, \"opened\": %llu, \"connections\": %llu}\n", best, cycles, (unsigned long long)arrived,
	       opt.peer ? 0ull : (unsigned long long)env_status(6).connections);
}

/* @param core  as of fh_ctl_pin_worker. Return: packets a second, of the best round. */
static double rate_on(struct load_lane *l, uint32_t core)
{
	double best = 0;
	CHECK(fh_ctl_pin_worker(env_ctl, 5000, 0, core) == FH_OK, " ");
	load_run(l, 0.1);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t began = load_mono_ns(), n = load_run(l, opt.seconds / ROUNDS);
		double rate = (double)n * 1e9 / (double)(load_mono_ns() - began);
		best = rate > best ? rate : best;
	}
	return best;
}

static void place(void)
{
	struct load_lane there, back;
	lanes(&there, &back);
	open_all(&there, &back);
	double beside = rate_on(&there, 0), floating = rate_on(&there, UINT32_MAX), upon = rate_on(&there, 1);
	printf("{\"beside\": %.0f, \"floating\": %.0f, \"upon\": %.0f}\n", beside, floating, upon);
}

/* Commits when told to; the load goes on meanwhile. */
struct swapper {
	fh_ctl *ctl;
	int go, stop;
};

static void *swap_rules(void *arg)
{
	struct swapper *s = arg;
	uint32_t n = make_rules();
	for (uint16_t swaps = 0; !__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE);) {
		if (!__atomic_load_n(&s->go, __ATOMIC_ACQUIRE)) {
			usleep(500);
			continue;
		}
		struct fh_commit_result r = { .struct_size = sizeof r };
		fh_txn *t = fh_txn_new();
		rules[n / 2].port_max = rules[n / 2].port_min = (uint16_t)(30000 + swaps++ % 1000);
		env_put_group(t, 6, rules, n);
		CHECK(fh_ctl_commit(s->ctl, t, 10000, &r) == FH_OK, "%s", r.message);
		fh_txn_free(t);
		__atomic_store_n(&s->go, 0, __ATOMIC_RELEASE);
	}
	return NULL;
}

static int by_value(const void *x, const void *y)
{
	double v = *(const double *)x, w = *(const double *)y;
	return (v > w) - (v < w);
}

/* The latest packet of a while, in microseconds. */
static double latest(struct load_lane *l, struct swapper *s, double *seconds)
{
	uint64_t began = load_mono_ns();
	l->late_tsc = 0;
	if (s)
		__atomic_store_n(&s->go, 1, __ATOMIC_RELEASE);
	do
		load_run(l, 0.02);
	while (s && __atomic_load_n(&s->go, __ATOMIC_ACQUIRE));
	*seconds += (double)(load_mono_ns() - began) / 1e9;
	return (double)l->late_tsc / ghz / 1e3;
}

/* A machine's neighbours, and its host's, take the worker's core away for milliseconds now and then, and not all of that can be seen from
 * here. A stall that swapping makes is there at each swap: so each has a time of its own, between two of the same length without one. */
static void swap(void)
{
	static struct load_lane there, back;
	static double with[SWAPS], without[SWAPS];
	struct swapper s = { 0 };
	pthread_t thread;
	double seconds = 0, ignored = 0;
	lanes(&there, &back);
	CHECK(fh_ctl_open(env_path("control"), 1000, &s.ctl) == FH_OK, " ");
	load_count(&there, opt.flows);
	there.sent = there.received = there.given_up = 0;
	there.stamp = true;
	there.worker_waited_ns = worker_waited_ns;
	CHECK(pthread_create(&thread, NULL, swap_rules, &s) == 0, " ");
	uint64_t packets = 0;
	for (unsigned i = 0; i < SWAPS; i++) {
		without[i] = latest(&there, NULL, &ignored);
		uint64_t before = there.received;
		with[i] = latest(&there, &s, &seconds);
		packets += there.received - before;
	}
	__atomic_store_n(&s.stop, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	load_settle(&there);
	fh_ctl_close(s.ctl);
	qsort(with, SWAPS, sizeof with[0], by_value);
	qsort(without, SWAPS, sizeof without[0], by_value);
	printf("{\"swaps\": %u, \"lost\": %llu, \"late_us\": %.1f, \"late_p90_us\": %.1f, \"late_max_us\": %.1f, \"without_us\": %.1f, "
	       "\"without_p90_us\": %.1f, \"without_max_us\": %.1f, \"left_out\": %llu, \"pps\": %.0f}\n",
	       SWAPS, (unsigned long long)(there.sent - there.received), with[SWAPS / 2], with[SWAPS * 9 / 10], with[SWAPS - 1], without[SWAPS / 2],
	       without[SWAPS * 9 / 10], without[SWAPS - 1], (unsigned long long)there.left_out, (double)packets / seconds);
}

static uint64_t process_cpu_ns(void)
{
	struct timespec ts;
	clockid_t clock;
	CHECK(clock_getcpuclockid((pid_t)opt.pid, &clock) == 0 && clock_gettime(clock, &ts) == 0, "the dataplane is gone");
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void idle(void)
{
	static struct frame f, got;
	static double us[100];
	struct guest *g[IDLE_PORTS];
	fh_txn *t = fh_txn_new();
	struct fh_segment segment = env_segment(1);
	env_memory = "768";
	env_start();
	opt.pid = env_pid();
	CHECK(fh_txn_put_segment(t, &segment) == FH_OK, " ");
	env_put_group(t, 1, NULL, 0);
	for (uint32_t n = 0; n < IDLE_PORTS; n++) {
		struct fh_port p = env_port(1, n + 5);
		p.groups[0] = env_id(FH_KIND_GROUP, 1);
		env_put_port(t, &p);
	}
	env_must(t);
	for (uint32_t n = 0; n < IDLE_PORTS; n++)
		g[n] = env_guest(n + 5, 0);
	sleep(1);
	uint64_t before = process_cpu_ns(), began = load_mono_ns();
	usleep((useconds_t)(opt.seconds * 1e6));
	double share = (double)(process_cpu_ns() - before) / (double)(load_mono_ns() - began) * 100;
	/* There and back: the gateway's address is asked for, the worker wakes, answers, and wakes us. */
	struct host h = env_host(1, 5), gw = env_gateway(1);
	frame_arp(&f, &h, 1, h.mac, h.ip4, gw.ip4);
	while (env_receive(g[0], &got, 50))
		;
	for (unsigned i = 0; i < 100; i++) {
		usleep(20000);
		uint64_t start_ns = load_mono_ns();
		env_send(g[0], &f);
		CHECK(env_receive(g[0], &got, WAIT_MS), "no answer");
		us[i] = (double)(load_mono_ns() - start_ns) / 1e3;
	}
	qsort(us, 100, sizeof us[0], by_value);
	for (uint32_t n = 0; n < IDLE_PORTS; n++)
		guest_free(g[n]);
	printf("{\"share\": %.2f, \"first_us\": %.1f, \"first_p90_us\": %.1f}\n", share, us[50], us[90]);
}

static void serve(void)
{
	char c;
	env_memory = "512";
	env_start();
	put_ports();
	printf("{\"dir\": \"%s\", \"pid\": %ld}\n", env_path(""), env_pid());
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	struct fh_port_status s = env_status(6);
	printf("{\"connections\": %llu, \"bytes\": %llu}\n", (unsigned long long)s.connections, (unsigned long long)(s.rx_bytes + s.tx_bytes));
}

/* --- arguments ----------------------------------------------------------------------------------------------------------------- */
static void usage(const char *program)
{
	fprintf(stderr, "usage: %s forward|create|place|swap|idle|serve [--mode unfiltered|stateful|rules] [--flows N] [--load BYTES|imix|tso]\n"
			"       [--seconds S] [--huge] [--mtu BYTES] [--peer DIR --pid PID [--flush COMMAND]]\n", program);
	exit(2);
}

static void parse(int argc, char *argv[])
{
	static const struct option known[] = {
		{ "mode", required_argument, NULL, 'm' }, { "flows", required_argument, NULL, 'f' }, { "load", required_argument, NULL, 'l' },
		{ "seconds", required_argument, NULL, 's' }, { "huge", no_argument, NULL, 'h' }, { "peer", required_argument, NULL, 'p' },
		{ "pid", required_argument, NULL, 'i' }, { "mtu", required_argument, NULL, 't' }, { "flush", required_argument, NULL, 'u' }, { 0 },
	};
	int c;
	opt.what = "";
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'm':
			opt.mode = optarg;
			break;
		case 'f':
			opt.flows = (uint32_t)atoi(optarg);
			break;
		case 'l':
			opt.kind = strcmp(optarg, "imix") == 0 ? LOAD_IMIX : strcmp(optarg, "tso") == 0 ? LOAD_TSO : LOAD_UDP;
			opt.size = opt.kind == LOAD_UDP ? (uint32_t)atoi(optarg) : 60;
			break;
		case 's':
			opt.seconds = atof(optarg);
			break;
		case 'h':
			opt.huge = true;
			break;
		case 'p':
			opt.peer = optarg;
			break;
		case 'i':
			opt.pid = atol(optarg);
			break;
		case 't':
			opt.mtu = (uint32_t)atoi(optarg);
			break;
		case 'u':
			opt.flush = optarg;
			break;
		default:
			usage(argv[0]);
		}
	}
	if (optind + 1 != argc || opt.size < 60 || opt.size > 1514 || opt.flows < 1 || opt.flows > LOAD_MAX_FLOWS || (opt.peer && !opt.pid))
		usage(argv[0]);
	opt.what = argv[optind];
}

int main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		void (*run)(void);
		bool ours_only, starts_itself;
	} measurements[] = {
		{ "forward", forward, false, false }, { "create", create, false, false }, { "place", place, true, false },
		{ "swap", swap, true, false }, { "idle", idle, true, true }, { "serve", serve, true, true },
	};
	parse(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	ha = env_host(1, 5);
	hb = env_host(1, 6);
	calibrate();
	for (size_t i = 0; i < sizeof measurements / sizeof measurements[0]; i++) {
		if (strcmp(measurements[i].name, opt.what) != 0 || (opt.peer && measurements[i].ours_only))
			continue;
		if (!measurements[i].starts_itself) {
			pin_tid(0, 1);
			start();
		}
		measurements[i].run();
		fflush(stdout);
		return 0;
	}
	usage(argv[0]);
}
