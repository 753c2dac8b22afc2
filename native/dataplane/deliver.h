/*
 * The last part of a packet's way: the receiver's rules and connections, then out by the route's mode. Shared by what comes
 * from guests and what comes from uplinks. The rules of a receiver on another host are that host's affair.
 */
#ifndef FH_DP_DELIVER_H
#define FH_DP_DELIVER_H

#include "route.h"

/* Judges packets that all go one way, and sends those that pass. Owns the packets, which need hashes. n <= DP_BURST. */
void deliver(struct worker *w, const struct route *to, struct rte_mbuf *m[], struct fh_pkt *p[], unsigned n);
/* Sorts a burst by destination; order is kept for each. The arrays are used up. */
void deliver_spread(struct worker *w, struct route to[], struct rte_mbuf *m[], struct fh_pkt *p[], unsigned n);

/* Runs packets through a port's connections and rules. */
void deliver_judge(struct worker *w, const struct port_view *v, enum fh_direction dir, struct fh_pkt *p[], const uint8_t *const data[],
		   const uint16_t seg_len[], struct fh_ct_verdict verdicts[], unsigned n);

/* Rewrites a packet that crosses the border and was judged. Return: false when it has no translation: drop it, it must not
 * be seen with its addresses. */
bool deliver_translate(const struct port_view *v, enum fh_direction dir, struct rte_mbuf *m, const struct fh_pkt *p,
		       const struct fh_ct_verdict *verdict);

/* --- fragments: one by one ------------------------------------------------------------------------------------------- */
/* Runs one fragment through a port's virtual reassembly and, if it is a first one, its connections.
 * @param m       kept by the reassembly, or dropped, when the answer is false
 * @param judged  it was a first one: held ones may be ready now */
bool deliver_fragment_passes(struct worker *w, const struct port_view *v, enum fh_direction dir, struct rte_mbuf *m, struct fh_pkt *p, bool *judged);
/* Return: a fragment whose fate is known by now, NULL: none. *reason FH_DROP_NONE: it passes. */
struct rte_mbuf *deliver_next_held(struct worker *w, struct port *port, enum fh_direction dir, uint8_t *reason);
/* Judges one and sends it if it passes. */
void deliver_fragment(struct worker *w, const struct route *to, struct rte_mbuf *m, struct fh_pkt *p);
void deliver_release_held(struct worker *w, const struct port_view *dst);

/* --- drops: counted, told, and (but for note) freed ------------------------------------------------------------------- */
void deliver_drop(struct worker *w, struct port *port, struct rte_mbuf *m, uint8_t reason);
/* Of a packet that was parsed, and perhaps judged (verdict not NULL). */
void deliver_note_drop(struct worker *w, struct port *port, enum fh_direction dir, const struct fh_pkt *p, uint8_t reason,
		       const struct fh_ct_verdict *verdict);
void deliver_drop_packet(struct worker *w, struct port *port, enum fh_direction dir, struct rte_mbuf *m, const struct fh_pkt *p, uint8_t reason,
			 const struct fh_ct_verdict *verdict);

#endif
