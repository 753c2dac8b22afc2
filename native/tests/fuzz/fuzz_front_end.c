/*
 * libFuzzer target of front_end.c: what a front end may send. The filter, its wraps and the sockets are the real thing; librte_vhost is played
 * by serve(), which reads a message as read_vhost_message() of DPDK 22.11 does; ports are two names with a number of rings.
 *
 * An input is a list of steps, each a message that begins as a proper one and is then spoiled as the step says: fields, stated and sent
 * sizes, bytes anywhere, the number and the kinds of the descriptors, the pieces that it comes in, and what is unread before it.
 *
 * Checked, by a table of the protocol of its own (rules[]): what is let through is proper, is what was sent, and its eventfds do not
 * block; what is proper and comes in one piece is let through; a refusal is told once and ends the connection; nothing waits; no
 * descriptor stays open.
 */
#include "corpus.h"
#include "front_end.h"
#include "must.h"
#include "peer.h"
#include "port.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LIBRARY_FDS 8      /* as many as librte_vhost takes with a message */
#define RING_LIMIT 4096    /* descriptors */
#define FDS_MAX 32         /* sent with a message */
#define PAYLOAD_MAX 512    /* sent */
#define FDS_WATCHED 256    /* numbers that may not stay open */
#define WAIT_S 40          /* instead of the socket's deadline, so that a wait is told from a slow machine */
#define WAITED_S 35

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct dp dp;

/* --- ports ------------------------------------------------------------------------------------------------------------------- */
static struct {
	char folder[64], path[2][80];
	int listener[2];
	unsigned rings[2];
	bool leaving;
	unsigned refusals, connects;
} ports = { .rings = { 2, 8 } };

static unsigned port_of(const char *path)
{
	unsigned i = strcmp(path, ports.path[1]) == 0;
	MUST(strcmp(path, ports.path[i]) == 0);
	return i;
}

void port_connected_to(const char *path, uint32_t pid)
{
	port_of(path);
	MUST(pid == (uint32_t)getpid());
	ports.connects++;
}

unsigned port_rings(const char *path)
{
	return ports.leaving ? 0 : ports.rings[port_of(path)];
}

void port_refused(const char *path, uint32_t request, const char *fault)
{
	(void)request;
	port_of(path);
	MUST(fault && *fault && !ports.leaving);
	ports.refusals++;
}

void port_blocked_worker(int call_fd)
{
	(void)call_fd;
	abort(); /* there are no workers */
}

/* --- what is proper ---------------------------------------------------------------------------------------------------------- */
enum about { NOTHING, RING, RING_SIZE, RING_DESCRIPTOR, TABLE, LOG };

/* By number: what QEMU's docs/interop/vhost-user.rst says of the requests that a NIC needs. */
static const struct rule {
	bool known;
	uint8_t size;
	enum about about;
} rules[] = {
	[1] = { true, 0, NOTHING },           /* GET_FEATURES */
	[2] = { true, 8, NOTHING },           /* SET_FEATURES */
	[3] = { true, 0, NOTHING },           /* SET_OWNER */
	[5] = { true, 0, TABLE },             /* SET_MEM_TABLE */
	[6] = { true, 16, LOG },              /* SET_LOG_BASE */
	[8] = { true, 8, RING_SIZE },         /* SET_VRING_NUM */
	[9] = { true, 40, RING },             /* SET_VRING_ADDR */
	[10] = { true, 8, RING },             /* SET_VRING_BASE */
	[11] = { true, 8, RING },             /* GET_VRING_BASE */
	[12] = { true, 8, RING_DESCRIPTOR },  /* SET_VRING_KICK */
	[13] = { true, 8, RING_DESCRIPTOR },  /* SET_VRING_CALL */
	[14] = { true, 8, RING_DESCRIPTOR },  /* SET_VRING_ERR */
	[15] = { true, 0, NOTHING },          /* GET_PROTOCOL_FEATURES */
	[16] = { true, 8, NOTHING },          /* SET_PROTOCOL_FEATURES */
	[17] = { true, 0, NOTHING },          /* GET_QUEUE_NUM */
	[18] = { true, 8, RING },             /* SET_VRING_ENABLE */
	[19] = { true, 8, NOTHING },          /* SEND_RARP */
	[20] = { true, 8, NOTHING },          /* NET_SET_MTU */
	[39] = { true, 8, NOTHING },          /* SET_STATUS */
	[40] = { true, 0, NOTHING },          /* GET_STATUS */
};
#define N_RULES (sizeof rules / sizeof rules[0])

