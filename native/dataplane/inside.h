/* Requests that look inside: connections, packet tester, drop events, flow records, previews, state transfer, pinning. */
#ifndef FH_DP_INSIDE_H
#define FH_DP_INSIDE_H

#include "page.h"

int serve_connections(struct request *r);
int serve_kill(struct request *r);
int serve_test_packet(struct request *r);
int serve_drop_events(struct request *r);
int serve_flows(struct request *r);
int serve_preview(struct request *r);
int serve_export(struct request *r);
int serve_import(struct request *r);
int serve_pin_worker(struct request *r);

#endif
