/*
 * Theory of operation
 * -------------------
 * A front end is QEMU, and QEMU may have been taken over by its guest. librte_vhost trusts it more than we can afford: it reads messages of
 * all front ends in one thread with calls that block, maps any descriptor that it is given (a file that is smaller than it says, or
 * shrinks, turns the next access into SIGBUS), lets a message size the memory that it allocates and clears, and workers write to
 * descriptors that may block. The library offers no place to look at a message before it does. So five calls of it are replaced
 * at link time (-Wl,--wrap=...):
 *
 *   connect()        gives the socket its deadlines before it is connected, so half a message or unread answers end the connection.
 *   recvmsg()        lets only those messages through that QEMU sends for a NIC, each in one piece, of exactly its size, about rings
 *                    that the port has, with descriptors of the right kind: sealed memory that is as large as it says, eventfds.
 *                    The payload is looked at while it is still in the socket; what was looked at is what the library reads.
 *                    It must also go with what was said before (peer.h). Anything else ends the connection.
 *   eventfd_write()  is how a worker tells a guest of packets. Such a descriptor does not block, but it is shared with the front end, which
 *                    can make it block again and fill it. So a worker marks that it is in there, the watchdog interrupts one that does not
 *                    come back (front_end_interrupt), and the worker puts a descriptor of ours in the place of that one.
 *   close(), read()  drop descriptors that a front end sent: those of a message that was refused, those behind a payload, and, with the
 *                    connection, those that are unread. Dropping the last reference to one can take as long as its owner wants: a TCP
 *                    socket lingers. Only a signal ends that, so there, and in recvmsg(), a thread has a timer that interrupts it.
 *
 * vhost-user protocol: QEMU, docs/interop/vhost-user.rst.
 */
#include "front_end.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "peer.h"
#include "port.h"

#define RECEIVE_US 50000
#define SEND_US 10000
#define PATIENCE_NS 20000000 /* with the end of a descriptor */
#define SOCKETS_MAX 65536
#define MEMORY_MAX (1ull << 45) /* bytes of a guest; the rest of the address space is for others */
#define NO_DESCRIPTOR 0x100 /* in the payload of a message that could bring one */

struct message {
	struct header head;
	union payload payload;
	int fd[REGIONS_MAX];
	unsigned n_fds;
};

int __real_connect(int fd, const struct sockaddr *addr, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *addr, socklen_t len);
ssize_t __real_recvmsg(int fd, struct msghdr *msg, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags);
int __real_close(int fd);
int __wrap_close(int fd);
ssize_t __real_read(int fd, void *buf, size_t size);
ssize_t __wrap_read(int fd, void *buf, size_t size);
int __real_eventfd_write(int fd, eventfd_t value);
int __wrap_eventfd_write(int fd, eventfd_t value);

/* --- connecting ----------------------------------------------------------------------------------------------------------- */
static bool set_deadlines(int fd)
{
	const struct timeval receive = { .tv_usec = RECEIVE_US }, send = { .tv_usec = SEND_US };
	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &receive, sizeof receive) == 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &send, sizeof send) == 0;
}

/* Where each socket leads to, by its descriptor. What the other end calls itself is not asked: it can be any name. */
struct connection {
	struct peer peer; /* of librte_vhost's thread */
	char path[FH_MAX_PATH];
};

static struct {
	pthread_mutex_t lock;
	struct connection *at[SOCKETS_MAX];
} sockets = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool remember(int fd, const char *path)
{
	struct connection *c = fd < SOCKETS_MAX ? calloc(1, sizeof *c) : NULL;
	if (!c)
		return false;
	snprintf(c->path, sizeof c->path, "%s", path);
	pthread_mutex_lock(&sockets.lock);
	free(sockets.at[fd]);
	sockets.at[fd] = c;
	pthread_mutex_unlock(&sockets.lock);
	return true;
}

static void forget(int fd)
{
	pthread_mutex_lock(&sockets.lock);
	if (fd >= 0 && fd < SOCKETS_MAX) {
		free(sockets.at[fd]);
		sockets.at[fd] = NULL;
	}
	pthread_mutex_unlock(&sockets.lock);
}

