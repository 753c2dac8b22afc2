/* An idle dataplane lives on. A worker that stands still ends the process; the next one finds guests and connections again. */
#include "env.h"

#include <dirent.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct frame f;

static long worker_thread(void)
{
	char path[64], comm[384], name[32];
	struct dirent *e;
	long tid = 0;
	snprintf(path, sizeof path, "/proc/%ld/task", env_pid());
	DIR *d = opendir(path);
	CHECK(d, "%s", path);
	while ((e = readdir(d))) {
		snprintf(comm, sizeof comm, "%s/%s/comm", path, e->d_name);
		FILE *file = fopen(comm, "r");
		if (file && fgets(name, sizeof name, file) && strncmp(name, "fh-worker", 9) == 0)
			tid = atol(e->d_name);
		if (file)
			fclose(file);
	}
	closedir(d);
	CHECK(tid, "no worker");
	return tid;
}

/* Until somebody connects, the workers sleep and the control thread waits; for longer than the limit of two seconds. */
static void start_unattended(void)
{
	struct stat st;
	int status;
	env_launch();
	for (unsigned looks = 0; looks < 30; looks += stat(env_path("control"), &st) == 0) {
		usleep(100000);
		CHECK(waitpid((pid_t)env_pid(), &status, WNOHANG) == 0, "nobody asked, and it ended with status %#x", (unsigned)status);
	}
	env_connect();
}

int main(void)
{
	struct fh_rule open = env_rule(1, FH_INGRESS, 17, 53, NULL);
	struct fh_segment s = env_segment(1);
	int status;
	signal(SIGPIPE, SIG_IGN);
	env_watchdog = "2";
	start_unattended();
	fh_txn *t = fh_txn_new();
	CHECK(fh_txn_put_segment(t, &s) == FH_OK, " ");
	for (uint32_t n = 5; n <= 6; n++) {
		struct fh_port p = env_port(1, n);
		env_put_group(t, n, n == 6 ? &open : NULL, n == 6);
		env_put_port(t, &p);
	}
	env_must(t);
	struct guest *a = env_guest(5, 0), *b = env_guest(6, 0);
	struct host ha = env_host(1, 5), hb = env_host(1, 6);
	frame_udp4(&f, &ha, &hb, 4000, 53, "question", 8);
	env_send(a, &f);
	env_expect(b, &f);

	/* The whole process stopped for longer than the limit (a suspended machine): nobody's fault. */
	CHECK(kill((pid_t)env_pid(), SIGSTOP) == 0, " ");
	sleep(4);
	CHECK(kill((pid_t)env_pid(), SIGCONT) == 0, " ");
	usleep(1500000);
	frame_udp4(&f, &ha, &hb, 4000, 53, "again", 5);
	env_send(a, &f);
	env_expect(b, &f);

	/* Only the worker. */
	long tid = worker_thread();
	CHECK(ptrace(PTRACE_SEIZE, tid, NULL, NULL) == 0 && ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) == 0, "ptrace");
	uint64_t start = env_now_ns();
	/* What is traced stays until its tracer has seen it end. */
	do
		CHECK(waitpid((pid_t)tid, &status, __WALL) == tid, "ptrace");
	while (!WIFEXITED(status) && !WIFSIGNALED(status));
	CHECK(waitpid((pid_t)env_pid(), &status, 0) == env_pid() && WIFEXITED(status) && WEXITSTATUS(status) == 70, "it ended with status %#x", (unsigned)status);
	CHECK(env_now_ns() - start < 8000000000u, "that took %llu ms", (unsigned long long)(env_now_ns() - start) / 1000000);
	env_again();
	CHECK(guest_start(a, 0, WAIT_MS) && guest_start(b, 0, WAIT_MS), "the guests are not found again");
	env_await_state(5, FH_PORT_UP);
	frame_udp4(&f, &hb, &ha, 53, 4000, "answer", 6); /* only its connection lets it in */
	env_send(b, &f);
	env_expect(a, &f);
	guest_free(a);
	guest_free(b);
	return 0;
}