/* What a descriptor leads to. */
struct thing {
	bool event;
	bool file;       /* that can be mapped */
	bool firm;       /* memory that nobody can take away */
	uint64_t size;
};

struct message {
	uint32_t request, flags, size; /* the header, as it is sent */
	uint8_t payload[PAYLOAD_MAX];
	unsigned n_fds;
	struct thing thing[FDS_MAX];
};

static struct peer said; /* on this connection, as far as it was let through */

/* Whether a proper message goes with what was said before. */
static bool goes_with(struct peer *p, const struct message *m)
{
	union payload payload;
	memset(&payload, 0, sizeof payload);
	memcpy(&payload, m->payload, m->size < sizeof payload ? m->size : sizeof payload);
	return !peer_fault(p, m->request, &payload);
}

static uint32_t u32_at(const struct message *m, size_t at)
{
	uint32_t v;
	memcpy(&v, m->payload + at, sizeof v);
	return v;
}

static uint64_t u64_at(const struct message *m, size_t at)
{
	uint64_t v;
	memcpy(&v, m->payload + at, sizeof v);
	return v;
}

static bool covers(const struct thing *t, uint64_t size, uint64_t offset)
{
	unsigned __int128 end = (unsigned __int128)offset + size;
	return t->file && (t->firm || dp.unsealed) && size > 0 && end <= t->size;
}

static bool is_proper_table(const struct message *m)
{
	uint32_t n = u32_at(m, 0);
	bool proper = m->size >= 8 && n <= 8 && m->size == 8 + n * 32 && m->n_fds == n;
	for (uint32_t i = 0; proper && i < n; i++)
		proper = covers(&m->thing[i], u64_at(m, 8 + i * 32 + 8), u64_at(m, 8 + i * 32 + 24));
	return proper;
}

static bool is_proper(const struct message *m, unsigned rings)
{
	if (m->request >= N_RULES || !rules[m->request].known)
		return false;
	const struct rule *r = &rules[m->request];
	if (r->about == TABLE)
		return is_proper_table(m);
	if (m->size != r->size)
		return false;
	switch (r->about) {
	case LOG:
		return m->n_fds == 1 && covers(&m->thing[0], u64_at(m, 0), u64_at(m, 8));
	case RING_DESCRIPTOR:
		return m->payload[0] < rings && (m->payload[1] & 1 ? m->n_fds == 0 : m->n_fds == 1 && m->thing[0].event);
	case RING_SIZE:
		return m->n_fds == 0 && u32_at(m, 0) < rings && u32_at(m, 4) <= RING_LIMIT;
	case RING:
		return m->n_fds == 0 && u32_at(m, 0) < rings;
	default:
		return m->n_fds == 0;
	}
}

/* --- descriptors ------------------------------------------------------------------------------------------------------------- */
enum kind {
	EVENT, EVENT_BLOCKING, SEALED, SEALED_SMALL, SEALED_EMPTY, LOOSE, SEALED_OTHERWISE, HUGE, TEMPORARY, NULL_DEVICE, FULL_PIPE, TIMER, SOCKET,
	EVENT_BY_PATH, FOLDER, KINDS
};
#define LARGE 65536
#define SMALL 4096

static struct {
	int fd;
	struct thing is;
} kinds[KINDS];

static int memory(unsigned flags, off_t size, int seals)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);
	if (fd < 0 && flags)
		return open("/dev/null", O_RDWR | O_CLOEXEC); /* a kernel without huge pages */
	MUST(fd >= 0 && ftruncate(fd, size) == 0 && fcntl(fd, F_ADD_SEALS, seals) == 0);
	return fd;
}

