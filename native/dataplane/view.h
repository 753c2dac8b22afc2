/* Views: what desired objects look like to workers. */
#ifndef FH_DP_VIEW_H
#define FH_DP_VIEW_H

#include "model.h"

/* Return: the view without its lookup table, or NULL. view_segment_free() it. */
struct segment_view *view_segment(const struct m_segment *o);
void view_segment_free(struct segment_view *v);
/* @param segment  that the port is in, for the address to give by DHCP. Return: the view, without policy; free() it. */
struct port_view *view_port(const struct fh_port *spec, struct port *port, const struct fh_segment *segment, uint32_t segment_slot);
/* Adds the port's MAC and host addresses. */
void view_segment_add(struct segment_view *s, const struct port_view *p, const struct fh_port *spec);
/* @param segments  those of the specification, in its order, with their slots. Return: the view or NULL; free() it. */
struct router_view *view_router(const struct fh_router *spec, const struct m_segment *const segments[]);

void view_mask(uint8_t prefix_len, uint8_t mask[16]);
bool view_contains(const struct fh_addr *prefix, const struct fh_addr *a);

#endif
