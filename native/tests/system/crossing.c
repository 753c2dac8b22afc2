/*
 * Two guests whose ports were put by somebody else, each by its own dataplane: what one sends arrives at the other as it was sent, and
 * its answer comes back; what the other's rules do not let in does not arrive.
 *
 * usage: crossing SOCKET MAC IP  SOCKET MAC IP  PORT     the first opens TCP connections to that port of the second
 * Exit status: 0, or 1 with what is wrong on standard error.
 */
#include "env.h"

#include <arpa/inet.h>

/* The tunnel's other end is looked for with the first packet, on a machine that may be busy. */
#define PATIENCE_MS 30000
#define AGAIN_MS 200

struct end {
	struct guest *guest;
	struct host host;
};

static struct frame f, got;

static struct end end_of(char *const arg[3])
{
	struct end e = { .guest = guest_new(arg[0], 1) };
	uint8_t *m = e.host.mac;
	CHECK(e.guest, "%s", arg[0]);
	CHECK(sscanf(arg[1], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5]) == 6, "%s", arg[1]);
	CHECK(inet_pton(AF_INET, arg[2], e.host.ip4) == 1, "%s", arg[2]);
	return e;
}

/* Skips what the dataplane itself sends to the guest. */
static bool arrives(struct end *at, int timeout_ms)
{
	while (env_receive(at->guest, &got, timeout_ms))
		if (got.len == f.len && memcmp(got.b, f.b, f.len) == 0)
			return true;
	return false;
}

static void crosses(struct end *from, struct end *to)
{
	uint64_t end = env_now_ns() + PATIENCE_MS * 1000000ull;
	do {
		CHECK(env_now_ns() < end, "nothing from %u.%u.%u.%u arrives", from->host.ip4[0], from->host.ip4[1], from->host.ip4[2],
		      from->host.ip4[3]);
		env_send(from->guest, &f);
	} while (!arrives(to, AGAIN_MS));
}

int main(int argc, char *argv[])
{
	CHECK(argc == 8, "usage: crossing SOCKET MAC IP SOCKET MAC IP PORT");
	struct end a = end_of(&argv[1]), b = end_of(&argv[4]);
	uint16_t port = (uint16_t)atoi(argv[7]);
	CHECK(guest_start(a.guest, 0, PATIENCE_MS) && guest_start(b.guest, 0, PATIENCE_MS), "no dataplane connects");
	frame_tcp4(&f, &a.host, &b.host, 40000, port, 1000, 0, TCP_SYN, NULL, 0);
	crosses(&a, &b);
	frame_tcp4(&f, &b.host, &a.host, port, 40000, 5000, 1001, TCP_SYN | TCP_ACK, NULL, 0);
	crosses(&b, &a);
	frame_tcp4(&f, &a.host, &b.host, 40001, (uint16_t)(port + 1), 1000, 0, TCP_SYN, NULL, 0);
	env_send(a.guest, &f);
	CHECK(!arrives(&b, SILENCE_MS), "a port that no rule allows is reached");
	guest_free(a.guest);
	guest_free(b.guest);
	return 0;
}