static int full_pipe(void)
{
	static const char bytes[4096];
	int ends[2];
	MUST(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
	while (write(ends[1], bytes, sizeof bytes) > 0)
		;
	MUST(fcntl(ends[1], F_SETFL, 0) == 0);
	return ends[1];
}

static int by_path(int fd)
{
	char path[32];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, O_PATH | O_CLOEXEC);
}

static void make(enum kind kind, int fd, struct thing is)
{
	MUST(fd >= 0);
	kinds[kind].fd = fd;
	kinds[kind].is = is;
}

static void make_kinds(void)
{
	make(EVENT, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), (struct thing){ .event = true });
	make(EVENT_BLOCKING, eventfd(0, EFD_CLOEXEC), (struct thing){ .event = true });
	make(SEALED, memory(0, LARGE, F_SEAL_SHRINK), (struct thing){ .file = true, .firm = true, .size = LARGE });
	make(SEALED_SMALL, memory(0, SMALL, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), (struct thing){ .file = true, .firm = true, .size = SMALL });
	make(SEALED_EMPTY, memory(0, 0, F_SEAL_SHRINK), (struct thing){ .file = true, .firm = true });
	make(LOOSE, memory(0, LARGE, 0), (struct thing){ .file = true, .size = LARGE });
	make(SEALED_OTHERWISE, memory(0, LARGE, F_SEAL_GROW | F_SEAL_SEAL), (struct thing){ .file = true, .size = LARGE });
	make(TEMPORARY, open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), (struct thing){ .file = true, .size = LARGE });
	MUST(ftruncate(kinds[TEMPORARY].fd, LARGE) == 0);
	make(NULL_DEVICE, open("/dev/null", O_RDWR | O_CLOEXEC), (struct thing){ 0 });
	make(FULL_PIPE, full_pipe(), (struct thing){ 0 });
	make(TIMER, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), (struct thing){ 0 });
	make(SOCKET, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), (struct thing){ 0 });
	make(EVENT_BY_PATH, by_path(kinds[EVENT].fd), (struct thing){ 0 });
	make(FOLDER, open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC), (struct thing){ 0 });
	/* Huge pages need not be there: the size is what is asked for, the file is never touched. */
	make(HUGE, memory(MFD_HUGETLB, 2 << 20, F_SEAL_SHRINK), (struct thing){ 0 });
	struct stat st;
	MUST(fstat(kinds[HUGE].fd, &st) == 0);
	if (S_ISREG(st.st_mode))
		kinds[HUGE].is = (struct thing){ .file = true, .size = 2 << 20 };
}

/* What was received: asked of the kernel. */
static struct thing inspect(int fd)
{
	struct stat st;
	struct statfs fs;
	char path[40], info[256] = "";
	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	int f = open(path, O_RDONLY | O_CLOEXEC);
	MUST(f >= 0 && read(f, info, sizeof info - 1) > 0 && close(f) == 0);
	MUST(fstat(fd, &st) == 0 && fstatfs(fd, &fs) == 0);
	int seals = fcntl(fd, F_GET_SEALS);
	return (struct thing){ .event = strstr(info, "eventfd-count:") != NULL, .file = S_ISREG(st.st_mode), .size = (uint64_t)st.st_size,
			       .firm = seals >= 0 && seals & F_SEAL_SHRINK && fs.f_type != HUGETLBFS_MAGIC };
}

/* --- a connection ------------------------------------------------------------------------------------------------------------ */
static int ours = -1, theirs = -1; /* the library's end, the front end's; -1: there is none */
static unsigned at_port;

/* Messages that are unread, each sent in one piece: what must become of them is known. */
#define OWED_MAX 16
static struct {
	struct message m[OWED_MAX];
	unsigned n;
	bool unknown; /* something else is unread, too */
} owed;

static void hang_up(void)
{
	memset(&said, 0, sizeof said);
	owed.n = 0;
	owed.unknown = false;
	if (ours >= 0)
		close(ours);
	if (theirs >= 0)
		close(theirs);
	ours = theirs = -1;
}

