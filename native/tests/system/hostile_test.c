/*
 * A guest, or a QEMU taken over by one, that does what it must not: rings, descriptors, offload headers, messages.
 *
 * After each attack the dataplane must live, and two well-behaved guests must still talk. Run under ASan this is where memory
 * errors show. Numbers refer to the attack list that the design keeps.
 */
#include "env.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define HOSTILE 9
#define DESC_NEXT 1
#define DESC_WRITE 2
#define DESC_INDIRECT 4

struct desc { /* as the ring has it */
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

static struct guest *a, *b, *evil;
static struct host ha, hb, he;
static struct frame f;
static uint8_t filler[65536];
static uint32_t seed = 1;

static uint32_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed;
}

static void others_still_talk(void)
{
	static uint16_t port = 1000; /* not 67: only the dataplane speaks DHCP */
	for (unsigned i = 0; i < 4; i++) {
		frame_udp4(&f, &ha, &hb, port++, 7, "still here", 10);
		env_send(a, &f);
		env_expect(b, &f);
	}
}

static void rejoin(void)
{
	guest_free(evil);
	evil = env_guest(HOSTILE, GUEST_OFFLOADS);
}

static struct desc *descs(struct guest_ring *r)
{
	return (struct desc *)(void *)r->desc;
}

static void offer(struct guest_ring *r, uint16_t head)
{
	r->avail[2 + r->avail_idx % GUEST_RING] = head;
	r->avail_idx++;
	__atomic_store_n(&r->avail[1], r->avail_idx, __ATOMIC_RELEASE);
	eventfd_t one = 1;
	CHECK(write(r->kick, &one, sizeof one) == sizeof one, " ");
}

/* 1: one chain over all descriptors, all of them the same large buffer. */
static void attack_huge_chain(void)
{
	struct guest_ring *r = &evil->tx[0];
	for (uint16_t i = 0; i < GUEST_RING; i++)
		descs(r)[i] = (struct desc){ .addr = (uint64_t)(r->buffers - evil->mem), .len = GUEST_TX_BUFFER,
					     .flags = i + 1 < GUEST_RING ? DESC_NEXT : 0, .next = (uint16_t)(i + 1) };
	for (unsigned k = 0; k < 40; k++)
		offer(r, 0);
	others_still_talk();
	/* Sums that wrap 32 bits. */
	for (uint16_t i = 0; i < 4; i++)
		descs(r)[i] = (struct desc){ .addr = (uint64_t)(r->buffers - evil->mem), .len = 0x40000010,
					     .flags = i < 3 ? DESC_NEXT : 0, .next = (uint16_t)(i + 1) };
	offer(r, 0);
}

static void attack_loop(void)
{
	struct guest_ring *r = &evil->tx[0];
	descs(r)[0] = (struct desc){ .addr = (uint64_t)(r->buffers - evil->mem), .len = 64, .flags = DESC_NEXT, .next = 0 };
	for (unsigned k = 0; k < 10; k++)
		offer(r, 0);
}

/* 2: heads beyond the ring; the index runs ahead. */
static void attack_indices(void)
{
	offer(&evil->tx[0], 40000);
	offer(&evil->tx[0], GUEST_RING);
	others_still_talk();
	evil->tx[0].avail_idx = (uint16_t)(evil->tx[0].avail_idx + 5000);
	offer(&evil->tx[0], 3);
}

static void attack_addresses(void)
{
	static const uint64_t addresses[] = { 0, 1ull << 63, UINT64_MAX, UINT64_MAX - 11, 1ull << 40 };
	static const uint32_t lengths[] = { 0, 1, 11, 12, 13, 25, UINT32_MAX, 1u << 31 };
	struct guest_ring *r = &evil->tx[0];
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
			descs(r)[7] = (struct desc){ .addr = addresses[i], .len = lengths[k], .flags = (uint16_t)(rnd() & 7), .next = (uint16_t)rnd() };
			offer(r, 7);
		}
	}
	descs(r)[8] = (struct desc){ .addr = evil->mem_size - 20, .len = 4000 };
	offer(r, 8);
}

