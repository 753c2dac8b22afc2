#include "env.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

fh_ctl *env_ctl;
const char *env_workers = "1", *env_memory = "256", *env_cores, *env_watchdog;
bool env_huge, env_unsealed;
int env_netns = -1;
const char *env_uplinks[ENV_UPLINKS];

static char dir[64];
static pid_t child;
static uint64_t generation = 1;

/* Those that are not selected. */
static struct {
	fh_ctl *ctl;
	char dir[64];
	pid_t child;
} parked[2];
static unsigned selected;

unsigned env_select(unsigned n)
{
	unsigned before = selected;
	parked[selected].ctl = env_ctl;
	parked[selected].child = child;
	strcpy(parked[selected].dir, dir);
	selected = n;
	env_ctl = parked[n].ctl;
	child = parked[n].child;
	strcpy(dir, parked[n].dir);
	return before;
}

static void nap(void)
{
	struct timespec ts = { .tv_nsec = 2000000 };
	nanosleep(&ts, NULL);
}

uint64_t env_now_ns(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void env_kill(void)
{
	fh_ctl_close(env_ctl);
	env_ctl = NULL;
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	child = 0;
}

void env_again(void)
{
	fh_ctl_close(env_ctl);
	env_ctl = NULL;
	child = 0;
	env_start();
}

static void stop_all(void)
{
	for (unsigned i = 0; i < 2; i++) {
		env_select(i);
		env_stop();
	}
}

void env_stop(void)
{
	int status = 0;
	fh_ctl_close(env_ctl);
	env_ctl = NULL;
	if (child > 0) {
		kill(child, SIGTERM);
		waitpid(child, &status, 0);
	}
	child = 0;
	if (dir[0])
		nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	dir[0] = 0;
	if (status != 0) {
		fprintf(stderr, "the dataplane left with status %#x\n", (unsigned)status);
		_exit(1);
	}
}

const char *env_path(const char *name)
{
	static char paths[16][128];
	static unsigned next;
	char *p = paths[next++ % 16];
	snprintf(p, sizeof paths[0], "%s/%s", dir, name);
	return p;
}

long env_pid(void)
{
	return child;
}

static void run_program(const char *program)
{
	const char *args[20] = { program, "--control", env_path("control"), "--state", env_path("state"), "--memory", env_memory, "--workers", env_workers };
	unsigned n = 9;
	for (unsigned i = 0; i < ENV_UPLINKS && env_uplinks[i]; i++) {
		args[n++] = "--uplink";
		args[n++] = env_uplinks[i];
	}
	if (env_cores) {
		args[n++] = "--cores";
		args[n++] = env_cores;
	}
	if (env_watchdog) {
		args[n++] = "--watchdog";
		args[n++] = env_watchdog;
	}
	if (env_huge)
		args[n++] = "--huge";
	if (env_unsealed)
		args[n++] = "--unsealed";
	execv(program, (char **)(uintptr_t)args);
}

void env_launch(void)
{
	const char *program = getenv("FREEHOLD_DATAPLANE");
	CHECK(program, "set FREEHOLD_DATAPLANE to the program's path");
	if (!dir[0]) {
		strcpy(dir, "/dev/shm/freehold-test-XXXXXX");
		CHECK(mkdtemp(dir), "%s", strerror(errno));
		static bool registered;
		if (!registered)
			atexit(stop_all);
		registered = true;
	}
	child = fork();
	CHECK(child >= 0, "%s", strerror(errno));
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (env_netns >= 0 && setns(env_netns, CLONE_NEWNET) != 0)
			_exit(126);
		run_program(program);
		_exit(127);
	}
}

void env_connect(void)
{
	for (int i = 0; i < 5000; i++) {
		int status;
		CHECK(waitpid(child, &status, WNOHANG) == 0, "the dataplane ended at its start");
		if (fh_ctl_open(env_path("control"), 100, &env_ctl) == FH_OK)
			return;
		nap();
	}
	CHECK(false, "the dataplane did not open its control socket");
}

void env_start(void)
{
	env_launch();
	env_connect();
}

/* --- control -------------------------------------------------------------------------------------------------------------- */
struct fh_id env_id(uint32_t kind, uint32_t n)
{
	struct fh_id id = { { 0 } };
	id.b[0] = (uint8_t)kind;
	id.b[12] = (uint8_t)(n >> 24);
	id.b[13] = (uint8_t)(n >> 16);
	id.b[14] = (uint8_t)(n >> 8);
	id.b[15] = (uint8_t)n;
	return id;
}

struct fh_addr env_addr(const char *text)
{
	struct fh_addr a = { 0 };
	char buffer[64];
	snprintf(buffer, sizeof buffer, "%s", text);
	char *slash = strchr(buffer, '/');
	if (slash)
		*slash++ = 0;
	a.family = strchr(buffer, ':') ? 6 : 4;
	CHECK(inet_pton(a.family == 6 ? AF_INET6 : AF_INET, buffer, a.b) == 1, "%s", text);
	a.prefix_len = slash ? (uint8_t)atoi(slash) : a.family == 6 ? 128 : 32;
	return a;
}