static bool has_deadline(int fd, int option)
{
	struct timeval t = { 0 };
	socklen_t len = sizeof t;
	return getsockopt(fd, SOL_SOCKET, option, &t, &len) == 0 && t.tv_sec == 0 && t.tv_usec > 0;
}

/* If there is no connection, as librte_vhost does it: create_unix_socket(), vhost_user_connect_nonblock(). */
static void meet(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const struct timeval wait = { .tv_sec = WAIT_S };
	unsigned before = ports.connects;
	if (ours >= 0)
		return;
	snprintf(un.sun_path, sizeof un.sun_path, "%s", ports.path[at_port]);
	ours = socket(AF_UNIX, SOCK_STREAM, 0);
	MUST(ours >= 0 && fcntl(ours, F_SETFL, O_NONBLOCK) == 0);
	MUST(connect(ours, (const struct sockaddr *)&un, sizeof un) == 0 && ports.connects == before + 1);
	theirs = accept4(ports.listener[at_port], NULL, NULL, SOCK_CLOEXEC);
	MUST(theirs >= 0 && fcntl(ours, F_SETFL, 0) == 0 && has_deadline(ours, SO_RCVTIMEO) && has_deadline(ours, SO_SNDTIMEO));
	MUST(setsockopt(ours, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0);
}

static uint64_t now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec;
}

