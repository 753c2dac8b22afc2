/*
 * Drop events: a bounded sample of what was dropped, for people who look for the reason.
 *
 * Each worker writes its own ring and never waits; a slot carries a sequence number that is odd while it is written, so the
 * control thread, which reads, notices what changed under its hands. A worker records at most FH_DROP_EVENTS_PER_S.
 */
#ifndef FH_DP_EVENTS_H
#define FH_DP_EVENTS_H

#include "runtime.h"

bool events_init(void);
/* By the worker that dropped the packet.
 * @param pkt   NULL or of kind FH_PKT_BAD: no addresses are told
 * @param slot  of the deciding rule, or FH_SLOT_NONE */
void events_record(const struct worker *w, const struct port *port, enum fh_direction dir, uint8_t reason, const struct fh_pkt *pkt,
		   uint32_t slot);
/* By the control thread. @param cursor  as in fh_ctl_drop_events(). Return: number of events copied. */
uint32_t events_read(uint64_t *cursor, struct fh_drop_event *out, uint32_t capacity);

#endif