static bool leads_to_front_end(int fd)
{
	pthread_mutex_lock(&sockets.lock);
	bool leads = fd >= 0 && fd < SOCKETS_MAX && sockets.at[fd];
	pthread_mutex_unlock(&sockets.lock);
	return leads;
}

/* Where a message came from. It stays: librte_vhost closes no socket that its thread is at. NULL: not a front end's. */
static struct connection *connection_of(int fd)
{
	pthread_mutex_lock(&sockets.lock);
	struct connection *c = fd < SOCKETS_MAX ? sockets.at[fd] : NULL;
	pthread_mutex_unlock(&sockets.lock);
	return c;
}

/* Tells who the front end is: its vCPUs are what the workers follow. */
static void tell_connected(int fd, const char *path)
{
	struct ucred peer = { 0 };
	socklen_t len = sizeof peer;
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	port_connected_to(path, (uint32_t)peer.pid);
}

int __wrap_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct sockaddr_un un;
	if (addr->sa_family != AF_UNIX || len != sizeof un)
		return __real_connect(fd, addr, len);
	memcpy(&un, addr, sizeof un);
	if (!set_deadlines(fd) || !remember(fd, un.sun_path))
		return -1;
	int rc = __real_connect(fd, addr, len);
	if (rc == 0)
		tell_connected(fd, un.sun_path);
	return rc;
}

/* librte_vhost listens to a connection before it has noted it. If the front end left just then, what notes it would come after what frees it. */
static pthread_mutex_t connecting = PTHREAD_MUTEX_INITIALIZER;

void front_end_connects(void)
{
	pthread_mutex_lock(&connecting);
}

void front_end_connected(void)
{
	pthread_mutex_unlock(&connecting);
}

static void await_connected(void)
{
	pthread_mutex_lock(&connecting);
	pthread_mutex_unlock(&connecting);
}

/* --- dropping what a front end sent --------------------------------------------------------------------------------------- */
static __thread struct worker *self; /* NULL: not a worker */
static int silent = -1;              /* stands where a descriptor blocked; nobody listens to it. -1: signals interrupt nothing yet */
static __thread struct {
	bool made;
	timer_t id;
} timer; /* interrupts this thread */

static bool make_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1 };
	event._sigev_un._tid = gettid();
	if (!timer.made && silent >= 0)
		timer.made = timer_create(CLOCK_MONOTONIC, &event, &timer.id) == 0;
	return timer.made;
}

/* From now on the thread is interrupted again and again. */
static void arm_timer(void)
{
	static const struct itimerspec on = { .it_interval.tv_nsec = PATIENCE_NS, .it_value.tv_nsec = PATIENCE_NS };
	if (make_timer())
		timer_settime(timer.id, 0, &on, NULL);
}

static void disarm_timer(void)
{
	static const struct itimerspec off;
	int error = errno;
	if (timer.made)
		timer_settime(timer.id, 0, &off, NULL);
	errno = error;
}

int __wrap_close(int fd)
{
	if (self) /* closes nothing of a front end's */
		return __real_close(fd);
	forget(fd);
	arm_timer();
	int rc = __real_close(fd);
	disarm_timer();
	return rc;
}

ssize_t __wrap_read(int fd, void *buf, size_t size)
{
	if (self || !leads_to_front_end(fd))
		return __real_read(fd, buf, size);
	arm_timer();
	ssize_t n = __real_read(fd, buf, size);
	disarm_timer();
	return n;
}

/* --- messages ------------------------------------------------------------------------------------------------------------- */
static bool is_eventfd(int fd)
{
	static const char wanted[] = "anon_inode:[eventfd]";
	char path[32], kind[sizeof wanted] = "";
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return readlink(path, kind, sizeof kind) == sizeof wanted - 1 && memcmp(kind, wanted, sizeof wanted - 1) == 0;
}

