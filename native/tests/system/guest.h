/*
 * A guest for tests: the front end of vhost-user (the part that QEMU plays) with a small virtio-net driver.
 *
 * It listens at a socket, shares one memfd with the dataplane, and moves frames through split rings. Everything is
 * synchronous with deadlines; no threads. Queue pairs are used one at a time by the caller's choice.
 */
#ifndef FH_TEST_GUEST_H
#define FH_TEST_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/virtio_net.h>

#define GUEST_QUEUES 4
/* The default shape. */
#define GUEST_RING 256
#define GUEST_RX_BUFFER 2048u
#define GUEST_TX_SLOTS 64u
#define GUEST_TX_BUFFER 70016u

/* What a guest's rings and buffers are like. Buffers begin at cache lines. */
struct guest_shape {
	uint32_t ring; /* descriptors of each ring: a power of two, 2 to 32768 */
	uint32_t rx_buffer; /* bytes of each of the ring's receive buffers */
	uint32_t tx_slots, tx_buffer; /* frames in flight: a power of two, at most ring; bytes of each, offload header included */
	bool huge; /* memory from 2 MB huge pages; the machine must have reserved some */
};

#define GUEST_OFFLOADS                                                                                                      \
	((1ull << VIRTIO_NET_F_CSUM) | (1ull << VIRTIO_NET_F_GUEST_CSUM) | (1ull << VIRTIO_NET_F_HOST_TSO4) |               \
	 (1ull << VIRTIO_NET_F_HOST_TSO6) | (1ull << VIRTIO_NET_F_GUEST_TSO4) | (1ull << VIRTIO_NET_F_GUEST_TSO6))

struct guest_ring {
	struct vring_desc_ *desc;
	uint16_t *avail; /* flags, idx, ring[] */
	uint8_t *used;   /* flags u16, idx u16, {u32 id, u32 len}[] */
	uint16_t avail_idx, used_seen;
	int kick, call;
	uint8_t *buffers;
	uint32_t size; /* descriptors */
	uint32_t buffer_size, n_buffers;
};

struct guest {
	char path[108];
	int listener, fd, memfd;
	uint8_t *mem;
	size_t mem_size;
	uint64_t features; /* negotiated */
	unsigned pairs;
	struct guest_ring rx[GUEST_QUEUES], tx[GUEST_QUEUES];
};

/* Listens. Return: NULL with a message on standard error. */
struct guest *guest_new(const char *path, unsigned pairs);
struct guest *guest_new_shaped(const char *path, unsigned pairs, const struct guest_shape *shape);
/* Waits for the dataplane to connect, negotiates want (as far as offered; MRG_RXBUF and VERSION_1 always) and starts the
 * driver. Also after the dataplane went away: rings and their indices stay. Return: whether all went well in time. */
bool guest_start(struct guest *g, uint64_t want, int timeout_ms);
/* Only waits for the connection. */
bool guest_accept(struct guest *g, int timeout_ms);
/* Stops the driver like a guest's reset. */
bool guest_stop(struct guest *g);
void guest_free(struct guest *g);

/* Puts one frame into the ring of a queue pair. Return: false when the ring is full. */
bool guest_send(struct guest *g, unsigned pair, const struct virtio_net_hdr *offload, const void *frame, size_t len);
/* Takes one frame from any queue pair. Return: its length, 0 after the timeout. */
size_t guest_receive(struct guest *g, void *frame, size_t capacity, struct virtio_net_hdr *offload, unsigned *pair, int timeout_ms);
/* Whether received buffers go back to the ring (a guest that never refills: false). */
extern bool guest_refills;
/* Whether new guests seal their memory, as QEMU does. */
extern bool guest_seals;

/* Raw messages, for tests that do not play by the rules. */
bool guest_message(struct guest *g, uint32_t request, const void *payload, uint32_t size, int fd);
bool guest_ask(struct guest *g, uint32_t request, uint64_t *answer);

#endif
