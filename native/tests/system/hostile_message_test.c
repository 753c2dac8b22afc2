/*
 * A QEMU taken over by its guest: what it can do to librte_vhost and to the workers by messages and descriptors. See hostile.h.
 */
#include "hostile.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SET_FEATURES = 2, SET_MEM_TABLE = 5, SET_LOG_BASE, SET_VRING_NUM = 8, SET_VRING_ADDR, GET_VRING_BASE = 11, SET_VRING_CALL = 13, SET_VRING_ENABLE = 18, GET_INFLIGHT = 31, SET_INFLIGHT };
#define NEED_REPLY 8u

static struct frame f;

/* --- what is refused ------------------------------------------------------------------------------------------------------ */
/* Whether the dataplane ended the connection. */
static bool is_over(const struct guest *g)
{
	struct pollfd p = { .fd = g->fd, .events = POLLIN };
	char c;
	return poll(&p, 1, WAIT_MS) == 1 && recv(g->fd, &c, 1, 0) <= 0;
}

/* The last message ended the connection. */
static void is_refused(const char *what)
{
	CHECK(is_over(evil), "%s is accepted", what);
	hostile_others_still_talk();
	hostile_rejoin();
}

/* One more port, which lets everybody in. */
static void put_port(uint32_t n)
{
	fh_txn *t = fh_txn_new();
	struct fh_port p = env_port(1, n);
	p.groups[0] = env_id(FH_KIND_GROUP, 5);
	env_put_port(t, &p);
	env_must(t);
}

static int memory_of(size_t size, bool sealed)
{
	int fd = memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	CHECK(fd >= 0 && ftruncate(fd, (off_t)size) == 0, " ");
	CHECK(!sealed || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0, " ");
	return fd;
}

static void send_table(int fd, uint64_t size, uint64_t offset)
{
	struct {
		uint32_t n, pad;
		uint64_t guest, size, user, offset;
	} table = { 1, 0, 0, size, (uintptr_t)evil->mem, offset };
	CHECK(guest_message(evil, SET_MEM_TABLE, &table, sizeof table, fd), " ");
}

/* 14: memory that shrinks under the dataplane's hands, also in the place of memory that does not; and memory that is not all there. */
static void attack_memory(void)
{
	int loose = memory_of(evil->mem_size, false), small = memory_of(4096, true);
	guest_free(evil);
	guest_seals = false;
	evil = guest_new(env_path("port9"), 1);
	guest_seals = true;
	CHECK(evil, " ");
	CHECK(!guest_start(evil, 0, 15000), "memory that can shrink is accepted");
	CHECK(ftruncate(evil->memfd, 4096) == 0, " ");
	hostile_others_still_talk();
	hostile_rejoin();
	send_table(loose, evil->mem_size, 0);
	is_refused("memory that can shrink, on a running device,");
	send_table(small, evil->mem_size, 0);
	is_refused("memory that is smaller than said");
	send_table(small, 4096, UINT64_MAX - 4000);
	is_refused("an offset that wraps");
	int holed = memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);
	if (holed >= 0) { /* the kernel knows huge pages */
		CHECK(ftruncate(holed, 2 << 20) == 0 && fcntl(holed, F_ADD_SEALS, F_SEAL_SHRINK) == 0, " ");
		send_table(holed, 4096, 0);
		is_refused("memory of huge pages that a hole can be made into");
		close(holed);
	}
	close(loose);
	close(small);
}

/* 14: the log of dirty pages. */
static void attack_log(void)
{
	int loose = memory_of(65536, false), small = memory_of(4096, true), good = memory_of(65536, true);
	uint64_t log[2] = { 65536, 0 };
	CHECK(guest_message(evil, SET_LOG_BASE, log, sizeof log, loose), " ");
	is_refused("a log that can shrink");
	CHECK(guest_message(evil, SET_LOG_BASE, log, sizeof log, small), " ");
	is_refused("a log that is smaller than said");
	/* What QEMU sends when it writes a guest's memory to a file. */
	uint64_t features;
	CHECK(guest_message(evil, SET_LOG_BASE, log, sizeof log, good), " ");
	CHECK(guest_ask(evil, 1, &features), "a sealed log is refused");
	close(loose);
	close(small);
	close(good);
}

