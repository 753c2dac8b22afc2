/*
 * The journal: what was committed survives the process.
 *
 * Theory of operation
 * -------------------
 * A file in the state directory (tmpfs: it shall survive SIGKILL and upgrades, not reboots). Each committed transaction is
 * appended with its length and checksum before it takes effect; objects carry generations, so replaying one twice is
 * harmless. A torn record at the end (killed while writing) is cut off. When the file has grown to several times the
 * state, a snapshot (one transaction that replaces all) takes its place by rename.
 */
#ifndef FH_DP_JOURNAL_H
#define FH_DP_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

/* Opens or creates the journal and replays it. Return: false with a message logged when the directory is unusable. */
bool journal_open(const char *state_dir);
/* Return: FH_OK; FH_ENOSPACE or FH_EINTERNAL with a message logged, and the journal is as before. */
int journal_append(const void *payload, size_t len);
void journal_compact_if_due(void);

#endif
