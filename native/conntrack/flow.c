#include "flow.h"

#include <string.h>

void fh_flow_ring_open(struct fh_flow_ring *ring)
{
	if (ring->head - ring->tail > FH_FLOW_RING)
		ring->tail = ring->head;
}

struct fh_flow *fh_flow_reserve(struct fh_flow_ring *ring)
{
	uint64_t head = ring->head;

	if (fh_unlikely(head - fh_load_acquire(&ring->tail) >= FH_FLOW_RING)) {
		fh_flow_lose(ring);
		return NULL;
	}
	return memset(&ring->slots[head % FH_FLOW_RING], 0, sizeof ring->slots[0]);
}

void fh_flow_publish(struct fh_flow_ring *ring)
{
	fh_store_release(&ring->head, ring->head + 1);
}

void fh_flow_lose(struct fh_flow_ring *ring)
{
	fh_count(&ring->lost, 1);
}

const struct fh_flow *fh_flow_oldest(const struct fh_flow_ring *ring)
{
	uint64_t tail = ring->tail;

	return fh_load_acquire(&ring->head) == tail ? NULL : &ring->slots[tail % FH_FLOW_RING];
}

void fh_flow_taken(struct fh_flow_ring *ring)
{
	fh_store_release(&ring->tail, ring->tail + 1);
}