/* 14: librte_vhost allocates and clears as much as it is told, and writes through a mapping as often as it is told. */
static void attack_inflight(void)
{
	struct {
		uint64_t size, offset;
		uint16_t queues, queue_size;
		uint32_t pad;
	} inflight = { 0, 0, 0xffff, 0xffff, 0 };
	CHECK(guest_message(evil, GET_INFLIGHT, &inflight, sizeof inflight, -1), " ");
	is_refused("64 GB for descriptors in flight");
	inflight.size = 4096;
	inflight.queues = 2;
	CHECK(guest_message(evil, SET_INFLIGHT, &inflight, sizeof inflight, evil->memfd), " ");
	is_refused("a mapping that is smaller than what is written to it");
}

/* 14: rings that take the memory of all. */
static void attack_rings(void)
{
	uint32_t beyond[2] = { 2, 256 }, large[2] = { 1, 32768 };
	CHECK(guest_message(evil, SET_VRING_NUM, beyond, sizeof beyond, -1), " ");
	is_refused("a ring that the port does not have");
	CHECK(guest_message(evil, SET_VRING_NUM, large, sizeof large, -1), " ");
	is_refused("a ring of 32,768 descriptors");
}

/* 14: librte_vhost checks a ring when it is placed, and goes on with that. Ring 1 is placed, and evil runs. */
static void attack_what_was_checked(void)
{
	struct {
		uint32_t index, flags;
		uint64_t desc, used, avail, log;
	} end = { 1, 0, (uintptr_t)evil->mem, (uintptr_t)evil->mem + evil->mem_size - 4, (uintptr_t)evil->mem + 65536, 0 };
	static const uint32_t sizes[] = { 128, 4096, 100, 0 };
	uint64_t features = evil->features | 1ull << 29 /* EVENT_IDX */;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		uint32_t num[2] = { 1, sizes[i] };
		CHECK(guest_message(evil, SET_VRING_NUM, num, sizeof num, -1), " ");
		is_refused("another size for a ring in use");
	}
	CHECK(guest_message(evil, SET_VRING_ADDR, &end, sizeof end, -1), " ");
	is_refused("a used ring at the memory's end");
	CHECK(guest_message(evil, SET_FEATURES, &features, sizeof features, -1), " ");
	is_refused("a ring that becomes longer by a feature");
	/* All of it is there, but nobody can map as much; the memory before would be given up for it. */
	int vast = memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	CHECK(ftruncate(vast, 1ll << 47) == 0 && fcntl(vast, F_ADD_SEALS, F_SEAL_SHRINK) == 0, " ");
	send_table(vast, 1ull << 47, 0);
	is_refused("memory that cannot be mapped");
	close(vast);
	/* The ring's sizes are freed with its end. */
	uint32_t base[2] = { 1, 0 };
	CHECK(guest_message(evil, GET_VRING_BASE, base, sizeof base, -1), " ");
	end.used = (uintptr_t)evil->mem + 131072;
	CHECK(guest_message(evil, SET_VRING_ADDR, &end, sizeof end, -1), " ");
	CHECK(guest_message(evil, SET_VRING_NUM, (uint32_t[]){ 1, 0 }, 8, -1), " ");
	hostile_others_still_talk();
	hostile_rejoin();
}

/* 14: what is no eventfd, where one belongs. */
static void attack_call_descriptors(void)
{
	int ends[2];
	uint64_t ring = 0;
	CHECK(pipe2(ends, O_CLOEXEC) == 0, " ");
	CHECK(guest_message(evil, SET_VRING_CALL, &ring, sizeof ring, ends[1]), " ");
	is_refused("a pipe in the place of an eventfd");
	close(ends[0]);
	close(ends[1]);
}