/* Rings towards the guest that point anywhere; a neighbour's packets go there. */
static void attack_receive_ring(void)
{
	struct guest_ring *r = &evil->rx[0];
	for (uint16_t i = 0; i < GUEST_RING; i++)
		descs(r)[i] = (struct desc){ .addr = i % 3 ? rnd() : evil->mem_size - 5, .len = i % 2 ? rnd() : i,
					     .flags = (uint16_t)(rnd() & 7), .next = (uint16_t)(rnd() % 300) };
	for (unsigned i = 0; i < 60; i++) {
		frame_udp4(&f, &ha, &he, 5, (uint16_t)i, filler, 900);
		env_send(a, &f);
	}
	others_still_talk();
	r->avail_idx = (uint16_t)(r->avail_idx + 30000);
	offer(r, 60000);
	for (unsigned i = 0; i < 20; i++) {
		frame_udp4(&f, &ha, &he, 6, (uint16_t)i, filler, 1400);
		env_send(a, &f);
	}
}

/* 3, 12: offload headers that lie about packets that are otherwise fine, or not. */
static void attack_offload(void)
{
	for (unsigned i = 0; i < 4000; i++) {
		struct virtio_net_hdr h = {
			.flags = (uint8_t)(rnd() & 3), .gso_type = (uint8_t)(rnd() % 6), .hdr_len = (uint16_t)rnd(), .gso_size = (uint16_t)(rnd() % 3 ? rnd() % 4 : rnd()),
			.csum_start = (uint16_t)(rnd() % 2 ? 34 : rnd()), .csum_offset = (uint16_t)(rnd() % 2 ? 16 : rnd()),
		};
		size_t len = rnd() % 3 ? rnd() % 1400 : rnd() % 60000;
		frame_tcp4(&f, &he, &hb, 1, 2, rnd(), rnd(), (uint8_t)rnd(), filler, len);
		for (unsigned k = rnd() % 4; k; k--)
			f.b[12 + rnd() % 60] = (uint8_t)rnd();
		while (!guest_send(evil, 0, &h, f.b, rnd() % 5 ? f.len : rnd() % 70))
			usleep(100);
	}
}

/* 4: bytes that are hardly a packet. */
static void attack_frames(void)
{
	for (unsigned i = 0; i < 20000; i++) {
		static const uint16_t types[] = { 0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x8035 };
		size_t len = rnd() % 200;
		for (size_t k = 0; k < sizeof f.b && k < 200; k++)
			f.b[k] = (uint8_t)rnd();
		memcpy(f.b, rnd() % 2 ? hb.mac : env_gateway(1).mac, 6);
		memcpy(f.b + 6, he.mac, 6);
		uint16_t type = types[rnd() % 6];
		f.b[12] = (uint8_t)(type >> 8);
		f.b[13] = (uint8_t)type;
		if (type == 0x0800 && rnd() % 4) {
			f.b[14] = (uint8_t)(0x40 | (rnd() % 3 ? 5 : rnd() % 16));
			memcpy(f.b + 26, he.ip4, 4);
			memcpy(f.b + 30, rnd() % 2 ? hb.ip4 : env_gateway(1).ip4, 4);
			f.b[16] = 0;
			f.b[23] = (uint8_t)(rnd() % 4 ? (rnd() % 2 ? 17 : 6) : rnd());
		}
		if (type == 0x86dd && rnd() % 4) {
			f.b[14] = 0x60;
			memcpy(f.b + 22, he.ip6, 16);
			memcpy(f.b + 38, hb.ip6, 16);
			f.b[18] = 0;
			f.b[20] = (uint8_t)(rnd() % 3 ? 58 : rnd());
			f.b[21] = 255;
		}
		while (!guest_send(evil, 0, NULL, f.b, len))
			usleep(100);
	}
}

/* 10: never gives buffers back. */
static void attack_no_refill(void)
{
	guest_refills = false;
	for (unsigned i = 0; i < 600; i++) {
		frame_udp4(&f, &ha, &he, 9, 9, "x", 1);
		while (!guest_send(a, 0, NULL, f.b, f.len))
			usleep(50);
	}
	env_await_drops(HOSTILE, FH_REASON_RECEIVER_FULL, 1);
	guest_refills = true;
	others_still_talk();
}

/* 11: kicks for nothing, queues on and off. */
static void attack_kicks_and_toggles(void)
{
	eventfd_t one = 1;
	for (unsigned i = 0; i < 20000; i++)
		CHECK(write(evil->tx[0].kick, &one, sizeof one) == sizeof one, " ");
	for (uint32_t i = 0; i < 300; i++) {
		uint32_t enable[2] = { i % 2, i / 2 % 2 };
		CHECK(guest_message(evil, 18, enable, sizeof enable, -1), " ");
		if (i % 10 == 0) {
			frame_udp4(&f, &ha, &he, 9, 9, "x", 1);
			env_send(a, &f);
		}
	}
	uint64_t features;
	CHECK(guest_ask(evil, 1, &features), "the dataplane stopped answering");
}

