/* Views: what desired objects look like to workers. */
#ifndef FH_DP_VIEW_H
#define FH_DP_VIEW_H

#include "model.h"

/* Return: the view without its lookup table, or NULL. view_segment_free() it. */
struct segment_view *view_segment(const struct fh_segment *spec);
void view_segment_free(struct segment_view *v);
/* @param segment  that the port is in, for the address to give by DHCP. Return: the view, without policy; free() it. */
struct port_view *view_port(const struct fh_port *spec, struct port *port, const struct fh_segment *segment, uint32_t segment_slot);
/* Adds the port's MAC and host addresses. */
void view_segment_add(struct segment_view *s, const struct port_view *p, const struct fh_port *spec);

#endif