/* A TCP socket that is not closed before all of what it sent was taken, or a minute has passed; nobody takes it. */
static int lingering(int *peer)
{
	static const char bytes[65536];
	const struct linger minute = { 1, 60 };
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof here;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(bind(listener, (const struct sockaddr *)&here, sizeof here) == 0 && listen(listener, 1) == 0, " ");
	CHECK(getsockname(listener, (struct sockaddr *)&here, &len) == 0 && connect(s, (const struct sockaddr *)&here, len) == 0, " ");
	*peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	while (send(s, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		;
	CHECK(setsockopt(s, SOL_SOCKET, SO_LINGER, &minute, sizeof minute) == 0, " ");
	close(listener);
	return s;
}

/* The dataplane does not run; or runs again. */
static void stop_dataplane(bool stop)
{
	char path[64], state = 0;
	CHECK(kill((pid_t)env_pid(), stop ? SIGSTOP : SIGCONT) == 0, " ");
	snprintf(path, sizeof path, "/proc/%ld/stat", env_pid());
	for (unsigned i = 0; stop && state != 'T'; i++) {
		FILE *stat = fopen(path, "r");
		CHECK(stat && fscanf(stat, "%*d (%*[^)]) %c", &state) == 1 && i < 10000, "it does not stop");
		fclose(stat);
		usleep(1000);
	}
}

/* Sends what holds the only reference to such a socket while the dataplane stands still. */
static void drops_without_waiting(const char *what, void (*send_it)(int fd))
{
	int peer, fd = lingering(&peer);
	hostile_rejoin();
	stop_dataplane(true);
	send_it(fd);
	close(fd);
	stop_dataplane(false);
	is_refused(what);
	close(peer);
}

static void as_an_eventfd(int fd)
{
	CHECK(guest_message(evil, SET_VRING_CALL, (const uint64_t[]){ 0 }, 8, fd), " ");
}

static void behind_the_header(int fd)
{
	const uint32_t head[3] = { SET_FEATURES, 1, sizeof(uint64_t) };
	uint64_t features = 0;
	struct iovec iov = { &features, sizeof features };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .align = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd) } };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes };
	memcpy(CMSG_DATA(&control.align), &fd, sizeof fd);
	CHECK(send(evil->fd, head, sizeof head, MSG_NOSIGNAL) == (ssize_t)sizeof head, " ");
	CHECK(sendmsg(evil->fd, &msg, MSG_NOSIGNAL) == (ssize_t)sizeof features, " ");
	CHECK(guest_message(evil, GET_INFLIGHT, NULL, 0, -1), " "); /* ends the connection, when its turn comes */
}

static void unread(int fd)
{
	CHECK(guest_message(evil, GET_INFLIGHT, NULL, 0, -1), " ");
	CHECK(guest_message(evil, SET_VRING_CALL, (const uint64_t[]){ 0 }, 8, fd), " ");
}

/* 14: descriptors whose end takes as long as the front end wants: librte_vhost has one thread for all. */
static void attack_lingering(void)
{
	drops_without_waiting("a socket that lingers, as an eventfd,", as_an_eventfd);
	drops_without_waiting("a message behind a socket that lingers", behind_the_header);
	drops_without_waiting("a socket that lingers, behind a message that is refused,", unread);
}

/* 14: an eventfd that is full and blocks: the worker that writes to it must not stand still. */
static void attack_full_eventfd(void)
{
	enum { PORT = 25 };
	put_port(PORT);
	struct guest *g = env_guest(PORT, 0);
	struct host h = env_host(1, PORT);
	int call = g->rx[0].call;
	eventfd_t told;
	do
		eventfd_read(call, &told); /* the guest may have been told of something by now */
	while (eventfd_write(call, UINT64_MAX - 1) != 0);
	CHECK(fcntl(call, F_SETFL, fcntl(call, F_GETFL) & ~O_NONBLOCK) == 0, " ");
	frame_udp4(&f, &ha, &h, 5, 5, "ring", 4);
	env_send(a, &f);
	hostile_others_still_talk();
	env_status(PORT); /* by the control connection of the start: it is still the same process that answers */
	/* It must not come again and again. */
	CHECK(guest_message(g, SET_VRING_CALL, (const uint64_t[]){ 0 }, 8, call), " ");
	CHECK(is_over(g), "it may try again at once");
	guest_free(g);
}

