/*
 * Load for measurements: frames from one test guest to another, as fast as one core can.
 *
 * Works like a poll-mode driver: prepared frames in the sender's ring, received buffers given straight back, no interrupts.
 * For each frame only the flow's number is written, and the rings' lines are fetched ahead, so that it is quicker than what is measured.
 * A lane is one direction; the lane back answers the same flows.
 */
#ifndef FH_BENCH_LOAD_H
#define FH_BENCH_LOAD_H

#include "env.h"

#define LOAD_MAX_FLOWS 12000000u
#define LOAD_WAITS 1024u /* at least 20 ms */

enum load_kind {
	LOAD_UDP,  /* one size */
	LOAD_IMIX, /* UDP of 60, 590 and 1,514 bytes in the relation 7:4:1 */
	LOAD_TSO,  /* one TCP segment of 64 KB with offload header, sent again and again in an established connection */
};

struct load_lane {
	struct guest_ring *tx, *rx;
	uint32_t flows, next; /* flows 0: frames go as they are */
	uint32_t buffers_a_frame; /* of the receiver */
	bool reply;
	uint64_t sent, received, given_up; /* given up: those that did not arrive */
	uint64_t last_ns;     /* load_count: when the last frame arrived */
	/* The longest way of a frame, if frames shall carry their time of sending. Times when the load or the measured worker was
	 * not on its core are left out and counted. */
	bool stamp;
	uint64_t (*worker_waited_ns)(void); /* how long the worker waited for its core so far */
	uint64_t late_tsc, left_out;
	/* What worker_waited_ns() said lately. It has to be known at a late frame's sending: by the time that the frame is seen, the load
	 * may long have seen others that waited as long. */
	struct load_wait {
		uint64_t tsc, ns;
	} waits[LOAD_WAITS];
	unsigned n_waits;
};

/* Guests of this shape keep the load in the caches as a driver's pool of buffers would. */
extern const struct guest_shape load_small, load_large;

void load_lane_init(struct load_lane *l, struct guest *from, struct guest *to, const struct host *hf, const struct host *ht, enum load_kind kind,
		    uint32_t size, uint32_t flows, bool reply);
/* Moves frames for that long. Return: how many arrived. */
uint64_t load_run(struct load_lane *l, double seconds);
/* Sends exactly so many, then waits (at most 200 ms) for the last of them. Return: how many arrived. */
uint64_t load_count(struct load_lane *l, uint64_t frames);
/* Takes in what is still on its way. */
void load_settle(struct load_lane *l);
uint64_t load_mono_ns(void);

#endif
