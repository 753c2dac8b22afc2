/* Views: what desired objects look like to workers. */
#ifndef FH_DP_VIEW_H
#define FH_DP_VIEW_H

#include "model.h"

/* Return: the view without its lookup table, or NULL. view_segment_free() it. */
struct segment_view *view_segment(const struct m_segment *o);
void view_segment_free(struct segment_view *v);
/* @param segment  that the port is in, for the address to give by DHCP. Return: the view, without policy; free() it. */
struct port_view *view_port(const struct fh_port *spec, struct port *port, const struct fh_segment *segment, uint32_t segment_slot);
/* Adds the port's MAC and host addresses. Ports go before remotes: what is here is not elsewhere. */
void view_segment_add(struct segment_view *s, const struct port_view *p, const struct fh_port *spec);
/* Where the segment leaves the host. Return: false without memory. */
bool view_segment_way_out(struct segment_view *v, const struct m_segment *o);
/* Adds a public address of a port to an external segment. Return: false when somebody else has it. */
bool view_segment_add_public(struct segment_view *s, const struct fh_public *p, uint32_t slot);
/* Look-up keys that a public address takes. */
uint32_t view_public_keys(const struct fh_public *p);
/* Adds a NIC on another host; there is room in s->remotes. */
void view_segment_add_remote(struct segment_view *s, const struct fh_remote_port *spec);
/* Return: the view with an empty look-up table for n_segments networks and n_vteps tunnel ends, or NULL. */
struct uplink_view *view_uplink(const struct m_uplink *o, uint32_t n_segments, uint32_t n_vteps);
void view_uplink_free(struct uplink_view *v);
/* Return: false when another segment has the same VNI or tags. */
bool view_uplink_add_segment(struct uplink_view *v, const struct segment_view *s, uint32_t slot);
void view_uplink_add_vtep(struct uplink_view *v, uint32_t vtep);
/* @param segments  those of the specification, in its order, with their slots. Return: the view or NULL; free() it. */
struct router_view *view_router(const struct fh_router *spec, const struct m_segment *const segments[],
				uint32_t external);

void view_mask(uint8_t prefix_len, uint8_t mask[16]);
bool view_contains(const struct fh_addr *prefix, const struct fh_addr *a);

#endif
