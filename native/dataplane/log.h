/* One line a message to standard error, for journald: "<priority>text". Never called per packet. */
#ifndef FH_DP_LOG_H
#define FH_DP_LOG_H

#include <stdio.h>
#include <syslog.h>

void dp_log(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Where DPDK shall write its messages: to standard error, too, but no more than a rate. */
FILE *library_log(void);

#endif
