/*
 * What stands between librte_vhost and a front end that may be hostile.
 */
#ifndef FH_DP_FRONT_END_H
#define FH_DP_FRONT_END_H

#include "runtime.h"

/* Once, before workers run. Return: false without descriptors. */
bool front_end_init(void);
/* Around librte_vhost's connecting: what a front end says meanwhile is not heard before librte_vhost has noted the connection. */
void front_end_connects(void);
void front_end_connected(void);
/* The calling thread is that worker. */
void front_end_worker(struct worker *w);
/* The worker stands still: if because a front end's descriptor blocks, it goes on. Any thread. */
void front_end_interrupt(struct worker *w);

#endif
