/* Command line. */
#ifndef FH_DP_OPTIONS_H
#define FH_DP_OPTIONS_H

#include "runtime.h"

struct options {
	const char *control, *state;
	unsigned workers;
	unsigned memory_mb;
	unsigned watchdog_s;
	bool huge, unsealed;
	int cores[DP_MAX_WORKERS]; /* -1: not pinned */
	const char *uplinks[DP_MAX_UPLINKS];
	unsigned n_uplinks;
};

/* Return: false with the reason and the usage on standard error. */
bool options_parse(struct options *o, int argc, char *argv[]);

#endif