/* Whether nobody can take the memory away again. A seal does not keep a hole out of huge pages, and there may be none to fill it. */
static bool is_firm(int fd)
{
	struct statfs fs;
	int seals = fcntl(fd, F_GET_SEALS);
	return seals >= 0 && seals & F_SEAL_SHRINK && fstatfs(fd, &fs) == 0 && fs.f_type != HUGETLBFS_MAGIC;
}

static bool holds(int fd, uint64_t offset, uint64_t size)
{
	struct stat st;
	if (!dp.unsealed && !is_firm(fd))
		return false;
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && size > 0 && offset <= (uint64_t)st.st_size && size <= (uint64_t)st.st_size - offset;
}

/* As librte_vhost will do it, which gives up the memory that there is before. All at once. */
static bool can_be_mapped(const struct message *m)
{
	void *at[REGIONS_MAX];
	uint64_t all = 0, size[REGIONS_MAX];
	uint32_t n = 0;
	bool fits = true;
	for (uint32_t i = 0; i < m->payload.memory.n && fits; i++) {
		size[i] = m->payload.memory.region[i].size + m->payload.memory.region[i].offset;
		fits = size[i] <= MEMORY_MAX && (all += size[i]) <= MEMORY_MAX;
	}
	for (; fits && n < m->payload.memory.n; n++) {
		at[n] = mmap(NULL, size[n], PROT_READ | PROT_WRITE, MAP_SHARED, m->fd[n], 0);
		if (at[n] == MAP_FAILED)
			break;
	}
	fits = fits && n == m->payload.memory.n;
	while (n)
		n--, munmap(at[n], size[n]);
	return fits;
}

static const char *fault_of_memory(const struct message *m)
{
	const union payload *p = &m->payload;
	if (p->memory.n > REGIONS_MAX || m->n_fds != p->memory.n ||
	    m->head.size != offsetof(union payload, memory.region) + p->memory.n * sizeof p->memory.region[0])
		return "a table of memory regions that does not add up";
	for (unsigned i = 0; i < p->memory.n; i++)
		if (!holds(m->fd[i], p->memory.region[i].offset, p->memory.region[i].size))
			return "memory that is no memfd of normal pages sealed against shrinking, or smaller than said; use <source type='memfd'/>";
	return can_be_mapped(m) ? NULL : "memory that cannot be mapped";
}

static const char *fault_of_descriptor(const struct message *m)
{
	if (m->n_fds != (m->payload.u64 & NO_DESCRIPTOR ? 0 : 1))
		return "a number of descriptors that does not fit";
	if (m->n_fds == 0)
		return NULL;
	if (!is_eventfd(m->fd[0]))
		return "a descriptor that is no eventfd";
	int flags = fcntl(m->fd[0], F_GETFL);
	return flags >= 0 && fcntl(m->fd[0], F_SETFL, flags | O_NONBLOCK) == 0 ? NULL : "a descriptor that blocks";
}

/* @param rings  how many the port has
 * Return: what is wrong with the message, NULL: nothing. */
static const char *fault_of(const struct message *m, unsigned rings)
{
	static const char no_ring[] = "about a ring that the port does not have", size[] = "a size that does not fit";
	const union payload *p = &m->payload;
	uint32_t wanted, ring = 0;
	switch (m->head.request) {
	case SET_MEM_TABLE:
		return fault_of_memory(m);
	case SET_LOG_BASE:
		return m->n_fds == 1 && m->head.size == sizeof p->log && holds(m->fd[0], p->log.offset, p->log.size)
			       ? NULL : "a log that is no sealed memfd, or smaller than said";
	case SET_VRING_KICK:
	case SET_VRING_CALL:
	case SET_VRING_ERR:
		if (m->head.size != sizeof p->u64)
			return size;
		return (p->u64 & 0xff) < rings ? fault_of_descriptor(m) : no_ring;
	case SET_VRING_NUM:
		if (p->ring.value > RING_MAX)
			return "a ring that is too large";
		/* fall through */
	case SET_VRING_BASE:
	case GET_VRING_BASE:
	case SET_VRING_ENABLE:
		wanted = sizeof p->ring;
		ring = p->ring.index;
		break;
	case SET_VRING_ADDR:
		wanted = sizeof p->address;
		ring = p->address.index;
		break;
	case SET_FEATURES:
	case SET_PROTOCOL_FEATURES:
	case SET_STATUS:
	case SEND_RARP:
	case NET_SET_MTU:
		wanted = sizeof p->u64;
		break;
	case GET_FEATURES:
	case GET_PROTOCOL_FEATURES:
	case GET_QUEUE_NUM:
	case GET_STATUS:
	case SET_OWNER:
		wanted = 0;
		break;
	default:
		return "of a kind that QEMU does not send for a NIC";
	}
	if (m->head.size != wanted)
		return size;
	if (m->n_fds)
		return "descriptors that nobody asked for";
	return ring < rings ? NULL : no_ring;
}