int env_commit(fh_txn *txn, struct fh_commit_result *out)
{
	struct fh_commit_result r = { .struct_size = sizeof r };
	int rc = fh_ctl_commit(env_ctl, txn, 5000, &r);
	fh_txn_free(txn);
	if (out)
		*out = r;
	return rc;
}

void env_must(fh_txn *txn)
{
	struct fh_commit_result r;
	int rc = env_commit(txn, &r);
	CHECK(rc == FH_OK, "%d: %s", rc, r.message);
}

struct fh_segment env_segment(uint32_t n)
{
	char text[64];
	struct fh_segment s = {
		.struct_size = sizeof s, .vni = n, .id = env_id(FH_KIND_SEGMENT, n), .generation = generation++, .mtu = 1500,
		.gateway_mac = { 2, 0xfe, 0, 1, 0, (uint8_t)n }, .n_subnets = 2,
	};
	snprintf(text, sizeof text, "10.%u.0.0/24", n);
	s.subnets[0].prefix = env_addr(text);
	snprintf(text, sizeof text, "10.%u.0.1", n);
	s.subnets[0].gateway = env_addr(text);
	s.subnets[0].dns[0] = env_addr("9.9.9.9");
	s.subnets[0].n_dns = s.subnets[0].dhcp = 1;
	snprintf(text, sizeof text, "fd00:%u::/64", n);
	s.subnets[1].prefix = env_addr(text);
	snprintf(text, sizeof text, "fd00:%u::1", n);
	s.subnets[1].gateway = env_addr(text);
	s.subnets[1].dhcp = 1;
	return s;
}

struct fh_rule env_rule(uint32_t n, int direction, int proto, int port, const char *remote)
{
	struct fh_rule r = {
		.id = env_id(9, n), .direction = (uint8_t)direction, .protocol = (uint16_t)(proto < 0 ? (int)FH_PROTO_ANY : proto), .port_max = 65535,
		.icmp_type = FH_ICMP_ANY, .icmp_code = FH_ICMP_ANY,
	};
	if (port >= 0)
		r.port_min = r.port_max = (uint16_t)port;
	if (remote) {
		r.remote = FH_REMOTE_PREFIX;
		r.prefix = env_addr(remote);
	}
	return r;
}

void env_put_group(fh_txn *txn, uint32_t n, const struct fh_rule *rules, uint32_t n_rules)
{
	struct fh_group g = {
		.struct_size = sizeof g, .id = env_id(FH_KIND_GROUP, n), .generation = generation++, .n_rules = n_rules, .rules = rules
	};
	CHECK(fh_txn_put_group(txn, &g) == FH_OK, " ");
}

struct host env_host(uint32_t segment, uint32_t n)
{
	struct host h = {
		.mac = { 2, 0xfe, 0, 0, (uint8_t)segment, (uint8_t)n },
		.ip4 = { 10, (uint8_t)segment, 0, (uint8_t)n },
		.ip6 = { 0xfd, 0, 0, (uint8_t)segment, 0, 0, 0, 0, 0, 0xfe, 0, 0xff, 0xfe, 0, (uint8_t)segment, (uint8_t)n },
	};
	return h;
}

struct host env_gateway(uint32_t segment)
{
	struct host h = {
		.mac = { 2, 0xfe, 0, 1, 0, (uint8_t)segment },
		.ip4 = { 10, (uint8_t)segment, 0, 1 },
		.ip6 = { 0xfd, 0, 0, (uint8_t)segment, [15] = 1 },
	};
	return h;
}

struct fh_port env_port(uint32_t segment, uint32_t n)
{
	struct host h = env_host(segment, n);
	struct fh_port p = {
		.struct_size = sizeof p, .id = env_id(FH_KIND_PORT, n), .segment = env_id(FH_KIND_SEGMENT, segment), .generation = generation++,
		.incarnation = 1, .queue_pairs = 1, .connection_quota = 4096, .n_addrs = 2, .n_groups = 1,
	};
	memcpy(p.mac, h.mac, 6);
	snprintf(p.socket_path, sizeof p.socket_path, "%s/port%u", dir, n);
	snprintf(p.hostname, sizeof p.hostname, "vm%u", n);
	p.addrs[0] = (struct fh_addr){ .family = 4, .prefix_len = 32 };
	memcpy(p.addrs[0].b, h.ip4, 4);
	p.addrs[1] = (struct fh_addr){ .family = 6, .prefix_len = 128 };
	memcpy(p.addrs[1].b, h.ip6, 16);
	p.groups[0] = env_id(FH_KIND_GROUP, n);
	return p;
}

void env_put_port(fh_txn *txn, const struct fh_port *port)
{
	CHECK(fh_txn_put_port(txn, port) == FH_OK, " ");
}

