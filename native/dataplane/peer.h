/*
 * What a front end has said on its connection so far.
 *
 * Theory of operation
 * -------------------
 * librte_vhost checks a ring against the memory when the ring is placed, and goes on with that: a ring that is made larger afterwards,
 * features that make it longer, a second queue pair that is given up while workers poll it would lead out of the memory or into what was
 * freed. So a message is also judged by those before it. Rings are taken to be as long as they are with event indices.
 */
#ifndef FH_DP_PEER_H
#define FH_DP_PEER_H

#include <stdbool.h>

#include "runtime.h"
#include "vhost_user.h"

struct peer {
	uint64_t features;
	uint32_t n_regions;
	struct {
		uint64_t user, size;
	} region[REGIONS_MAX];
	struct {
		uint32_t size; /* descriptors, 0: not said */
		bool placed, enabled;
		uint64_t desc, avail, used;
	} ring[2 * DP_MAX_QUEUES];
};

/* Judges a message that is well-formed and about a ring that the port has, and notes what it says.
 * Return: what is wrong with it, NULL: nothing. After a fault the connection has to end. */
const char *peer_fault(struct peer *p, uint32_t request, const union payload *payload);

#endif
