/* One line a message to standard error, for journald: "<priority>text". Never called per packet. */
#ifndef FH_DP_LOG_H
#define FH_DP_LOG_H

#include <syslog.h>

void dp_log(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
