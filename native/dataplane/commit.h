/* Private to the model: a transaction on its way from staged objects to a world. */
#ifndef FH_DP_COMMIT_H
#define FH_DP_COMMIT_H

#include "stage.h"

/* A port that needs another view. */
struct port_plan {
	struct m_port *object;
	struct port *port;
	bool created;
	struct port_view *view;
	struct fh_policy *policy;
};

struct set_plan {
	struct m_set *next;
	struct fh_addr *added, *removed;
	uint32_t n_added, n_removed;
};

struct commit {
	struct stage stage;
	bool replays; /* what it makes, an earlier process has filled */
	struct world *world;
	struct port_plan *ports;
	uint32_t n_ports;
	struct set_plan *sets;
	uint32_t n_sets;
	uint8_t segment_changed[DP_MAX_SEGMENTS];
	struct segment_view *segments[DP_MAX_SEGMENTS]; /* new ones */
	struct router_view *routers[DP_MAX_ROUTERS];    /* new ones */
	struct uplink_view *uplinks[DP_MAX_UPLINKS];    /* new ones */
};

int commit_no_memory(struct commit *c);

/* --- commit_net.c: segments, routers, uplinks, remotes ----------------------------------------------------------------- */
/* The place in a world of a segment or router that is new, or that of its old version. */
int commit_take_slot(struct commit *c, struct staged *g);
/* Of an object that is gone. */
void commit_give_slot(const struct object *o);
/* After the ports: builds the views of what changed into c->world. */
int commit_prepare_networks(struct commit *c);
void commit_roll_back_networks(struct commit *c);
/* Frees the views that only the world before had. */
void commit_reclaim_networks(const struct commit *c, struct world *before);

#endif
