/*
 * Flow records on their way to whoever stores them.
 *
 * Theory of operation
 * -------------------
 * Workers write rings (flow.h); the control thread moves what is there into an outbox, gives it a sequence number and the name of the
 * rule, and keeps it until a reader says that it is stored. Rings and outbox are one mapped file in the state directory: neither
 * a reader's nor a dataplane's death costs a record, and none gets another number. When nobody reads, the outbox fills, then the
 * rings, then workers count what they lose; nobody waits.
 */
#ifndef FH_DP_FLOWS_H
#define FH_DP_FLOWS_H

#include "flows_file.h"
#include "runtime.h"

/* Before any port. Return: false without memory or file. */
bool flows_init(void);
/* Moves records from the rings to the outbox. Return: milliseconds until it should be called again. */
int flows_tick(void);
/* Forgets what is stored elsewhere and copies the oldest of what is left.
 * Return: number of records. */
uint32_t flows_read(uint64_t epoch, uint64_t taken, struct fh_flow_stream *stream, struct fh_flow_record *out, uint32_t capacity);

#endif
