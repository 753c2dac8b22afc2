/*
 * A port's traffic for bills: packets and bytes by class and direction (enum fh_traffic_class).
 *
 * Theory of operation
 * -------------------
 * The counters lie in a file beside the port's connections and are mapped: they go on where a killed dataplane left them, so a reader's
 * differences are exact over a restart. Each worker has a line of its own and adds once a burst. They begin anew with the port's
 * incarnation: the sums so far become the base that is subtracted, because workers never stop counting. An epoch of zero says that
 * somebody died between the steps of that: then everything begins anew.
 */
#ifndef FH_DP_TRAFFIC_H
#define FH_DP_TRAFFIC_H

#include "runtime.h"

struct traffic_counters {
	struct fh_traffic from_guest[FH_TRAFFIC_CLASSES], to_guest[FH_TRAFFIC_CLASSES];
} fh_cache_aligned;

struct traffic_image {
	uint64_t magic;
	struct fh_id nic;
	uint64_t incarnation;
	uint64_t epoch;
	struct traffic_counters base;
	struct traffic_counters workers[FH_WORKERS_MAX]; /* the place of a worker that is no more keeps its counts */
};

/* Maps the port's file, creating it if need be. Return: FH_OK, FH_EINTERNAL, FH_ENOMEM, FH_ENOSPACE. */
int traffic_open(struct port *port, uint64_t incarnation);
/* Control thread. The port is another NIC now, or the same. */
void traffic_adopt(struct port *port, uint64_t incarnation);
/* @param forget  the port is gone for good */
void traffic_close(struct port *port, bool forget);
/* Return: the epoch. */
uint64_t traffic_read(const struct port *port, struct traffic_counters *out);

static inline void traffic_count(struct fh_traffic *t, uint64_t packets, uint64_t bytes)
{
	fh_count(&t->packets, packets);
	fh_count(&t->bytes, bytes);
}

#endif
