/* Giving up what the process does not need. */
#ifndef FH_DP_CONFINE_H
#define FH_DP_CONFINE_H

#include <stdbool.h>

/* Before any thread starts: no new privileges, no capabilities but the one to reach QEMU's sockets. */
bool confine_privileges(void);
/* After everything is open: all threads may use only the system calls that the dataplane uses. */
bool confine_syscalls(void);

#endif
