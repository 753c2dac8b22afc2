#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	GET_FEATURES = 1, SET_FEATURES = 2, SET_OWNER = 3, SET_MEM_TABLE = 5, SET_VRING_NUM = 8, SET_VRING_ADDR = 9, SET_VRING_BASE = 10,
	GET_VRING_BASE = 11, SET_VRING_KICK = 12, SET_VRING_CALL = 13, GET_PROTOCOL_FEATURES = 15, SET_PROTOCOL_FEATURES = 16,
	GET_QUEUE_NUM = 17, SET_VRING_ENABLE = 18,
};
#define PROTOCOL_FEATURES (1ull << 30)
#define HEADER 12u /* struct virtio_net_hdr_mrg_rxbuf */
#define DESC_WRITE 2
#define USED_NO_NOTIFY 1

struct vring_desc_ {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

bool guest_refills = true, guest_seals = true;

static uint64_t now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

/* --- messages ------------------------------------------------------------------------------------------------------ */
bool guest_message(struct guest *g, uint32_t request, const void *payload, uint32_t size, int fd)
{
	uint32_t head[3] = { request, 1, size };
	struct iovec iov[2] = { { head, sizeof head }, { (void *)(uintptr_t)payload, size } };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = size ? 2 : 1 };
	if (fd >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof control.bytes;
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	return sendmsg(g->fd, &msg, MSG_NOSIGNAL) == (ssize_t)(sizeof head + size);
}

static bool receive_all(int fd, void *p, size_t len, int timeout_ms)
{
	for (size_t done = 0; done < len;) {
		struct pollfd f = { .fd = fd, .events = POLLIN };
		if (poll(&f, 1, timeout_ms) <= 0)
			return false;
		ssize_t n = recv(fd, (uint8_t *)p + done, len - done, 0);
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

static bool answer_of(struct guest *g, uint64_t *answer)
{
	uint32_t head[3];
	uint8_t payload[256] = { 0 };
	if (!receive_all(g->fd, head, sizeof head, 5000) || head[2] > sizeof payload || !receive_all(g->fd, payload, head[2], 5000))
		return false;
	memcpy(answer, payload, sizeof *answer);
	return true;
}

bool guest_ask(struct guest *g, uint32_t request, uint64_t *answer)
{
	return guest_message(g, request, NULL, 0, -1) && answer_of(g, answer);
}

/* --- memory ---------------------------------------------------------------------------------------------------------- */
static size_t rounded(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

/* Descriptors, available and used ring; each in pages of its own. */
static size_t desc_bytes(uint32_t size)
{
	return rounded((size_t)size * sizeof(struct vring_desc_), 4096);
}

static size_t avail_bytes(uint32_t size)
{
	return rounded(6 + 2 * (size_t)size, 4096);
}

static size_t used_bytes(uint32_t size)
{
	return rounded(6 + 8 * (size_t)size, 4096);
}

static size_t ring_bytes(uint32_t size, uint32_t n_buffers, uint32_t buffer_size)
{
	return desc_bytes(size) + avail_bytes(size) + used_bytes(size) + rounded((size_t)n_buffers * rounded(buffer_size, 64), 4096);
}

static uint8_t *lay_out(struct guest_ring *r, uint8_t *at, uint32_t size, uint32_t n_buffers, uint32_t buffer_size)
{
	r->desc = (struct vring_desc_ *)(void *)at;
	r->avail = (uint16_t *)(void *)(at + desc_bytes(size));
	r->used = at + desc_bytes(size) + avail_bytes(size);
	r->size = size;
	r->n_buffers = n_buffers;
	r->buffer_size = (uint32_t)rounded(buffer_size, 64);
	r->buffers = at + desc_bytes(size) + avail_bytes(size) + used_bytes(size);
	r->kick = r->call = -1;
	return at + ring_bytes(size, n_buffers, buffer_size);
}

static void give_buffer(struct guest_ring *r, uint16_t id)
{
	r->avail[2 + r->avail_idx % r->size] = id;
	r->avail_idx++;
	__atomic_store_n(&r->avail[1], r->avail_idx, __ATOMIC_RELEASE);
}

/* Return: whether the guest has its memory, mapped and sealed as it shall be. */
static bool make_memory(struct guest *g, bool huge)
{
	if (huge)
		g->mem_size = rounded(g->mem_size, 2u << 20);
	g->memfd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING | (huge ? MFD_HUGETLB : 0));
	if (g->memfd < 0 || ftruncate(g->memfd, (off_t)g->mem_size) != 0)
		return false;
	if (guest_seals && fcntl(g->memfd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) != 0)
		return false;
	g->mem = mmap(NULL, g->mem_size, PROT_READ | PROT_WRITE, MAP_SHARED, g->memfd, 0);
	return g->mem != MAP_FAILED;
}

struct guest *guest_new(const char *path, unsigned pairs)
{
	static const struct guest_shape usual = {
		.ring = GUEST_RING, .rx_buffer = GUEST_RX_BUFFER, .tx_slots = GUEST_TX_SLOTS, .tx_buffer = GUEST_TX_BUFFER,
	};
	return guest_new_shaped(path, pairs, &usual);
}

struct guest *guest_new_shaped(const char *path, unsigned pairs, const struct guest_shape *shape)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct guest *g = calloc(1, sizeof *g);
	size_t pair = ring_bytes(shape->ring, shape->ring, shape->rx_buffer) + ring_bytes(shape->ring, shape->tx_slots, shape->tx_buffer);
	if (!g || pairs > GUEST_QUEUES || strlen(path) >= sizeof addr.sun_path)
		return NULL;
	g->fd = -1;
	g->pairs = pairs;
	g->mem_size = pair * pairs;
	strcpy(g->path, path);
	strcpy(addr.sun_path, path);
	g->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unlink(path);
	if (g->listener < 0 || bind(g->listener, (struct sockaddr *)&addr, sizeof addr) != 0 || listen(g->listener, 1) != 0) {
		fprintf(stderr, "guest: cannot listen at %s: %s\n", path, strerror(errno));
		return NULL;
	}
	if (!make_memory(g, shape->huge)) {
		fprintf(stderr, "guest: no memory: %s\n", strerror(errno));
		return NULL;
	}
	uint8_t *at = g->mem;
	for (unsigned i = 0; i < pairs; i++) {
		at = lay_out(&g->rx[i], at, shape->ring, shape->ring, shape->rx_buffer);
		at = lay_out(&g->tx[i], at, shape->ring, shape->tx_slots, shape->tx_buffer);
		struct guest_ring *rx = &g->rx[i];
		for (uint32_t k = 0; k < rx->size; k++) {
			rx->desc[k] = (struct vring_desc_){ .addr = (uint64_t)(rx->buffers + (size_t)k * rx->buffer_size - g->mem),
							    .len = rx->buffer_size, .flags = DESC_WRITE };
			give_buffer(rx, (uint16_t)k);
		}
	}
	return g;
}

/* --- the driver ---------------------------------------------------------------------------------------------------------- */
bool guest_accept(struct guest *g, int timeout_ms)
{
	struct pollfd f = { .fd = g->listener, .events = POLLIN };
	if (g->fd >= 0)
		close(g->fd);
	g->fd = -1;
	if (poll(&f, 1, timeout_ms) <= 0)
		return false;
	g->fd = accept4(g->listener, NULL, NULL, SOCK_CLOEXEC);
	return g->fd >= 0;
}

static bool start_ring(struct guest *g, struct guest_ring *r, uint32_t index)
{
	uint32_t num[2] = { index, r->size }, base[2] = { index, 0 };
	uint64_t file = index;
	struct {
		uint32_t index, flags;
		uint64_t desc, used, avail, log;
	} addr = { index, 0, (uintptr_t)r->desc, (uintptr_t)r->used, (uintptr_t)r->avail, 0 };
	/* What the device consumed last: like QEMU, which takes it from the used ring when the back end is gone. */
	uint16_t used;
	memcpy(&used, r->used + 2, sizeof used);
	base[1] = used;
	if (r->kick < 0) {
		r->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		r->call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	}
	return guest_message(g, SET_VRING_NUM, num, sizeof num, -1) && guest_message(g, SET_VRING_BASE, base, sizeof base, -1) &&
	       guest_message(g, SET_VRING_ADDR, &addr, sizeof addr, -1) && guest_message(g, SET_VRING_KICK, &file, sizeof file, r->kick) &&
	       guest_message(g, SET_VRING_CALL, &file, sizeof file, r->call);
}

bool guest_start(struct guest *g, uint64_t want, int timeout_ms)
{
	uint64_t offered = 0, protocol = 0, queues = 0;
	if (!guest_accept(g, timeout_ms) || !guest_ask(g, GET_FEATURES, &offered))
		return false;
	want |= 1ull << VIRTIO_NET_F_MRG_RXBUF | 1ull << 32 /* VERSION_1 */ | PROTOCOL_FEATURES;
	if (g->pairs > 1)
		want |= 1ull << VIRTIO_NET_F_MQ;
	g->features = want & offered;
	if (!guest_ask(g, GET_PROTOCOL_FEATURES, &protocol))
		return false;
	protocol &= 1; /* MQ */
	struct {
		uint32_t n, pad;
		uint64_t guest, size, user, offset;
	} table = { 1, 0, 0, g->mem_size, (uintptr_t)g->mem, 0 };
	if (!guest_message(g, SET_PROTOCOL_FEATURES, &protocol, sizeof protocol, -1) || !guest_ask(g, GET_QUEUE_NUM, &queues) ||
	    queues < g->pairs || !guest_message(g, SET_OWNER, NULL, 0, -1) ||
	    !guest_message(g, SET_FEATURES, &g->features, sizeof g->features, -1) ||
	    !guest_message(g, SET_MEM_TABLE, &table, sizeof table, g->memfd))
		return false;
	for (uint32_t i = 0; i < g->pairs; i++)
		if (!start_ring(g, &g->rx[i], 2 * i) || !start_ring(g, &g->tx[i], 2 * i + 1))
			return false;
	for (uint32_t i = 0; i < 2 * g->pairs; i++) {
		uint32_t enable[2] = { i, 1 };
		if (!guest_message(g, SET_VRING_ENABLE, enable, sizeof enable, -1))
			return false;
	}
	return guest_ask(g, GET_FEATURES, &offered); /* all of the above is done by now */
}

bool guest_stop(struct guest *g)
{
	for (uint32_t i = 0; i < 2 * g->pairs; i++) {
		uint32_t state[2] = { i, 0 };
		uint64_t base;
		if (!guest_message(g, GET_VRING_BASE, state, sizeof state, -1) || !answer_of(g, &base))
			return false;
	}
	return true;
}

void guest_free(struct guest *g)
{
	if (!g)
		return;
	if (g->fd >= 0)
		close(g->fd);
	for (unsigned i = 0; i < g->pairs; i++) {
		for (unsigned k = 0; k < 2; k++) {
			struct guest_ring *r = k ? &g->tx[i] : &g->rx[i];
			if (r->kick >= 0) {
				close(r->kick);
				close(r->call);
			}
		}
	}
	close(g->listener);
	close(g->memfd);
	munmap(g->mem, g->mem_size);
	unlink(g->path);
	free(g);
}

static uint16_t used_idx(const struct guest_ring *r)
{
	return __atomic_load_n((const uint16_t *)(const void *)(r->used + 2), __ATOMIC_ACQUIRE);
}

bool guest_send(struct guest *g, unsigned pair, const struct virtio_net_hdr *offload, const void *frame, size_t len)
{
	struct guest_ring *r = &g->tx[pair];
	uint8_t header[HEADER] = { 0 };
	if ((uint16_t)(r->avail_idx - used_idx(r)) >= r->n_buffers || len + HEADER > r->buffer_size)
		return false;
	uint16_t slot = (uint16_t)(r->avail_idx % r->n_buffers);
	uint8_t *at = r->buffers + (size_t)slot * r->buffer_size;
	if (offload)
		memcpy(header, offload, sizeof *offload);
	memcpy(at, header, HEADER);
	memcpy(at + HEADER, frame, len);
	r->desc[slot] = (struct vring_desc_){ .addr = (uint64_t)(at - g->mem), .len = (uint32_t)(len + HEADER) };
	give_buffer(r, slot);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!(__atomic_load_n((uint16_t *)(void *)r->used, __ATOMIC_RELAXED) & USED_NO_NOTIFY))
		eventfd_write(r->kick, 1);
	return true;
}

/* Return: the next used buffer, *len bytes of it; *id goes back by give_back(). */
static const uint8_t *take_used(struct guest_ring *r, size_t *len, uint16_t *id)
{
	uint32_t e[2];
	memcpy(e, r->used + 4 + 8u * (r->used_seen % r->size), sizeof e);
	r->used_seen++;
	*id = (uint16_t)(e[0] % r->size);
	*len = e[1] < r->buffer_size ? e[1] : r->buffer_size;
	return r->buffers + (size_t)*id * r->buffer_size;
}

static void give_back(struct guest_ring *r, uint16_t id)
{
	if (guest_refills)
		give_buffer(r, id);
}

static size_t take_frame(struct guest_ring *r, void *frame, size_t capacity, struct virtio_net_hdr *offload)
{
	size_t total = 0, n;
	uint16_t buffers = 1, id;
	for (uint16_t i = 0; i < buffers; i++) {
		const uint8_t *buffer = take_used(r, &n, &id);
		size_t skip = i == 0 ? HEADER : 0;
		if (i == 0) {
			memcpy(&buffers, buffer + 10, sizeof buffers);
			if (offload)
				memcpy(offload, buffer, sizeof *offload);
		}
		if (n > skip && total + n - skip <= capacity) {
			memcpy((uint8_t *)frame + total, buffer + skip, n - skip);
			total += n - skip;
		}
		give_back(r, id);
	}
	return total;
}

size_t guest_receive(struct guest *g, void *frame, size_t capacity, struct virtio_net_hdr *offload, unsigned *pair, int timeout_ms)
{
	uint64_t deadline = now_ms() + (uint64_t)timeout_ms;
	for (;;) {
		struct pollfd f[GUEST_QUEUES];
		for (unsigned i = 0; i < g->pairs; i++) {
			if (used_idx(&g->rx[i]) != g->rx[i].used_seen) {
				if (pair)
					*pair = i;
				return take_frame(&g->rx[i], frame, capacity, offload);
			}
			f[i] = (struct pollfd){ .fd = g->rx[i].call, .events = POLLIN };
		}
		uint64_t now = now_ms();
		if (now >= deadline)
			return 0;
		poll(f, g->pairs, (int)(deadline - now));
		for (unsigned i = 0; i < g->pairs; i++) {
			eventfd_t ignored;
			eventfd_read(g->rx[i].call, &ignored);
		}
	}
}