/* 14: messages that a taken-over QEMU sends. Each case has a connection of its own, for most end it. */
static void attack_messages(void)
{
	uint8_t junk[512];
	for (unsigned round = 0; round < 6; round++) {
		for (unsigned i = 0; i < 40; i++) {
			uint32_t size = rnd() % 64;
			int fd = rnd() % 3 ? -1 : evil->memfd;
			for (size_t k = 0; k < sizeof junk; k++)
				junk[k] = (uint8_t)(rnd() % 5 ? rnd() % 4 : rnd());
			if (!guest_message(evil, rnd() % 45, junk, size, fd))
				break;
		}
		others_still_talk();
		guest_free(evil);
		evil = env_guest(HOSTILE, 0);
	}
	/* Half a message, then silence. */
	uint32_t half[2] = { 5, 1 };
	CHECK(write(evil->fd, half, sizeof half) == sizeof half, " ");
	others_still_talk();
	rejoin();
	/* Ring addresses outside the memory, a huge ring, a queue that does not exist. */
	struct {
		uint32_t index, flags;
		uint64_t desc, used, avail, log;
	} addr = { 1, 0, 0x1000, 0x2000, 0x3000, 0 };
	uint32_t num[2] = { 1, 32768 }, base[2] = { 0xfffe, 77 };
	guest_message(evil, 9, &addr, sizeof addr, -1);
	guest_message(evil, 8, num, sizeof num, -1);
	guest_message(evil, 10, base, sizeof base, -1);
	others_still_talk();
	rejoin();
}

/* 14: memory that shrinks under the dataplane's hands. What could shrink is refused in the first place. */
static void attack_unsealed_memory(void)
{
	guest_free(evil);
	guest_seals = false;
	evil = guest_new(env_path("port9"), 1);
	guest_seals = true;
	CHECK(evil, " ");
	guest_start(evil, 0, WAIT_MS);
	usleep(200000);
	CHECK(env_status(HOSTILE).state != FH_PORT_UP, "memory that can shrink is accepted");
	CHECK(ftruncate(evil->memfd, 4096) == 0, " ");
	others_still_talk();
	rejoin();
}

static void setup(void)
{
	struct fh_rule open = env_rule(1, FH_INGRESS, -1, -1, NULL);
	struct fh_segment s = env_segment(1);
	fh_txn *t = fh_txn_new();
	CHECK(fh_txn_put_segment(t, &s) == FH_OK, " ");
	static const uint32_t ports[] = { 5, 6, HOSTILE };
	for (unsigned i = 0; i < 3; i++) {
		struct fh_port p = env_port(1, ports[i]);
		env_put_group(t, ports[i], &open, 1);
		env_put_port(t, &p);
	}
	env_must(t);
	ha = env_host(1, 5);
	hb = env_host(1, 6);
	he = env_host(1, HOSTILE);
	a = env_guest(5, 0);
	b = env_guest(6, 0);
	evil = env_guest(HOSTILE, GUEST_OFFLOADS);
}

static void drain_b(void)
{
	static struct frame got;
	while (guest_receive(b, got.b, sizeof got.b, NULL, NULL, 50))
		;
}

int main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		void (*run)(void);
	} attacks[] = {
		{ "huge-chain", attack_huge_chain }, { "loop", attack_loop }, { "indices", attack_indices }, { "addresses", attack_addresses },
		{ "receive-ring", attack_receive_ring }, { "offload", attack_offload }, { "frames", attack_frames },
		{ "no-refill", attack_no_refill }, { "kicks-and-toggles", attack_kicks_and_toggles }, { "messages", attack_messages },
		{ "unsealed-memory", attack_unsealed_memory },
	};
	if (argc > 1)
		seed = (uint32_t)atoi(argv[1]);
	signal(SIGPIPE, SIG_IGN);
	env_start();
	setup();
	for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
		attacks[i].run();
		drain_b();
		others_still_talk();
		rejoin();
		printf("ok %s\n", attacks[i].name);
		fflush(stdout);
	}
	guest_free(evil);
	guest_free(a);
	guest_free(b);
	return 0;
}
