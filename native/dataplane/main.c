/*
 * freehold-dataplane: carries packets between guests, judged by their security groups.
 *
 * Start: lock the state directory, open the uplinks, give up privileges, bring up DPDK without huge pages, PCI or files of its
 * own, start the workers, replay the journal (ports reconnect at once: traffic flows before any agent speaks), open the control
 * socket. The main thread is the control thread from then on. SIGTERM leaves in order; after SIGKILL the next start finds
 * everything it needs.
 */
#include <errno.h>
#include <fcntl.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <rte_malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "confine.h"
#include "control.h"
#include "events.h"
#include "flows.h"
#include "front_end.h"
#include "journal.h"
#include "log.h"
#include "model.h"
#include "options.h"
#include "port.h"
#include "uplink.h"
#include "watchdog.h"
#include "worker.h"

struct dp dp;

void dp_log(int priority, const char *format, ...)
{
	char line[512];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	fprintf(stderr, "<%d>freehold-dataplane: %s\n", priority, line);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;
	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * DP_NS_PER_S + (uint64_t)ts.tv_nsec;
}

uint64_t dp_boot_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

uint64_t dp_unix_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

void dp_grace(void)
{
	uint64_t token = rte_rcu_qsbr_start(dp.qsbr);
	/* A worker may share our core: give way instead of spinning. */
	while (rte_rcu_qsbr_check(dp.qsbr, token, false) != 1) {
		struct timespec pause = { .tv_nsec = 20000 };
		nanosleep(&pause, NULL);
	}
}

/* Return: false when another dataplane lives there, or the directory is unusable. */
static bool take_state_dir(const char *dir)
{
	char path[PATH_MAX];
	if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
		dp_log(LOG_ERR, "cannot create %s: %s; create its parent or give another --state", dir, strerror(errno));
		return false;
	}
	snprintf(path, sizeof path, "%s/connections", dir);
	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		dp_log(LOG_ERR, "cannot create %s: %s", path, strerror(errno));
		return false;
	}
	snprintf(path, sizeof path, "%s/lock", dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
		dp_log(LOG_ERR, "%s is in use by another dataplane; stop that one or give another --state", dir);
		return false;
	}
	return true; /* the descriptor stays open: the lock ends with the process */
}

static bool start_dpdk(const struct options *o)
{
	char memory[16];
	snprintf(memory, sizeof memory, "%u", o->memory_mb);
	char *argv[] = {
		(char *)"freehold-dataplane", (char *)"--no-shconf", (char *)"--no-telemetry", (char *)"--no-pci", (char *)"--no-hpet",
		(char *)"--lcores=0", (char *)"--log-level=lib.*:error", (char *)"-m", memory,
		(char *)(o->huge ? "--in-memory" : "--no-huge"), NULL,
	};
	int argc = sizeof argv / sizeof argv[0] - 1;
	pthread_getaffinity_np(pthread_self(), sizeof dp.all_cores, &dp.all_cores);
	if (rte_eal_init(argc, argv) < 0) {
		dp_log(LOG_ERR, "DPDK does not start: %s; give it less --memory or, with --huge, more huge pages", rte_strerror(rte_errno));
		return false;
	}
	/* EAL pins its main thread, and threads made later inherit that: undo it. */
	pthread_setaffinity_np(pthread_self(), sizeof dp.all_cores, &dp.all_cores);
	rte_openlog_stream(library_log());
	/* Messages about single packets are a guest's to provoke. */
	rte_log_set_level_pattern("lib.vhost.data", RTE_LOG_EMERG);
	rte_log_set_level_pattern("lib.vhost.config", RTE_LOG_ERR);
	return true;
}

static bool start_rcu(void)
{
	size_t size = rte_rcu_qsbr_get_memsize(dp.n_workers);
	dp.qsbr = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(size, RTE_CACHE_LINE_SIZE));
	return dp.qsbr && rte_rcu_qsbr_init(dp.qsbr, dp.n_workers) == 0;
}

static bool start_rules(void)
{
	struct fh_pol_hooks hooks = { .defer = model_defer };
	if (getrandom(&dp.seed, sizeof dp.seed, 0) != sizeof dp.seed || !fh_hash_seed(&dp.hash))
		return false;
	dp.rules = fh_pol_ctx_new(&hooks, dp.n_workers + 1);
	return dp.rules != NULL;
}

static void stop(int signal)
{
	(void)signal;
	fh_store(&dp.stop, 1);
}

static void handle_signals(void)
{
	struct sigaction end = { .sa_handler = stop };
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGINT, &end, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void raise_descriptor_limit(void)
{
	struct rlimit l;
	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

static int earlier(int a, int b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

int main(int argc, char *argv[])
{
	struct options o;
	if (!options_parse(&o, argc, argv))
		return 2;
	handle_signals();
	raise_descriptor_limit();
	dp.state_dir = o.state;
	dp.n_workers = o.workers;
	dp.unsealed = o.unsealed;
	dp.started_ns = dp.epoch = dp_unix_ns();
	model_init();
	if (!take_state_dir(o.state))
		return 1;
	/* Without one of them the guests of this host still talk to each other. */
	for (unsigned i = 0; i < o.n_uplinks; i++)
		if (!uplink_open(o.uplinks[i]))
			dp_log(LOG_ERR, "uplink %s is not used; other hosts are out of reach through it until the next start", o.uplinks[i]);
	if (!confine_privileges()) {
		dp_log(LOG_ERR, "cannot give up privileges: %s", strerror(errno));
		return 1;
	}
	if (!start_dpdk(&o))
		return 1;
	if (!start_rcu() || !events_init() || !start_rules() || !flows_init() || !port_system_init() || !front_end_init() || !uplinks_init() || !uplinks_start()) {
		dp_log(LOG_ERR, "out of memory, descriptors or space in the state directory at the start");
		return 1;
	}
	if (!workers_start(o.cores) || !journal_open(o.state) || !control_open(o.control))
		return 1;
	if (!watchdog_start(o.watchdog_s)) {
		dp_log(LOG_ERR, "cannot start the watchdog: %s", strerror(errno));
		return 1;
	}
	if (!confine_syscalls()) {
		dp_log(LOG_ERR, "the kernel refuses the system call filter: %s", strerror(errno));
		return 1;
	}
	dp_log(LOG_INFO, "ready: %u workers, %u ports", dp.n_workers, model.tables[FH_KIND_PORT].n);
	while (!fh_load(&dp.stop)) {
		control_serve(earlier(earlier(earlier(ports_start_due(), model_tick()), uplinks_tick()), flows_tick()));
		ports_tell_starved();
		watchdog_control_lives();
	}
	control_close();
	workers_join();
	/* librte_vhost's threads still run: rte_eal_cleanup() would race them. */
	_exit(0);
}
