/*
 * What the program says: one JSON object a line on standard output; and the thread that says it.
 *
 *   {"progress":{"done":…,"total":…,"added":…}}     each second; bytes of the volumes, and bytes stored
 *   {"result":{…}}                                  at the end, or:
 *   {"failure":{"code":"STORE_FULL","message":"…","damages":[…]}}
 *
 * The last line is printed exactly once, also when the ticker ends the process because an operation hangs. A job whose reader has
 * gone (the agent was killed) is cancelled.
 */
#ifndef ST_REPORT_H
#define ST_REPORT_H

#include "session.h"

/* SIGTERM and SIGINT are taken by the ticker from here on. Before any thread is started. */
void st_report_block_signals(void);
/* Starts the ticker: signals, hanging operations, progress. */
bool st_report_start(struct st_session *session);
void st_report_stop(void);

/* Prints how the job ended. Return: the process's exit status. */
int st_report_end(struct st_session *session, json_t *result);

#endif