struct fh_port_status env_status(uint32_t n)
{
	struct fh_id id = env_id(FH_KIND_PORT, n);
	struct fh_port_status s[16];
	uint64_t cursor = 0;
	do {
		uint32_t count;
		s[0].struct_size = sizeof s[0];
		int rc = fh_ctl_ports(env_ctl, 1000, &cursor, s, 16, &count);
		CHECK(rc == FH_OK, "%s", fh_strerror(rc));
		for (uint32_t i = 0; i < count; i++)
			if (memcmp(&s[i].id, &id, sizeof id) == 0)
				return s[i];
	} while (cursor);
	CHECK(false, "port %u does not exist", n);
	return s[0];
}

struct fh_port_status env_await_traffic(uint32_t n, bool to_guest, enum fh_traffic_class class_, uint64_t packets)
{
	uint64_t end = env_now_ns() + WAIT_MS * 1000000ull;
	for (;;) {
		struct fh_port_status s = env_status(n);
		uint64_t counted = (to_guest ? s.to_guest : s.from_guest)[class_].packets;
		if (counted >= packets)
			return s;
		CHECK(env_now_ns() < end, "port %u counted %llu of %llu packets", n, (unsigned long long)counted, (unsigned long long)packets);
	}
}

void env_await_state(uint32_t n, uint32_t state)
{
	uint64_t end = env_now_ns() + WAIT_MS * 1000000ull;
	while (env_status(n).state != state) {
		CHECK(env_now_ns() < end, "port %u has state %u", n, env_status(n).state);
		nap();
	}
}

uint64_t env_drops(uint32_t n, enum fh_reason reason)
{
	return env_status(n).drops[reason];
}

void env_await_drops(uint32_t n, enum fh_reason reason, uint64_t at_least)
{
	uint64_t end = env_now_ns() + WAIT_MS * 1000000ull;
	while (env_drops(n, reason) < at_least) {
		CHECK(env_now_ns() < end, "%s: %llu", fh_drop_reason_name(reason), (unsigned long long)env_drops(n, reason));
		nap();
	}
}

/* --- guests ----------------------------------------------------------------------------------------------------------------- */
struct guest *env_guest(uint32_t n, uint64_t features)
{
	char name[16];
	snprintf(name, sizeof name, "port%u", n);
	struct guest *g = guest_new(env_path(name), 1);
	CHECK(g, "port %u", n);
	CHECK(guest_start(g, features, WAIT_MS), "port %u: no back end", n);
	env_await_state(n, FH_PORT_UP);
	return g;
}

void env_send(struct guest *g, const struct frame *f)
{
	CHECK(guest_send(g, 0, NULL, f->b, f->len), "the ring is full");
}

static bool is_advertisement(const struct frame *f)
{
	return f->len >= 55 && f->b[12] == 0x86 && f->b[13] == 0xdd && f->b[20] == 58 && f->b[54] == 134;
}

bool env_receive(struct guest *g, struct frame *f, int timeout_ms)
{
	uint64_t end = env_now_ns() + (uint64_t)timeout_ms * 1000000u;
	for (;;) {
		uint64_t now = env_now_ns();
		f->len = guest_receive(g, f->b, sizeof f->b, NULL, NULL, now < end ? (int)((end - now) / 1000000) + 1 : 0);
		if (f->len == 0)
			return false;
		if (!is_advertisement(f))
			return true;
	}
}

void env_explain(void)
{
	struct fh_port_status s[16];
	uint64_t cursor = 0;
	uint32_t count;
	s[0].struct_size = sizeof s[0];
	if (fh_ctl_ports(env_ctl, 1000, &cursor, s, 16, &count) != FH_OK)
		return;
	for (uint32_t i = 0; i < count; i++) {
		fprintf(stderr, "port %u: state %u, %llu from it, %llu to it, drops", s[i].id.b[15], s[i].state, (unsigned long long)s[i].rx_packets,
			(unsigned long long)s[i].tx_packets);
		for (uint32_t d = 0; d < 32; d++)
			if (s[i].drops[d])
				fprintf(stderr, " %s=%llu", fh_drop_reason_name(d), (unsigned long long)s[i].drops[d]);
		fprintf(stderr, "\n");
	}
}

void env_expect(struct guest *to, const struct frame *f)
{
	static struct frame got;
	if (!env_receive(to, &got, WAIT_MS)) {
		env_explain();
		CHECK(false, "nothing arrived");
	}
	CHECK(got.len == f->len && memcmp(got.b, f->b, f->len) == 0, "another frame arrived: %zu bytes, type %02x%02x", got.len, got.b[12],
	      got.b[13]);
}

void env_expect_silence(struct guest *g)
{
	static struct frame got;
	CHECK(!env_receive(g, &got, SILENCE_MS), "a frame of %zu bytes arrived", got.len);
}