/* 14: a mistake that the library answers instead of hanging up, as fast as it can: each would be a line in the log. */
static void attack_log_file(void)
{
	const uint32_t wrong[5] = { SET_VRING_NUM, 1 | NEED_REPLY, 8, 1, 100 }; /* not a power of two */
	char answers[4096];
	for (unsigned i = 0; i < 20000; i++) {
		if (send(evil->fd, wrong, sizeof wrong, MSG_NOSIGNAL) != (ssize_t)sizeof wrong)
			break;
		while (recv(evil->fd, answers, sizeof answers, MSG_DONTWAIT) > 0)
			;
	}
	hostile_others_still_talk();
}

/* --- what is sat through -------------------------------------------------------------------------------------------------- */
/* 14: messages that a taken-over QEMU sends. Each case has a connection of its own, for most end it. */
static void attack_messages(void)
{
	uint8_t junk[512];
	for (unsigned round = 0; round < 6; round++) {
		for (unsigned i = 0; i < 40; i++) {
			uint32_t size = hostile_random() % 64;
			int fd = hostile_random() % 3 ? -1 : evil->memfd;
			for (size_t k = 0; k < sizeof junk; k++)
				junk[k] = (uint8_t)(hostile_random() % 5 ? hostile_random() % 4 : hostile_random());
			if (!guest_message(evil, hostile_random() % 45, junk, size, fd))
				break;
		}
		hostile_others_still_talk();
		hostile_rejoin();
	}
	/* Half a message, then silence. */
	uint32_t half[2] = { 5, 1 };
	CHECK(write(evil->fd, half, sizeof half) == sizeof half, " ");
	hostile_others_still_talk();
	hostile_rejoin();
	/* Ring addresses outside the memory, a huge ring, a queue that does not exist. */
	struct {
		uint32_t index, flags;
		uint64_t desc, used, avail, log;
	} addr = { 1, 0, 0x1000, 0x2000, 0x3000, 0 };
	uint32_t num[2] = { 1, 32768 }, base[2] = { 0xfffe, 77 };
	guest_message(evil, 9, &addr, sizeof addr, -1);
	guest_message(evil, 8, num, sizeof num, -1);
	guest_message(evil, 10, base, sizeof base, -1);
	hostile_others_still_talk();
	hostile_rejoin();
}

