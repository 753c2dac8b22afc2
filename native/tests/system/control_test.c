/*
 * The control socket under malformed requests: each is answered or the connection closed, nothing changes, and the next
 * client is served. Run under ASan this is where the decoder's errors show.
 */
#include "env.h"
#include "wire.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static uint32_t seed = 1;

static uint32_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed;
}

static int dial(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	snprintf(addr.sun_path, sizeof addr.sun_path, "%s", env_path("control"));
	CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof addr) == 0, "cannot connect");
	return fd;
}

/* Sends one request. Return: the answer's result, 1 when the connection was closed instead. */
static int ask(struct fh_wire_header h, const void *payload, size_t len, int memfd)
{
	static uint8_t reply[sizeof h + FH_WIRE_MAX_REPLY];
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov[2] = { { &h, sizeof h }, { (void *)(uintptr_t)payload, len } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = len ? 2 : 1 };
	int fd = dial(), result = 1;
	if (memfd >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof control.bytes;
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof memfd);
		memcpy(CMSG_DATA(c), &memfd, sizeof memfd);
	}
	CHECK(sendmsg(fd, &msg, MSG_NOSIGNAL) > 0, "cannot send");
	struct pollfd p = { .fd = fd, .events = POLLIN };
	CHECK(poll(&p, 1, WAIT_MS) == 1, "neither an answer nor an end");
	ssize_t n = recv(fd, reply, sizeof reply, 0);
	if (n >= (ssize_t)sizeof h) {
		memcpy(&h, reply, sizeof h);
		result = h.result;
	}
	close(fd);
	return result;
}

static struct fh_wire_header header(uint16_t type, uint64_t len)
{
	return (struct fh_wire_header){ .magic = FH_WIRE_MAGIC, .version = FH_WIRE_VERSION, .type = type, .request = 1, .payload_len = len };
}

static void test_headers(void)
{
	struct fh_wire_header h = header(FH_WIRE_INFO, 0);
	CHECK(ask(h, NULL, 0, -1) == FH_OK, " ");
	h.version = 99;
	CHECK(ask(h, NULL, 0, -1) == FH_EPROTO, "another version");
	h = header(FH_WIRE_INFO, 0);
	h.magic = 0;
	CHECK(ask(h, NULL, 0, -1) == FH_EPROTO, "another protocol");
	CHECK(ask(header(77, 0), NULL, 0, -1) == FH_EPROTO, "an unknown request");
	CHECK(ask(header(FH_WIRE_COMMIT, 8), "12345678901", 11, -1) == FH_EPROTO, "a wrong length");
	CHECK(ask(header(FH_WIRE_COMMIT, FH_WIRE_MAX_PAYLOAD + 1ull), NULL, 0, -1) == FH_ELIMIT, "too long");
	int fd = dial();
	CHECK(send(fd, "short", 5, 0) == 5, " ");
	char c;
	CHECK(recv(fd, &c, 1, 0) == 0, "half a header");
	close(fd);
}

static int memfd_of(size_t len, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	CHECK(fd >= 0 && ftruncate(fd, (off_t)len) == 0 && fcntl(fd, F_ADD_SEALS, seals) == 0, "memfd");
	return fd;
}

