/*
 * Deadlines on the sockets of front ends.
 *
 * librte_vhost reads and answers messages of all front ends in one thread, with calls that block: one that announces a payload and never
 * sends it, or never reads its answers, would keep every other guest from connecting. The library offers no way to set a deadline, so its
 * connect() is replaced at link time (-Wl,--wrap=connect): a socket has its deadlines before it is connected. QEMU sends a message in one piece
 * and reads each answer before it sends more, so both times are plenty. Whoever lets them pass loses the connection (a message that does not
 * end) or that answer, and port.c looks after those who come back to do it again.
 *
 * The same place tells who the front end is: its vCPUs are what the workers follow.
 */
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "port.h"

#define RECEIVE_US 50000
#define SEND_US 10000

int __real_connect(int fd, const struct sockaddr *addr, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *addr, socklen_t len);

static bool set_deadlines(int fd)
{
	const struct timeval receive = { .tv_usec = RECEIVE_US }, send = { .tv_usec = SEND_US };
	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &receive, sizeof receive) == 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &send, sizeof send) == 0;
}

static void tell_front_end(int fd, const struct sockaddr *addr)
{
	struct sockaddr_un un = { 0 };
	struct ucred peer;
	socklen_t len = sizeof peer;
	memcpy(&un, addr, sizeof un);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0)
		port_connected_to(un.sun_path, (uint32_t)peer.pid);
}

int __wrap_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	bool front_end = addr->sa_family == AF_UNIX && len == sizeof(struct sockaddr_un);
	if (front_end && !set_deadlines(fd))
		return -1;
	int rc = __real_connect(fd, addr, len);
	if (front_end && rc == 0)
		tell_front_end(fd, addr);
	return rc;
}
