/*
 * Somebody else's virtio driver behind the vhost-user socket: DPDK's testpmd on virtio-user, in each shape that it offers the rings.
 *
 * One sends UDP as fast as it can, the other swaps addresses and ports and sends back; only the first may open connections, so what
 * comes back is let through as replies. Then the dataplane is killed, and both go on with the next one.
 *
 * DPDK's own memory is not sealed against shrinking, hence --unsealed.
 */
#include "env.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SENDER = 5, ECHO = 6, SERVICE = 7001, SKIPPED = 77, START_S = 30, MANY = 5000 };

static const char program[] = "/usr/bin/dpdk-testpmd";

struct shape {
	const char *name, *rings;
	unsigned queues;
};

struct pmd {
	pid_t pid;
	int stdin_fd;
};

static struct pmd sender, echo;

/* Nothing that the echo sends opens a connection: what it sent just before its rule is revoked would let the sender's packets in as replies. */
static void put_echo_group(fh_txn *t, bool serves)
{
	static uint64_t generation = 1000;
	struct fh_rule in = env_rule(1, FH_INGRESS, 17, SERVICE, NULL);
	struct fh_group g = { .struct_size = sizeof g, .id = env_id(FH_KIND_GROUP, ECHO), .generation = generation++, .flags = FH_GROUP_EGRESS_DROP,
			      .n_rules = serves, .rules = &in };
	CHECK(fh_txn_put_group(t, &g) == FH_OK, " ");
}

static void put_ports(unsigned queues)
{
	struct fh_segment s = env_segment(1);
	fh_txn *t = fh_txn_new();
	CHECK(fh_txn_put_segment(t, &s) == FH_OK, " ");
	env_put_group(t, SENDER, NULL, 0);
	put_echo_group(t, true);
	for (uint32_t n = SENDER; n <= ECHO; n++) {
		struct fh_port p = env_port(1, n);
		p.queue_pairs = (uint16_t)queues;
		env_put_port(t, &p);
	}
	env_must(t);
}

