/* Worker threads: poll guest queues while there is something, sleep on their kicks when there is not. */
#ifndef FH_DP_WORKER_H
#define FH_DP_WORKER_H

#include "runtime.h"

/* Starts dp.n_workers threads. Return: false with a message logged. */
bool workers_start(const int cores[]);
/* After dp.stop is set. */
void workers_join(void);
/* Makes a sleeping worker look at its queue list. Any thread. */
void worker_wake(struct worker *w);

#endif