/* A message's header and descriptors, as read_fd_message() reads them. Return: as recvmsg(). */
static ssize_t receive(struct message *m, int fds[LIBRARY_FDS])
{
	union {
		char bytes[CMSG_SPACE(LIBRARY_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { m, 12 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes };
	uint64_t start = now_s();
	ssize_t n = recvmsg(ours, &msg, 0);
	MUST(now_s() - start < WAITED_S);
	if (n <= 0)
		return n;
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
		m->n_fds = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		MUST(m->n_fds <= LIBRARY_FDS);
		memcpy(fds, CMSG_DATA(c), m->n_fds * sizeof(int));
	}
	return n;
}

/* What was let through. */
static void check(struct message *m, const int fds[LIBRARY_FDS])
{
	int unread = 0;
	MUST(m->size <= PAYLOAD_MAX);
	MUST(ioctl(ours, FIONREAD, &unread) == 0 && (uint32_t)unread >= m->size);
	MUST(m->size == 0 || read(ours, m->payload, m->size) == (ssize_t)m->size);
	for (unsigned i = 0; i < m->n_fds; i++) {
		m->thing[i] = inspect(fds[i]);
		MUST(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
		MUST(!m->thing[i].event || fcntl(fds[i], F_GETFL) & O_NONBLOCK);
	}
	MUST(!ports.leaving && is_proper(m, ports.rings[at_port]) && goes_with(&said, m));
}

/* librte_vhost's turn: reads a message. Return: whether it got one; otherwise the connection has ended. */
static bool serve(struct message *m)
{
	int fds[LIBRARY_FDS];
	unsigned before = ports.refusals;
	memset(m, 0, sizeof *m);
	ssize_t n = receive(m, fds);
	if (n == 12)
		check(m, fds);
	MUST(ports.refusals == before || (ports.refusals == before + 1 && n < 0));
	for (unsigned i = 0; i < m->n_fds; i++)
		close(fds[i]);
	if (n != 12)
		hang_up();
	return n == 12;
}

/* --- steps ------------------------------------------------------------------------------------------------------------------- */
enum { /* what is spoiled */
	SPOIL_SIZE = 1, SPOIL_LENGTH = 2, SPOIL_BYTES = 4, SPOIL_FDS = 8, SPLIT = 16, SPLIT_UNREAD = 32, STAY_UNREAD = 64, LATE_FDS = 128,
};
enum { /* what happens before */
	OTHER_PORT = 1, LEAVE = 2, COME_BACK = 4, UNSEALED = 8, HANG_UP = 16, NO_FD = 32,
};

struct step {
	uint8_t request; /* modulo those that there are; beyond LAST_REQUEST: whatever it says */
	uint8_t spoil, before;
	uint8_t size_change, length_change;
	uint8_t split;   /* after that many bytes */
	uint8_t at, xor[4]; /* bytes to spoil */
	uint8_t ring, value;
	uint8_t n_regions, n_fds;
	uint8_t kind[8];
	uint8_t extent[8]; /* of a region: size, offset */
} __attribute__((packed));
#define LAST_REQUEST 0xbf

struct wire {
	uint8_t bytes[12 + PAYLOAD_MAX];
	size_t len; /* sent */
	unsigned n_fds;
	enum kind kind[FDS_MAX];
};

/* By little, by one of the protocol's sizes, or anyhow. */
static int change(uint8_t choice)
{
	static const int changes[] = { 1, -1, 4, -4, 8, -8, 32, -32 };
	return choice & 0x80 ? choice - 0xc0 : changes[choice % 8];
}

/* Sizes and offsets beside those of what a descriptor leads to. */
static uint64_t extent(unsigned choice, uint64_t size)
{
	const uint64_t choices[] = { size, size + 1, 0, 1, SMALL, UINT64_MAX, UINT64_MAX - SMALL + 1, size - 1, 1ull << 63, size / 2 };
	return choices[choice % (sizeof choices / sizeof choices[0])];
}

static void put(struct wire *w, size_t at, const void *value, size_t size)
{
	memcpy(w->bytes + 12 + at, value, size);
}

/* The regions of a table (at 8), or what a log is (at 0). */
static void put_extent(struct wire *w, size_t at, size_t offset_at, enum kind kind, uint8_t choice)
{
	uint64_t size = extent(choice & 15, kinds[kind].is.size), offset = choice >> 4 ? extent((choice >> 4) - 1u, kinds[kind].is.size) : 0;
	put(w, at, &size, sizeof size);
	put(w, offset_at, &offset, sizeof offset);
}

/* Return: how many descriptors go with it. */
static unsigned fill(struct wire *w, const struct step *s, const struct rule *r, uint32_t *size)
{
	static const uint32_t values[] = { 256, 0, 1, RING_LIMIT, RING_LIMIT + 1, RING_LIMIT * 2, UINT16_MAX, UINT32_MAX };
	uint32_t ring = s->ring, value = values[s->value % 8], n = s->n_regions % 10;
	uint64_t packed = s->ring | (s->before & NO_FD ? 0x100u : 0);
	*size = r->size;
	switch (r->about) {
	case TABLE:
		*size = 8 + n * 32;
		put(w, 0, &n, sizeof n);
		for (uint32_t i = 0; i < n; i++)
			put_extent(w, 8 + i * 32 + 8, 8 + i * 32 + 24, w->kind[i], s->extent[i % 8]);
		return n;
	case LOG:
		put_extent(w, 0, 8, w->kind[0], s->extent[0]);
		return 1;
	case RING_DESCRIPTOR:
		put(w, 0, &packed, sizeof packed);
		return s->before & NO_FD ? 0 : 1;
	default:
		put(w, 0, &ring, sizeof ring);
		put(w, 4, &value, sizeof value);
		return 0;
	}
}

static void compose(struct wire *w, const struct step *s)
{
	static const struct rule nothing;
	uint32_t head[3] = { s->request > LAST_REQUEST ? s->request - LAST_REQUEST : s->request % N_RULES, 1, 0 };
	memset(w, 0, sizeof *w);
	for (unsigned i = 0; i < FDS_MAX; i++)
		w->kind[i] = s->kind[i % 8] % KINDS;
	w->n_fds = fill(w, s, head[0] < N_RULES ? &rules[head[0]] : &nothing, &head[2]);
	w->len = 12 + head[2];
	if (s->spoil & SPOIL_SIZE) { /* and so much is sent */
		head[2] += (uint32_t)change(s->size_change);
		w->len += (size_t)change(s->size_change);
	}
	memcpy(w->bytes, head, sizeof head);
	if (s->spoil & SPOIL_LENGTH) /* but not stated */
		w->len += (size_t)change(s->length_change);
	w->len = (size_t)RTE_MIN(RTE_MAX((ssize_t)w->len, 1), (ssize_t)sizeof w->bytes);
	if (s->spoil & SPOIL_BYTES)
		for (unsigned i = 0; i < sizeof s->xor; i++)
			w->bytes[s->at + i] ^= s->xor[i];
	if (s->spoil & SPOIL_FDS)
		w->n_fds = s->n_fds & 0x80 ? s->n_fds % FDS_MAX : w->n_fds ? w->n_fds - 1 + s->n_fds % 3 : 1;
}

/* Return: whether all of it was sent. */
static bool send_part(const struct wire *w, size_t from, size_t to, unsigned n_fds)
{
	union {
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)(w->bytes + from), to - from };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	if (n_fds) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		for (unsigned i = 0; i < n_fds; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &kinds[w->kind[i]].fd, sizeof(int));
	}
	return sendmsg(theirs, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)(to - from);
}

static void owe(const struct wire *w)
{
	struct message *m = &owed.m[owed.n];
	owed.unknown |= owed.n == OWED_MAX || w->len < 12;
	if (owed.unknown)
		return;
	memset(m, 0, sizeof *m);
	memcpy(m, w->bytes, 12);
	memcpy(m->payload, w->bytes + 12, PAYLOAD_MAX);
	m->n_fds = w->n_fds;
	for (unsigned i = 0; i < w->n_fds; i++)
		m->thing[i] = kinds[w->kind[i]].is;
	owed.unknown = w->len != 12 + (size_t)m->size;
	owed.n++;
}

static void pay(const struct message *sent)
{
	struct message got;
	struct peer before_it = said;
	bool proper = !ports.leaving && is_proper(sent, ports.rings[at_port]) && goes_with(&before_it, sent);
	unsigned before = ports.refusals;
	MUST(serve(&got) == proper);
	MUST(ports.refusals == before + (!proper && !ports.leaving));
	if (proper)
		MUST(memcmp(&got, sent, 12) == 0 && memcmp(got.payload, sent->payload, sent->size) == 0 && got.n_fds == sent->n_fds);
}

static bool is_readable(void)
{
	struct pollfd p = { .fd = ours, .events = POLLIN };
	return ours >= 0 && poll(&p, 1, 0) == 1;
}

static void serve_all(void)
{
	struct message m;
	for (unsigned i = 0; i < owed.n && !owed.unknown && ours >= 0; i++)
		pay(&owed.m[i]);
	while (is_readable())
		serve(&m);
	owed.n = 0;
	owed.unknown = false;
}

/* In two pieces; the library may look in between. */
static void send_split(const struct wire *w, const struct step *s)
{
	size_t cut = (s->split & 0x80 ? s->split : 12u) % w->len; /* anywhere, or behind the header */
	owed.unknown = true;
	if (cut && !send_part(w, 0, cut, s->spoil & LATE_FDS ? 0 : w->n_fds))
		return;
	if (!(s->spoil & SPLIT_UNREAD))
		serve_all();
	owed.unknown = true;
	if (theirs >= 0)
		send_part(w, cut, w->len, s->spoil & LATE_FDS || !cut ? w->n_fds : 0);
}

static void take(const struct step *s)
{
	struct wire w;
	if (s->before & OTHER_PORT) {
		hang_up();
		at_port = !at_port;
	}
	ports.leaving = s->before & LEAVE || (ports.leaving && !(s->before & COME_BACK));
	dp.unsealed = s->before & UNSEALED;
	meet();
	MUST(fcntl(kinds[EVENT_BLOCKING].fd, F_SETFL, 0) == 0);
	compose(&w, s);
	if (s->spoil & SPLIT)
		send_split(&w, s);
	else if (send_part(&w, 0, w.len, w.n_fds))
		owe(&w);
	else
		owed.unknown = true;
	if (s->before & HANG_UP && theirs >= 0) {
		close(theirs);
		theirs = -1;
	}
	if (!(s->spoil & STAY_UNREAD))
		serve_all();
	if (theirs < 0)
		hang_up();
}

/* --- the corpus' beginning --------------------------------------------------------------------------------------------------- */
static struct step proper_step(uint8_t request)
{
	struct step s = { .request = request, .ring = 1, .n_regions = 2 };
	memset(s.kind, rules[request].about == RING_DESCRIPTOR ? EVENT_BLOCKING : SEALED, sizeof s.kind);
	return s;
}

static void write_step(FILE *f, const struct step *s)
{
	MUST(fwrite(s, sizeof *s, 1, f) == 1);
}

/* All requests as they should be, each alone. */
static void write_proper(FILE *f)
{
	for (uint8_t request = 1; request < N_RULES; request++) {
		struct step s = proper_step(request);
		if (rules[request].known)
			write_step(f, &s);
	}
}

/* The same, several at a time. */
static void write_queued(FILE *f)
{
	for (uint8_t request = 1; request < N_RULES; request++) {
		struct step s = proper_step(request);
		s.spoil = request % 4 ? STAY_UNREAD : 0;
		if (rules[request].known)
			write_step(f, &s);
	}
}

/* All numbers, each spoiled in a way. */
static void write_spoiled(FILE *f)
{
	static const uint8_t spoils[] = { SPOIL_SIZE, SPOIL_LENGTH, SPOIL_BYTES, SPOIL_FDS, SPLIT, SPLIT | SPLIT_UNREAD,
					  SPOIL_FDS | SPLIT | SPLIT_UNREAD | LATE_FDS };
	for (uint8_t request = 1; request < N_RULES; request++) {
		struct step s = proper_step(request);
		s.spoil = spoils[request % sizeof spoils];
		s.n_fds = 2;
		write_step(f, &s);
	}
}

/* Ring sizes, kinds of descriptors, what of a file is asked for, one descriptor more or less. */
static void write_edges(FILE *f)
{
	struct step s = proper_step(8);
	for (s.value = 0; s.value < 8; s.value++)
		write_step(f, &s);
	s = proper_step(6);
	for (s.kind[0] = 0; s.kind[0] < KINDS; s.kind[0]++)
		write_step(f, &s);
	s = proper_step(6);
	for (s.extent[0] = 0; s.extent[0] < 0xa0; s.extent[0] = (uint8_t)(s.extent[0] + 0x11))
		write_step(f, &s);
	s = proper_step(5);
	s.spoil = SPOIL_FDS;
	for (s.n_fds = 0; s.n_fds < 3; s.n_fds++)
		write_step(f, &s);
}

/* --- the target -------------------------------------------------------------------------------------------------------------- */
static void remove_ports(void)
{
	corpus_remove_folder(ports.folder);
}

static void make_ports(void)
{
	strcpy(ports.folder, "/dev/shm/fuzz-ports-XXXXXX");
	MUST(mkdtemp(ports.folder));
	atexit(remove_ports);
	for (unsigned i = 0; i < 2; i++) {
		struct sockaddr_un un = { .sun_family = AF_UNIX };
		snprintf(ports.path[i], sizeof ports.path[i], "%s/%u", ports.folder, i);
		strcpy(un.sun_path, ports.path[i]);
		ports.listener[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		MUST(ports.listener[i] >= 0 && bind(ports.listener[i], (const struct sockaddr *)&un, sizeof un) == 0 && listen(ports.listener[i], 1) == 0);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	MUST(front_end_init());
	make_ports();
	make_kinds();
	corpus_begin("fuzz-front-end", argc, argv);
	corpus_add("proper", write_proper);
	corpus_add("queued", write_queued);
	corpus_add("spoiled", write_spoiled);
	corpus_add("edges", write_edges);
	return 0;
}

static unsigned open_descriptors(void)
{
	unsigned n = 0;
	for (int fd = 0; fd < FDS_WATCHED; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned before = open_descriptors();
	at_port = 0;
	ports.leaving = false;
	for (; size >= sizeof(struct step); data += sizeof(struct step), size -= sizeof(struct step)) {
		struct step s;
		memcpy(&s, data, sizeof s);
		take(&s);
	}
	hang_up();
	MUST(open_descriptors() == before);
	return 0;
}