static void run_testpmd(uint32_t port, const struct shape *shape, int in, char *mode[], unsigned n_mode)
{
	struct host h = env_host(1, port);
	char socket[16], device[300], cores[64], queues[2][16];
	long last = sysconf(_SC_NPROCESSORS_ONLN) - 1;
	snprintf(socket, sizeof socket, "port%u", port);
	snprintf(device, sizeof device, "--vdev=net_virtio_user0,path=%s,server=1,queue_size=256,queues=%u,mac=%02x:%02x:%02x:%02x:%02x:%02x,%s",
		 env_path(socket), shape->queues, h.mac[0], h.mac[1], h.mac[2], h.mac[3], h.mac[4], h.mac[5], shape->rings);
	snprintf(cores, sizeof cores, "--lcores=0@(0-%ld),1@(0-%ld)", last, last);
	snprintf(queues[0], sizeof queues[0], "--rxq=%u", shape->queues);
	snprintf(queues[1], sizeof queues[1], "--txq=%u", shape->queues);
	char *args[32] = { (char *)(uintptr_t)program, (char *)"--no-pci", (char *)"--no-huge", (char *)"--no-shconf", (char *)"--no-telemetry", (char *)"-m",
			   (char *)"64", cores, device, (char *)"--", (char *)"--total-num-mbufs=4096", (char *)"--auto-start", queues[0], queues[1] };
	unsigned n = 14;
	for (unsigned i = 0; i < n_mode; i++)
		args[n++] = mode[i];
	int out = open(env_path(port == SENDER ? "sender.log" : "echo.log"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	execv(program, args);
	_exit(127);
}

static struct pmd start(uint32_t port, const struct shape *shape, char *mode[], unsigned n_mode)
{
	int ends[2];
	unlink(env_path(port == SENDER ? "port5" : "port6")); /* of the one before */
	CHECK(pipe2(ends, O_CLOEXEC) == 0, " ");
	struct pmd p = { fork(), ends[1] };
	CHECK(p.pid >= 0, " ");
	if (p.pid == 0)
		run_testpmd(port, shape, ends[0], mode, n_mode);
	close(ends[0]);
	return p;
}

static void stop(struct pmd *p)
{
	if (p->pid <= 0)
		return;
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	close(p->stdin_fd);
	p->pid = 0;
}

static void start_both(const struct shape *shape)
{
	struct host hs = env_host(1, SENDER), he = env_host(1, ECHO);
	char peer[64], ips[64], ports[32];
	snprintf(peer, sizeof peer, "--eth-peer=0,%02x:%02x:%02x:%02x:%02x:%02x", he.mac[0], he.mac[1], he.mac[2], he.mac[3], he.mac[4], he.mac[5]);
	snprintf(ips, sizeof ips, "--tx-ip=%u.%u.%u.%u,%u.%u.%u.%u", hs.ip4[0], hs.ip4[1], hs.ip4[2], hs.ip4[3], he.ip4[0], he.ip4[1], he.ip4[2], he.ip4[3]);
	snprintf(ports, sizeof ports, "--tx-udp=7000,%u", SERVICE);
	echo = start(ECHO, shape, (char *[]){ (char *)"--forward-mode=5tswap" }, 1);
	sender = start(SENDER, shape, (char *[]){ (char *)"--forward-mode=txonly", peer, ips, ports }, 4);
}

static void show_log(const char *name)
{
	char line[300];
	FILE *file = fopen(env_path(name), "r");
	while (file && fgets(line, sizeof line, file))
		fprintf(stderr, "%s: %s", name, line);
	if (file)
		fclose(file);
}

/* The sender only sends, so its ring is soon full. */
static uint64_t let_through(uint32_t port)
{
	return env_status(port).tx_packets + env_drops(port, FH_REASON_RECEIVER_FULL);
}

/* Both ways: what the sender sent arrives, and what is sent back does. */
static void talk(const char *name)
{
	uint64_t end = env_now_ns() + START_S * 1000000000ull, there = env_status(ECHO).tx_packets, back = let_through(SENDER);
	for (;;) {
		if (env_status(ECHO).tx_packets >= there + MANY && let_through(SENDER) >= back + MANY)
			return;
		if (env_now_ns() < end) {
			usleep(20000);
			continue;
		}
		show_log("sender.log");
		show_log("echo.log");
		CHECK(false, "%s: %llu packets arrived, %llu came back", name, (unsigned long long)(env_status(ECHO).tx_packets - there),
		      (unsigned long long)(let_through(SENDER) - back));
	}
}

/* Without its rule the connection ends, and nothing arrives any more. */
static void revoke_rule(void)
{
	fh_txn *t = fh_txn_new();
	put_echo_group(t, false);
	env_must(t);
	uint64_t refused = env_drops(ECHO, FH_REASON_DEFAULT);
	env_await_drops(ECHO, FH_REASON_DEFAULT, refused + MANY);
	uint64_t arrived = let_through(ECHO);
	env_await_drops(ECHO, FH_REASON_DEFAULT, refused + 2 * MANY);
	/* The gateway may have advertised itself meanwhile. */
	CHECK(let_through(ECHO) < arrived + 10, "%llu packets were let through without a rule", (unsigned long long)(let_through(ECHO) - arrived));
}

static void stop_both(void)
{
	stop(&sender);
	stop(&echo);
}

int main(void)
{
	static const struct shape shapes[] = {
		{ "mergeable buffers", "mrg_rxbuf=1,in_order=0", 1 },
		{ "one buffer a packet", "mrg_rxbuf=0,in_order=0", 1 },
		{ "in order", "mrg_rxbuf=1,in_order=1", 1 },
		{ "vectorized", "mrg_rxbuf=0,in_order=1,vectorized=1", 1 },
		{ "asks for packed rings", "mrg_rxbuf=1,in_order=0,packed_vq=1", 1 },
		{ "four queue pairs", "mrg_rxbuf=1,in_order=0", 4 },
	};
	if (access(program, X_OK) != 0) {
		fprintf(stderr, "%s is not there: install dpdk-dev\n", program);
		return SKIPPED;
	}
	env_unsealed = true;
	env_start();
	atexit(stop_both);
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		put_ports(shapes[i].queues);
		start_both(&shapes[i]);
		talk(shapes[i].name);
		printf("ok %s\n", shapes[i].name);
		fflush(stdout);
		if (i == 0) {
			env_kill();
			env_start();
			talk("after kill -9 of the dataplane");
			puts("ok kill -9 of the dataplane");
			revoke_rule();
			puts("ok revoked rule");
		}
		stop_both();
	}
	return 0;
}