static void test_memfds(void)
{
	struct fh_wire_header h = header(FH_WIRE_COMMIT, 65536);
	h.flags = FH_WIRE_MEMFD;
	int loose = memfd_of(65536, 0), small = memfd_of(4096, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	int zeroes = memfd_of(65536, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	CHECK(ask(h, NULL, 0, loose) == FH_EPROTO, "a payload that can change is accepted");
	CHECK(ask(h, NULL, 0, small) == FH_EPROTO, "a payload that is shorter than announced is accepted");
	CHECK(ask(h, NULL, 0, -1) == FH_EPROTO, "no payload at all");
	CHECK(ask(h, NULL, 0, STDIN_FILENO) == FH_EPROTO, "any descriptor is accepted");
	CHECK(ask(h, NULL, 0, zeroes) == FH_EINVAL, "zeroes are no transaction");
	close(loose);
	close(small);
	close(zeroes);
}

/* A transaction with everything in it. */
static void whole(struct fh_buffer *b)
{
	struct fh_addr members[3] = { env_addr("10.0.0.1"), env_addr("10.0.0.0/8"), env_addr("fd00::/8") };
	struct fh_set set = { .struct_size = sizeof set, .id = env_id(FH_KIND_SET, 3), .generation = 1, .n_members = 3, .members = members };
	struct fh_wire_change change = { .id = set.id, .base = 1, .generation = 2, .n_add = 1, .n_remove = 1 };
	struct fh_rule rules[2] = { env_rule(1, FH_INGRESS, 6, 80, "10.0.0.0/8"), env_rule(2, FH_EGRESS, -1, -1, NULL) };
	struct fh_group group = { .struct_size = sizeof group, .id = env_id(FH_KIND_GROUP, 5), .generation = 1, .n_rules = 2, .rules = rules };
	struct fh_segment segment = env_segment(1);
	struct fh_port port = env_port(1, 5);
	rules[1].remote = FH_REMOTE_SET;
	rules[1].set = set.id;
	CHECK(fh_wire_begin(b) && fh_wire_put_plain(b, FH_KIND_SEGMENT, &segment, sizeof segment) && fh_wire_put_set(b, &set) &&
		      fh_wire_change_set(b, &change, members, members + 1) && fh_wire_put_group(b, &group) &&
		      fh_wire_put_plain(b, FH_KIND_PORT, &port, sizeof port) && fh_wire_remove(b, FH_KIND_SET, &group.id),
	      "out of memory");
}

static void test_mutated_transactions(void)
{
	static const int known[] = { FH_OK, FH_EINVAL, FH_EREF, FH_ELIMIT, FH_ESTALE, FH_EINTERNAL, FH_ENOMEM };
	unsigned accepted = 0;
	for (unsigned i = 0; i < 3000; i++) {
		struct fh_buffer b = { 0 };
		whole(&b);
		size_t len = b.len;
		for (unsigned k = rnd() % 4; k; k--) {
			size_t at = rnd() % len;
			if (rnd() % 2)
				b.p[at] = (uint8_t)rnd();
			else
				memset(b.p + at, rnd() % 2 ? 0xff : 0, len - at < 8 ? len - at : 8);
		}
		if (rnd() % 8 == 0)
			len = rnd() % len;
		int rc = ask(header(rnd() % 5 ? FH_WIRE_COMMIT : FH_WIRE_PREVIEW, len), b.p, len, -1);
		bool expected = false;
		for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
			expected |= rc == known[k];
		CHECK(expected, "result %d", rc);
		accepted += rc == FH_OK;
		fh_buffer_free(&b);
	}
	CHECK(accepted > 100, "hardly anything was accepted: %u", accepted);
}

static void test_other_requests(void)
{
	uint8_t junk[512];
	for (unsigned i = 0; i < 3000; i++) {
		uint16_t type = (uint16_t)(1 + rnd() % 14);
		size_t len = rnd() % sizeof junk;
		struct fh_id id = env_id(FH_KIND_PORT, 5);
		for (size_t k = 0; k < sizeof junk; k++)
			junk[k] = (uint8_t)(rnd() % 3 ? 0 : rnd());
		/* Well-formed lengths get further. */
		if (type == FH_WIRE_CONNECTIONS || type == FH_WIRE_EXPORT) {
			len = sizeof(struct fh_wire_port_page);
			memcpy(junk + offsetof(struct fh_wire_port_page, port), &id, sizeof id);
		} else if (type == FH_WIRE_KILL) {
			len = sizeof(struct fh_wire_kill);
			memcpy(junk, &id, sizeof id);
		} else if (type == FH_WIRE_TEST_PACKET) {
			len = sizeof(struct fh_wire_test);
			memcpy(junk, &id, sizeof id);
			junk[20] = 1;
			junk[21] = rnd() % 2 ? 4 : 6;
		} else if (type == FH_WIRE_IMPORT) {
			len = sizeof id + 192;
			memcpy(junk, &id, sizeof id);
		} else if (rnd() % 2) {
			len = sizeof(struct fh_wire_page);
		}
		CHECK(ask(header(type, len), junk, len, -1) <= 0, "request %u ends the connection", type);
	}
}

int main(int argc, char *argv[])
{
	if (argc > 1)
		seed = (uint32_t)atoi(argv[1]);
	signal(SIGPIPE, SIG_IGN);
	env_start();
	test_headers();
	test_memfds();
	test_mutated_transactions();
	/* The port of the other requests exists. */
	struct fh_buffer b = { 0 };
	whole(&b);
	fh_wire_flag(&b, FH_WIRE_TXN_REPLACE_ALL);
	CHECK(ask(header(FH_WIRE_COMMIT, b.len), b.p, b.len, -1) == FH_OK, "the unharmed transaction is refused");
	fh_buffer_free(&b);
	test_other_requests();
	/* What it holds now survives it, too. */
	env_kill();
	env_start();
	struct fh_info info = { .struct_size = sizeof info };
	CHECK(fh_ctl_info(env_ctl, 1000, &info) == FH_OK && info.n_ports == 1 && info.n_groups == 1 && info.n_sets == 1, "the state is not back");
	return 0;
}
