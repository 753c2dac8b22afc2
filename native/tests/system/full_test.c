/*
 * The file system of the state directory is full, here a small tmpfs of the test's own: what is connected goes on, over a restart, too; what
 * would need room is refused with a reason; with room again everything works again.
 */
#include "env.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

enum { DNS = 53, QUOTA = 65536, OLD = 999, MANY = 4096, RULES = 3000 };

static struct guest *a, *b;
static struct host ha, hb;
static struct frame f, got;

static void small_file_system(void)
{
	/* Flow records take 9 MB of it. */
	if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("full_test", "/dev/shm", "tmpfs", 0, "size=16m") == 0)
		return;
	fprintf(stderr, "no file system of one's own here: %s\n", strerror(errno));
	exit(77);
}

static void fill(void)
{
	static const char block[4096] = "ballast";
	int fd = open(env_path("ballast"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0, "%s", strerror(errno));
	while (write(fd, block, sizeof block) == (ssize_t)sizeof block)
		;
	CHECK(errno == ENOSPC, "%s", strerror(errno));
	close(fd);
}

static struct fh_port port(uint32_t n)
{
	struct fh_port p = env_port(1, n);
	p.connection_quota = QUOTA;
	return p;
}

static int put_port(uint32_t n, struct fh_commit_result *out)
{
	struct fh_port p = port(n);
	fh_txn *t = fh_txn_new();
	env_put_group(t, n, NULL, 0);
	env_put_port(t, &p);
	return env_commit(t, out);
}

static int put_many_rules(struct fh_commit_result *out)
{
	static struct fh_rule rules[RULES];
	for (uint32_t i = 0; i < RULES; i++)
		rules[i] = env_rule(100 + i, FH_INGRESS, 17, (int)(1000 + i), NULL);
	fh_txn *t = fh_txn_new();
	env_put_group(t, 9, rules, RULES);
	return env_commit(t, out);
}

static void setup(void)
{
	struct fh_rule dns = env_rule(1, FH_INGRESS, 17, DNS, NULL);
	struct fh_segment s = env_segment(1);
	struct fh_port five = port(5), six = port(6);
	fh_txn *t = fh_txn_new();
	CHECK(fh_txn_put_segment(t, &s) == FH_OK, " ");
	env_put_group(t, 5, NULL, 0);
	env_put_group(t, 6, &dns, 1);
	env_put_port(t, &five);
	env_put_port(t, &six);
	env_must(t);
	a = env_guest(5, 0);
	b = env_guest(6, 0);
	ha = env_host(1, 5);
	hb = env_host(1, 6);
}

static void question(uint16_t port)
{
	frame_udp4(&f, &ha, &hb, port, DNS, "who", 3);
	env_send(a, &f);
}

/* An answered connection is never evicted. */
static void answer(uint16_t port)
{
	frame_udp4(&f, &hb, &ha, DNS, port, "me", 2);
	env_send(b, &f);
	env_expect(a, &f);
}

static void goes_on(uint16_t port)
{
	question(port);
	env_expect(b, &f);
	answer(port);
}

/* Return: how many of these connections there are, or was room for. */
static unsigned connect_until_refused(void)
{
	for (unsigned n = 0; n < MANY; n++) {
		uint16_t port = (uint16_t)(2000 + n);
		question(port);
		if (!env_receive(b, &got, SILENCE_MS))
			return n;
		answer(port);
	}
	return MANY;
}

static unsigned files_of_ports(void)
{
	unsigned n = 0;
	DIR *dir = opendir(env_path("state/connections"));
	CHECK(dir, "%s", strerror(errno));
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void refuses_what_needs_room(void)
{
	struct fh_commit_result r;
	unsigned files = files_of_ports();
	unsigned n = connect_until_refused();
	CHECK(n > 0 && n < MANY, "%u connections without room for more", n);
	env_await_drops(5, FH_REASON_CT_FULL, 1);
	int rc = put_port(7, &r);
	CHECK(rc == FH_ENOSPACE && strstr(r.message, "no room for the port"), "%d: %s", rc, r.message);
	CHECK(files_of_ports() == files, "%u files of ports, before the refused one %u", files_of_ports(), files);
	rc = put_many_rules(&r);
	CHECK(rc == FH_ENOSPACE && strstr(r.message, "Look at its space"), "%d: %s", rc, r.message);
	goes_on(OLD);
	goes_on(2000);
}

/* Room may come within the tenth of a second in which nobody asks for it again. */
static void await_new_connection(uint16_t port)
{
	uint64_t end = env_now_ns() + WAIT_MS * 1000000ull;
	do {
		CHECK(env_now_ns() < end, "no room after the space was freed");
		question(port);
	} while (!env_receive(b, &got, 20));
	while (env_receive(b, &got, 20))
		;
	goes_on(port);
}

static void works_again(void)
{
	struct fh_commit_result r;
	CHECK(unlink(env_path("ballast")) == 0, "%s", strerror(errno));
	await_new_connection(50000);
	int rc = put_port(7, &r);
	CHECK(rc == FH_OK, "%d: %s", rc, r.message);
	rc = put_many_rules(&r);
	CHECK(rc == FH_OK, "%d: %s", rc, r.message);
	for (unsigned n = 0; n < 600; n++)
		goes_on((uint16_t)(10000 + n));
	goes_on(OLD);
}

int main(void)
{
	small_file_system();
	env_start();
	setup();
	goes_on(OLD);
	fill();
	refuses_what_needs_room();
	env_kill();
	env_start();
	CHECK(guest_start(a, 0, WAIT_MS) && guest_start(b, 0, WAIT_MS), "the dataplane does not come back");
	env_await_state(5, FH_PORT_UP);
	env_await_state(6, FH_PORT_UP);
	goes_on(OLD);
	refuses_what_needs_room();
	works_again();
	guest_free(a);
	guest_free(b);
	env_stop();
	return 0;
}
