/*
 * Theory of operation
 * -------------------
 * One thread, one epoll: the listening socket, its clients, the ports' events. A request is served to its end before the
 * next one. Only root and the dataplane's own user may connect (SO_PEERCRED; the socket is 0600 besides).
 *
 * Nothing that a client does holds up the others: sockets are non-blocking, a request comes in one datagram, a payload in
 * a memfd is taken only when it is sealed (so it cannot change or shrink under our hands) and of the announced size. An
 * answer that does not fit the client's receive buffer closes the connection.
 */
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "port.h"
#include "query.h"
#include "uplink.h"
#include "freehold/wire.h"

#define MAX_CLIENTS 32
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static struct {
	int epoll, listener;
	unsigned clients;
	char path[FH_MAX_PATH];
	uint8_t in[sizeof(struct fh_wire_header) + FH_WIRE_INLINE];
	struct {
		struct fh_wire_header h;
		uint8_t payload[FH_WIRE_MAX_REPLY];
	} out;
} ctl = { .epoll = -1, .listener = -1 };

enum { EVENT_LISTENER = -1, EVENT_PORTS = -2, EVENT_UPLINKS = -3 };

static bool watch(int fd, int id)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = id };
	return epoll_ctl(ctl.epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

static bool watch_uplinks(void)
{
	bool ok = watch(uplinks_wake_fd(), EVENT_UPLINKS);
	for (unsigned i = 0; i < dp.n_uplinks; i++)
		ok &= watch(dp.uplinks[i]->control_fd, EVENT_UPLINKS);
	return ok;
}

bool control_open(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof addr.sun_path) {
		dp_log(LOG_ERR, "the control socket's path is longer than %zu characters; choose a shorter one", sizeof addr.sun_path - 1);
		return false;
	}
	strcpy(addr.sun_path, path);
	strcpy(ctl.path, path);
	ctl.epoll = epoll_create1(EPOLL_CLOEXEC);
	ctl.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* The state directory's lock says that no other dataplane lives: a socket that is there is a dead one's. */
	unlink(path);
	mode_t mask = umask(0177);
	bool ok = ctl.epoll >= 0 && ctl.listener >= 0 && bind(ctl.listener, (struct sockaddr *)&addr, sizeof addr) == 0 &&
		  listen(ctl.listener, 16) == 0 && watch(ctl.listener, EVENT_LISTENER) && watch(port_event_fd(), EVENT_PORTS) &&
		  watch_uplinks();
	umask(mask);
	if (!ok)
		dp_log(LOG_ERR, "cannot listen at %s: %s", path, strerror(errno));
	return ok;
}

void control_close(void)
{
	unlink(ctl.path);
}

static void disconnect(int fd)
{
	close(fd);
	ctl.clients--;
}

static void accept_client(void)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	int fd = accept4(ctl.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || (peer.uid != 0 && peer.uid != geteuid())) {
		dp_log(LOG_WARNING, "refused a control connection of user %u", (unsigned)peer.uid);
		close(fd);
		return;
	}
	if (ctl.clients == MAX_CLIENTS || !watch(fd, fd)) {
		close(fd);
		return;
	}
	ctl.clients++;
}

static void answer(int fd, int32_t result, size_t len)
{
	ctl.out.h.type |= FH_WIRE_REPLY;
	ctl.out.h.flags = 0;
	ctl.out.h.result = result;
	ctl.out.h.payload_len = len;
	if (send(fd, &ctl.out, sizeof ctl.out.h + len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		disconnect(fd);
}

/* Return: the payload mapped read-only, or NULL when the descriptor is not what it must be. */
static void *map_payload(int memfd, uint64_t len)
{
	struct stat st;
	int seals = fcntl(memfd, F_GET_SEALS);
	if (seals < 0 || (seals & SEALS) != SEALS || fstat(memfd, &st) != 0 || (uint64_t)st.st_size != len)
		return NULL;
	void *p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, memfd, 0);
	return p == MAP_FAILED ? NULL : p;
}

static void serve_request(int fd, const uint8_t *inline_payload, size_t inline_len, int memfd)
{
	const struct fh_wire_header *h = &ctl.out.h;
	const void *payload = inline_payload;
	size_t out_len = 0;
	void *mapped = NULL;
	if (h->payload_len > FH_WIRE_MAX_PAYLOAD) {
		answer(fd, FH_ELIMIT, 0);
		return;
	}
	if (h->flags & FH_WIRE_MEMFD) {
		mapped = memfd >= 0 && inline_len == 0 ? map_payload(memfd, h->payload_len) : NULL;
		if (!mapped) {
			answer(fd, FH_EPROTO, 0);
			return;
		}
		payload = mapped;
	} else if (h->payload_len != inline_len) {
		answer(fd, FH_EPROTO, 0);
		return;
	}
	size_t len = (size_t)h->payload_len;
	int rc = query_serve(h->type, payload, len, ctl.out.payload, sizeof ctl.out.payload, &out_len);
	answer(fd, rc, out_len);
	if (mapped)
		munmap(mapped, len);
}

static void serve_client(int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { ctl.in, sizeof ctl.in };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes };
	int memfd = -1;
	ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	for (struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL; c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
			memcpy(&memfd, CMSG_DATA(c), sizeof memfd);
	if (n < (ssize_t)sizeof(struct fh_wire_header) || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		disconnect(fd);
	} else {
		memcpy(&ctl.out.h, ctl.in, sizeof ctl.out.h);
		if (ctl.out.h.magic != FH_WIRE_MAGIC || ctl.out.h.version != FH_WIRE_VERSION) {
			ctl.out.h.magic = FH_WIRE_MAGIC;
			ctl.out.h.version = FH_WIRE_VERSION;
			answer(fd, FH_EPROTO, 0);
		} else {
			serve_request(fd, ctl.in + sizeof ctl.out.h, (size_t)n - sizeof ctl.out.h, memfd);
		}
	}
	if (memfd >= 0)
		close(memfd);
}

void control_serve(int timeout_ms)
{
	struct epoll_event events[16];
	int n = epoll_wait(ctl.epoll, events, 16, timeout_ms);
	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == EVENT_LISTENER)
			accept_client();
		else if (events[i].data.fd == EVENT_PORTS)
			ports_handle_events();
		else if (events[i].data.fd == EVENT_UPLINKS)
			continue; /* uplinks_tick() comes in each round */
		else
			serve_client(events[i].data.fd);
	}
}
