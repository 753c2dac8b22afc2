/* What a target claims of each input: otherwise it aborts, which libFuzzer takes for a finding. */
#ifndef FH_FUZZ_MUST_H
#define FH_FUZZ_MUST_H

#include <stdio.h>
#include <stdlib.h>

#define MUST(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: violated: %s\n", __FILE__, __LINE__, #cond); \
			abort(); \
		} \
	} while (0)

#endif
