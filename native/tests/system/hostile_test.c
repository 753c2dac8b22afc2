/*
 * A guest that does what it must not: rings, descriptors, offload headers. See hostile.h.
 */
#include "hostile.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define DESC_NEXT 1
#define DESC_WRITE 2
#define DESC_INDIRECT 4

struct desc { /* as the ring has it */
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

static struct frame f;
static uint8_t filler[65536];

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
	hostile_others_still_talk();
	/* Sums that wrap 32 bits. */
	for (uint16_t i = 0; i < 4; i++)
		descs(r)[i] = (struct desc){ .addr = (uint64_t)(r->buffers - evil->mem), .len = 0x40000010,
					     .flags = i < 3 ? DESC_NEXT : 0, .next = (uint16_t)(i + 1) };
	offer(r, 0);
}

/* 1: a chain without an end. */
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
	hostile_others_still_talk();
	evil->tx[0].avail_idx = (uint16_t)(evil->tx[0].avail_idx + 5000);
	offer(&evil->tx[0], 3);
}

static uint64_t cpu_ms(void)
{
	char path[64], text[1024];
	unsigned long user = 0, system = 0;
	snprintf(path, sizeof path, "/proc/%ld/stat", env_pid());
	FILE *file = fopen(path, "r");
	CHECK(file && fgets(text, sizeof text, file), "%s", path);
	fclose(file);
	CHECK(sscanf(strrchr(text, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) == 2, "%s", text);
	return (user + system) * 1000u / (uint64_t)sysconf(_SC_CLK_TCK);
}

/* 2: a ring that always has something and never delivers costs next to nothing, and is counted. */
static void attack_stuck_ring(void)
{
	uint64_t counted = env_drops(HOSTILE, FH_REASON_GUEST_RING);
	offer(&evil->tx[0], 40000);
	env_await_drops(HOSTILE, FH_REASON_GUEST_RING, counted + 1);
	uint64_t before = cpu_ms();
	usleep(1000000);
	CHECK(cpu_ms() - before < 400, "a stuck ring keeps the worker busy: %llu ms of 1000", (unsigned long long)(cpu_ms() - before));
}

/* 2: descriptors that point outside the memory, or just over its edge. */
static void attack_addresses(void)
{
	static const uint64_t addresses[] = { 0, 1ull << 63, UINT64_MAX, UINT64_MAX - 11, 1ull << 40 };
	static const uint32_t lengths[] = { 0, 1, 11, 12, 13, 25, UINT32_MAX, 1u << 31 };
	struct guest_ring *r = &evil->tx[0];
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
			descs(r)[7] = (struct desc){ .addr = addresses[i], .len = lengths[k], .flags = (uint16_t)(hostile_random() & 7), .next = (uint16_t)hostile_random() };
			offer(r, 7);
		}
	}
	descs(r)[8] = (struct desc){ .addr = evil->mem_size - 20, .len = 4000 };
	offer(r, 8);
}

/* 10: rings towards the guest that point anywhere; a neighbour's packets go there. */
static void attack_receive_ring(void)
{
	struct guest_ring *r = &evil->rx[0];
	for (uint16_t i = 0; i < GUEST_RING; i++)
		descs(r)[i] = (struct desc){ .addr = i % 3 ? hostile_random() : evil->mem_size - 5, .len = i % 2 ? hostile_random() : i,
					     .flags = (uint16_t)(hostile_random() & 7), .next = (uint16_t)(hostile_random() % 300) };
	for (unsigned i = 0; i < 60; i++) {
		frame_udp4(&f, &ha, &he, 5, (uint16_t)i, filler, 900);
		env_send(a, &f);
	}
	hostile_others_still_talk();
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
			.flags = (uint8_t)(hostile_random() & 3), .gso_type = (uint8_t)(hostile_random() % 6), .hdr_len = (uint16_t)hostile_random(), .gso_size = (uint16_t)(hostile_random() % 3 ? hostile_random() % 4 : hostile_random()),
			.csum_start = (uint16_t)(hostile_random() % 2 ? 34 : hostile_random()), .csum_offset = (uint16_t)(hostile_random() % 2 ? 16 : hostile_random()),
		};
		size_t len = hostile_random() % 3 ? hostile_random() % 1400 : hostile_random() % 60000;
		frame_tcp4(&f, &he, &hb, 1, 2, hostile_random(), hostile_random(), (uint8_t)hostile_random(), filler, len);
		for (unsigned k = hostile_random() % 4; k; k--)
			f.b[12 + hostile_random() % 60] = (uint8_t)hostile_random();
		while (!guest_send(evil, 0, &h, f.b, hostile_random() % 5 ? f.len : hostile_random() % 70))
			usleep(100);
	}
}

