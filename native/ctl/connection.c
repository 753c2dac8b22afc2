/*
 * The connection: requests with deadlines.
 *
 * The socket is non-blocking and each wait is a poll() bounded by the call's deadline. After a timeout the answer may
 * still arrive; it is recognised by its request number and discarded by the next call.
 */
#include "connection.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static uint64_t now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

/* Return: FH_OK when the socket is ready for events, else why not. */
static int await(int fd, short events, uint64_t deadline)
{
	for (;;) {
		uint64_t now = now_ms();
		struct pollfd p = { .fd = fd, .events = events };
		int n = poll(&p, 1, now >= deadline ? 0 : (int)(deadline - now));
		if (n > 0)
			return p.revents & (events | POLLHUP | POLLERR) ? FH_OK : FH_ECLOSED;
		if (n == 0)
			return FH_ETIMEDOUT;
		if (errno != EINTR)
			return FH_EINTERNAL;
	}
}

EXPORT int fh_ctl_open(const char *socket_path, uint32_t timeout_ms, fh_ctl **out)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	if (!socket_path || !out || strlen(socket_path) >= sizeof addr.sun_path)
		return FH_EINVAL;
	strcpy(addr.sun_path, socket_path);
	uint64_t deadline = now_ms() + timeout_ms;
	struct fh_ctl *ctl = calloc(1, sizeof *ctl);
	if (!ctl)
		return FH_ENOMEM;
	int rc = FH_ECONNECT;
	ctl->next_request = 1;
	ctl->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (ctl->fd < 0)
		goto free_ctl;
	/* A full backlog makes a non-blocking connect() answer EAGAIN: try again until the deadline. */
	while (connect(ctl->fd, (struct sockaddr *)&addr, sizeof addr) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN || now_ms() >= deadline) {
			rc = errno == EAGAIN ? FH_ETIMEDOUT : FH_ECONNECT;
			goto close_fd;
		}
		poll(NULL, 0, 2);
	}
	*out = ctl;
	return FH_OK;
close_fd:
	close(ctl->fd);
free_ctl:
	free(ctl);
	return rc;
}

EXPORT void fh_ctl_close(fh_ctl *ctl)
{
	if (!ctl)
		return;
	close(ctl->fd);
	free(ctl);
}

/* Return: a sealed memfd with the payload, or -1. */
static int payload_memfd(const void *payload, size_t len)
{
	int fd = memfd_create("freehold-request", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -1;
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, (const uint8_t *)payload + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			goto fail;
		done += (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
		goto fail;
	return fd;
fail:
	close(fd);
	return -1;
}

static int send_request(struct fh_ctl *ctl, uint64_t deadline, struct fh_wire_header *h, const void *payload, size_t len)
{
	int memfd = -1, rc;
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov[2] = { { h, sizeof *h }, { (void *)(uintptr_t)payload, len } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = len ? 2 : 1 };
	if (len > FH_WIRE_INLINE) {
		memfd = payload_memfd(payload, len);
		if (memfd < 0)
			return FH_ENOMEM;
		h->flags |= FH_WIRE_MEMFD;
		msg.msg_iovlen = 1;
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof control.bytes;
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &memfd, sizeof memfd);
	}
	for (;;) {
		rc = await(ctl->fd, POLLOUT, deadline);
		if (rc != FH_OK)
			break;
		if (sendmsg(ctl->fd, &msg, MSG_NOSIGNAL) >= 0)
			break;
		if (errno != EAGAIN && errno != EINTR) {
			rc = errno == EPIPE || errno == ECONNRESET ? FH_ECLOSED : FH_EINTERNAL;
			break;
		}
	}
	if (memfd >= 0)
		close(memfd);
	return rc;
}

int fh_call(struct fh_ctl *ctl, uint32_t timeout_ms, uint16_t type, const void *payload, size_t len, const void **reply,
	    size_t *reply_len)
{
	*reply = NULL;
	*reply_len = 0;
	if (len > FH_WIRE_MAX_PAYLOAD)
		return FH_ELIMIT;
	uint64_t deadline = now_ms() + timeout_ms;
	struct fh_wire_header h = {
		.magic = FH_WIRE_MAGIC, .version = FH_WIRE_VERSION, .type = type, .request = ctl->next_request++, .payload_len = len
	};
	int rc = send_request(ctl, deadline, &h, payload, len);
	while (rc == FH_OK) {
		rc = await(ctl->fd, POLLIN, deadline);
		if (rc != FH_OK)
			break;
		ssize_t n = recv(ctl->fd, ctl->reply, sizeof ctl->reply, MSG_TRUNC);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return FH_ECLOSED;
		struct fh_wire_header a;
		if ((size_t)n < sizeof a || (size_t)n > sizeof ctl->reply)
			return FH_EPROTO;
		memcpy(&a, ctl->reply, sizeof a);
		if (a.magic != FH_WIRE_MAGIC || a.version != FH_WIRE_VERSION || a.payload_len != (size_t)n - sizeof a)
			return FH_EPROTO;
		if (a.request != h.request)
			continue;
		if (a.type != (type | FH_WIRE_REPLY))
			return FH_EPROTO;
		*reply = ctl->reply + sizeof a;
		*reply_len = (size_t)n - sizeof a;
		return a.result <= 0 ? a.result : FH_EPROTO;
	}
	return rc;
}

void fh_copy_out(void *out, uint32_t out_size, const void *in, size_t in_size)
{
	size_t n = in_size < out_size ? in_size : out_size;
	memset(out, 0, out_size);
	memcpy(out, in, n);
	memcpy(out, &out_size, sizeof out_size);
}
