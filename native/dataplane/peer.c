#include "peer.h"

#include <linux/vhost.h>
#include <linux/virtio_net.h>

#define LOG_ALL (1ull << VHOST_F_LOG_ALL)
#define QUEUE_PAIRS (1ull << VIRTIO_NET_F_MQ)

/* Whole, and in one region: librte_vhost takes the first that the beginning is in. */
static bool is_inside(const struct peer *p, uint64_t at, uint64_t size)
{
	for (uint32_t i = 0; i < p->n_regions; i++)
		if (at >= p->region[i].user && at - p->region[i].user < p->region[i].size)
			return size <= p->region[i].size - (at - p->region[i].user);
	return false;
}

/* Sizes: VIRTIO 1.2, 2.7 (split virtqueues), each with its event index. */
static bool ring_fits(const struct peer *p, unsigned r)
{
	uint64_t n = p->ring[r].size;
	return n && is_inside(p, p->ring[r].desc, 16 * n) && is_inside(p, p->ring[r].avail, 6 + 2 * n) && is_inside(p, p->ring[r].used, 6 + 8 * n);
}

static const char *fault_of_size(struct peer *p, unsigned r, uint32_t size)
{
	if (size == 0 || size & (size - 1))
		return "a ring whose size is no power of two";
	if (p->ring[r].placed && p->ring[r].size != size)
		return "another size for a ring that is placed";
	p->ring[r].size = size;
	return NULL;
}

static const char *fault_of_place(struct peer *p, const union payload *m)
{
	unsigned r = m->address.index;
	p->ring[r].desc = m->address.desc;
	p->ring[r].avail = m->address.avail;
	p->ring[r].used = m->address.used;
	p->ring[r].placed = true;
	return ring_fits(p, r) ? NULL : "a ring that has no size or is not in the memory";
}

static const char *fault_of_memory(struct peer *p, const union payload *m)
{
	p->n_regions = m->memory.n;
	for (uint32_t i = 0; i < m->memory.n; i++) {
		p->region[i].user = m->memory.region[i].user;
		p->region[i].size = m->memory.region[i].size;
	}
	for (unsigned r = 0; r < 2 * DP_MAX_QUEUES; r++)
		if (p->ring[r].placed && !ring_fits(p, r))
			return "memory without a ring that is placed";
	return NULL;
}

/* Without queue pairs librte_vhost gives up all but the first. */
static const char *fault_of_features(struct peer *p, uint64_t features)
{
	bool placed = false, further = false;
	for (unsigned r = 0; r < 2 * DP_MAX_QUEUES; r++) {
		placed |= p->ring[r].placed;
		further |= r >= 2 && (p->ring[r].placed || p->ring[r].enabled);
	}
	if (placed && (p->features ^ features) & ~LOG_ALL)
		return "other features while rings are placed";
	if (placed && further && !(features & QUEUE_PAIRS))
		return "features without queue pairs while there are several";
	p->features = features;
	for (unsigned r = 2; r < 2 * DP_MAX_QUEUES && !(features & QUEUE_PAIRS); r++) {
		p->ring[r].size = 0;
		p->ring[r].enabled = false;
	}
	return NULL;
}

const char *peer_fault(struct peer *p, uint32_t request, const union payload *m)
{
	switch (request) {
	case SET_FEATURES:
		return fault_of_features(p, m->u64);
	case SET_MEM_TABLE:
		return fault_of_memory(p, m);
	case SET_VRING_NUM:
		return fault_of_size(p, m->ring.index, m->ring.value);
	case SET_VRING_ADDR:
		return fault_of_place(p, m);
	case SET_VRING_ENABLE:
		p->ring[m->ring.index].enabled = m->ring.value;
		return NULL;
	case GET_VRING_BASE: /* ends the ring, and frees what is as long as it */
		p->ring[m->ring.index].placed = false;
		p->ring[m->ring.index].size = 0;
		return NULL;
	default:
		return NULL;
	}
}
