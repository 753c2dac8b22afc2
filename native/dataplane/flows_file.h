/* The file in which flow records outlive the dataplane, see flows.h. */
#ifndef FH_DP_FLOWS_FILE_H
#define FH_DP_FLOWS_FILE_H

#include "flow.h"
#include "policy.h"

#define FH_FLOW_OUTBOX 32768u

/* The file. */
struct flows_file {
	uint64_t magic;
	uint64_t epoch;
	uint64_t next;  /* sequence that the next record gets */
	uint64_t first; /* the oldest that is kept; next: none */
	/* The record that was moved last, or is being moved: its number (0: not said yet), its ring, and its place there. */
	uint64_t moving, moving_ring, moving_tail;
	struct fh_flow_record outbox[FH_FLOW_OUTBOX];
	struct fh_flow_ring rings[FH_WORKERS_MAX] fh_cache_aligned; /* holes but for their heads where no worker ever wrote */
};

#endif