static int flip_stop;

static void *flip(void *arg)
{
	struct guest_ring *r = arg;
	uint32_t x = 1;
	while (!__atomic_load_n(&flip_stop, __ATOMIC_RELAXED)) {
		x = x * 1664525u + 1013904223u;
		/* The first 80 bytes of any buffer: offload header, addresses, lengths, ports, flags. */
		r->buffers[(size_t)(x >> 8 & 63) * r->buffer_size + (x >> 16) % 80] ^= (uint8_t)(x >> 24);
	}
	return NULL;
}

/* 3: headers change while they are read. */
static void attack_changing_headers(void)
{
	pthread_t thread;
	flip_stop = 0;
	CHECK(pthread_create(&thread, NULL, flip, &evil->tx[0]) == 0, " ");
	for (unsigned i = 0; i < 20000; i++) {
		struct virtio_net_hdr h = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_type = i % 2 ? VIRTIO_NET_HDR_GSO_TCPV4 : 0, .hdr_len = 54,
					    .gso_size = 1400, .csum_start = 34, .csum_offset = 16 };
		frame_tcp4(&f, &he, &hb, 1, 2, i, 0, TCP_SYN, filler, hostile_random() % 4000);
		while (!guest_send(evil, 0, &h, f.b, f.len))
			usleep(20);
		if (i % 64 == 0)
			while (guest_receive(b, filler, sizeof filler, NULL, NULL, 0))
				;
	}
	__atomic_store_n(&flip_stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	memset(filler, 0, sizeof filler);
}

/* 12: 60,000 segments of one byte each. */
static void attack_tiny_segments(void)
{
	uint64_t before = env_drops(HOSTILE, FH_REASON_GUEST_RING), sent = env_status(6).tx_packets;
	struct virtio_net_hdr h = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .hdr_len = 54, .gso_size = 1,
				    .csum_start = 34, .csum_offset = 16 };
	frame_tcp4(&f, &he, &hb, 1, 2, 1, 0, TCP_SYN, filler, 60000);
	for (unsigned i = 0; i < 20; i++)
		CHECK(guest_send(evil, 0, &h, f.b, f.len), " ");
	env_await_drops(HOSTILE, FH_REASON_GUEST_RING, before + 20);
	CHECK(env_status(6).tx_packets == sent, "segments of one byte went out");
}

/* 4: bytes that are hardly a packet. */
static void attack_frames(void)
{
	for (unsigned i = 0; i < 20000; i++) {
		static const uint16_t types[] = { 0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x8035 };
		size_t len = hostile_random() % 200;
		for (size_t k = 0; k < sizeof f.b && k < 200; k++)
			f.b[k] = (uint8_t)hostile_random();
		memcpy(f.b, hostile_random() % 2 ? hb.mac : env_gateway(1).mac, 6);
		memcpy(f.b + 6, he.mac, 6);
		uint16_t type = types[hostile_random() % 6];
		f.b[12] = (uint8_t)(type >> 8);
		f.b[13] = (uint8_t)type;
		if (type == 0x0800 && hostile_random() % 4) {
			f.b[14] = (uint8_t)(0x40 | (hostile_random() % 3 ? 5 : hostile_random() % 16));
			memcpy(f.b + 26, he.ip4, 4);
			memcpy(f.b + 30, hostile_random() % 2 ? hb.ip4 : env_gateway(1).ip4, 4);
			f.b[16] = 0;
			f.b[23] = (uint8_t)(hostile_random() % 4 ? (hostile_random() % 2 ? 17 : 6) : hostile_random());
		}
		if (type == 0x86dd && hostile_random() % 4) {
			f.b[14] = 0x60;
			memcpy(f.b + 22, he.ip6, 16);
			memcpy(f.b + 38, hb.ip6, 16);
			f.b[18] = 0;
			f.b[20] = (uint8_t)(hostile_random() % 3 ? 58 : hostile_random());
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
	hostile_others_still_talk();
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

int main(int argc, char *argv[])
{
	static const struct attack attacks[] = {
		{ "1: huge chain", attack_huge_chain },
		{ "1: loop", attack_loop },
		{ "2: indices", attack_indices },
		{ "2: stuck ring", attack_stuck_ring },
		{ "2: addresses", attack_addresses },
		{ "3: offload headers", attack_offload },
		{ "3: changing headers", attack_changing_headers },
		{ "4: frames", attack_frames },
		{ "10: no refill", attack_no_refill },
		{ "10: receive ring", attack_receive_ring },
		{ "11: kicks and toggles", attack_kicks_and_toggles },
		{ "12: tiny segments", attack_tiny_segments },
	};
	return hostile_run(argc, argv, attacks, sizeof attacks / sizeof attacks[0]);
}