/* Takes the descriptors out of a message. Return: whether they could be as many. */
static bool note_descriptors(const struct msghdr *msg, struct message *m)
{
	bool fits = !(msg->msg_flags & (MSG_CTRUNC | MSG_TRUNC));
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR((struct msghdr *)(uintptr_t)msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (m->n_fds < REGIONS_MAX) {
				m->fd[m->n_fds++] = fd;
			} else {
				close(fd);
				fits = false;
			}
		}
	}
	return fits;
}

/* Return: what is wrong with the message that the library is about to read, "": it comes at a wrong time, NULL: nothing. */
static const char *judge(int fd, const struct msghdr *msg, struct message *m, struct connection *c)
{
	bool noted = note_descriptors(msg, m);
	unsigned rings = c ? port_rings(c->path) : 0;
	if (rings == 0)
		return ""; /* the port is being taken away */
	if (!noted)
		return "too many descriptors";
	memcpy(&m->head, msg->msg_iov[0].iov_base, sizeof m->head);
	if (m->head.size > sizeof m->payload)
		return "a size that does not fit";
	if (m->head.size && recv(fd, &m->payload, m->head.size, MSG_PEEK | MSG_DONTWAIT) != (ssize_t)m->head.size)
		return "only a part of it";
	const char *fault = fault_of(m, rings);
	return fault ? fault : peer_fault(&c->peer, m->head.request, &m->payload);
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct message m = { .n_fds = 0 };
	if (flags != 0) /* not librte_vhost, the only one that waits */
		return __real_recvmsg(fd, msg, flags);
	await_connected();
	arm_timer(); /* more descriptors than there is room for are dropped */
	ssize_t n = __real_recvmsg(fd, msg, MSG_CMSG_CLOEXEC);
	disarm_timer();
	if (n != (ssize_t)sizeof m.head)
		return n; /* an end, a fault, or half a header: the library ends the connection */
	struct connection *c = connection_of(fd);
	const char *fault = judge(fd, msg, &m, c);
	if (!fault)
		return n;
	for (unsigned i = 0; i < m.n_fds; i++)
		close(m.fd[i]);
	msg->msg_controllen = 0;
	if (*fault)
		port_refused(c->path, m.head.request, fault);
	errno = EPROTO;
	return -1;
}

/* --- telling guests ------------------------------------------------------------------------------------------------------- */
static void interrupted(int signal)
{
	(void)signal; /* only ends the system call */
}

bool front_end_init(void)
{
	struct sigaction on = { .sa_handler = interrupted }; /* no SA_RESTART */
	silent = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return silent >= 0 && sigaction(SIGUSR1, &on, NULL) == 0;
}

void front_end_worker(struct worker *w)
{
	self = w;
}

void front_end_interrupt(struct worker *w)
{
	if (fh_load(&w->telling))
		pthread_kill(w->thread, SIGUSR1);
}

int __wrap_eventfd_write(int fd, eventfd_t value)
{
	if (!self)
		return __real_eventfd_write(fd, value);
	fh_store(&self->telling, 1);
	int rc = __real_eventfd_write(fd, value);
	fh_store(&self->telling, 0);
	if (fh_unlikely(rc != 0 && errno == EINTR)) {
		/* The worker has the ring's lock: nobody closes the descriptor meanwhile. */
		dup3(silent, fd, O_CLOEXEC);
		port_blocked_worker(fd);
	}
	return rc;
}