static unsigned descriptors_of_dataplane(void)
{
	char path[64];
	unsigned n = 0;
	snprintf(path, sizeof path, "/proc/%ld/fd", env_pid());
	DIR *d = opendir(path);
	CHECK(d, "%s", path);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* A message with so many descriptors. */
static bool with_descriptors(struct guest *g, uint32_t request, const void *payload, uint32_t size, unsigned n)
{
	uint32_t head[3] = { request, 1, size };
	struct iovec iov[2] = { { head, sizeof head }, { (void *)(uintptr_t)payload, size } };
	union {
		char bytes[CMSG_SPACE(32 * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = size ? 2 : 1, .msg_control = control.bytes, .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	for (unsigned i = 0; i < n; i++)
		memcpy(CMSG_DATA(c) + i * sizeof(int), &g->memfd, sizeof(int));
	return sendmsg(g->fd, &msg, MSG_NOSIGNAL) > 0;
}

/* 14: descriptors that nobody asked for, with every kind of message. */
static void attack_descriptor_flood(void)
{
	uint64_t payload[40] = { 0 };
	unsigned before = descriptors_of_dataplane();
	for (unsigned round = 0; round < 4; round++) {
		for (uint32_t request = 1; request < 45; request++) {
			for (unsigned i = 0; i < 8; i++)
				if (!with_descriptors(evil, request, payload, request % 2 ? 8 : 64, 1 + i))
					break;
			usleep(500);
		}
		hostile_rejoin();
	}
	for (unsigned i = 0; i < 100 && descriptors_of_dataplane() > before + 4; i++)
		usleep(10000);
	CHECK(descriptors_of_dataplane() <= before + 4, "%u descriptors became %u", before, descriptors_of_dataplane());
}

/* 14: a log of dirty pages whose size and offset wrap, ring indices beyond the last ring. */
static void attack_log_and_indices(void)
{
	static const uint64_t logs[][2] = { { UINT64_MAX, 0 }, { UINT64_MAX, 4096 }, { 4096, UINT64_MAX }, { 4096, UINT64_MAX - 4095 }, { 0, 0 }, { 1, 1 },
					    { 1ull << 62, 1ull << 62 } };
	for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
		guest_message(evil, 6 /* SET_LOG_BASE */, logs[i], sizeof logs[i], evil->memfd);
		usleep(20000);
		hostile_others_still_talk();
		hostile_rejoin();
	}
	static const uint32_t requests[] = { 8, 9, 10, 11, 12, 13, 14, 18 };
	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
		uint32_t payload[12] = { i % 2 ? 255 : 0x7fffffff, 256 };
		guest_message(evil, requests[i], payload, i == 1 ? 48 : 8, i == 4 || i == 5 || i == 6 ? evil->memfd : -1);
		usleep(20000);
		hostile_others_still_talk();
		hostile_rejoin();
	}
}

static int stall_stop;

/* Each connection gets a message whose payload never comes. */
static void *stall(void *arg)
{
	struct guest *g = arg;
	while (!__atomic_load_n(&stall_stop, __ATOMIC_RELAXED)) {
		const uint32_t head[3] = { 9, 1, 40 };
		if (guest_accept(g, 100) && write(g->fd, head, sizeof head) == (ssize_t)sizeof head) {
			char c;
			(void)!recv(g->fd, &c, 1, 0); /* until the dataplane has had enough */
		}
	}
	return NULL;
}

static void joins_in_time(uint32_t n)
{
	put_port(n);
	uint64_t start = env_now_ns();
	struct guest *g = env_guest(n, 0);
	CHECK(env_now_ns() - start < 6000000000u, "a new guest waited %llu ms for its network", (unsigned long long)(env_now_ns() - start) / 1000000);
	guest_free(g);
}

/* 14: messages without an end, again and again, must not keep others from connecting: librte_vhost has one thread for all. */
static void attack_endless_messages(void)
{
	pthread_t thread;
	stall_stop = 0;
	shutdown(evil->fd, SHUT_RDWR);
	CHECK(pthread_create(&thread, NULL, stall, evil) == 0, " ");
	for (uint32_t n = 20; n < 24; n++)
		joins_in_time(n);
	hostile_others_still_talk();
	__atomic_store_n(&stall_stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

/* 14: asks without reading the answers until nothing goes any more. */
static void attack_unread_answers(void)
{
	uint32_t head[3] = { 1, 1, 0 };
	hostile_rejoin();
	for (unsigned i = 0, blocked = 0; i < 100000 && blocked < 200; i++)
		if (send(evil->fd, head, sizeof head, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			blocked++;
			usleep(1000);
		}
	joins_in_time(24);
	hostile_others_still_talk();
}

int main(int argc, char *argv[])
{
	static const struct attack attacks[] = {
		{ "14: memory", attack_memory },
		{ "14: log", attack_log },
		{ "14: descriptors in flight", attack_inflight },
		{ "14: rings", attack_rings },
		{ "14: what was checked before", attack_what_was_checked },
		{ "14: call descriptors", attack_call_descriptors },
		{ "14: sockets that linger", attack_lingering },
		{ "14: a full eventfd", attack_full_eventfd },
		{ "14: the log file", attack_log_file },
		{ "14: messages", attack_messages },
		{ "14: descriptor flood", attack_descriptor_flood },
		{ "14: log and indices", attack_log_and_indices },
		{ "14: unread answers", attack_unread_answers },
		{ "14: endless messages", attack_endless_messages },
	};
	return hostile_run(argc, argv, attacks, sizeof attacks / sizeof attacks[0]);
}
