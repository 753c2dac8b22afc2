/* Ends the process when a thread is stuck. */
#ifndef FH_DP_WATCHDOG_H
#define FH_DP_WATCHDOG_H

#include <stdbool.h>

/* What the supervisor sees. */
#define WATCHDOG_STATUS 70

/* Begins to watch the workers and the calling (control) thread.
 * @param seconds  that a worker may take for one round; the control thread may take six times as long for one request */
bool watchdog_start(unsigned seconds);
/* The control thread is alive. */
void watchdog_control_lives(void);

#endif
