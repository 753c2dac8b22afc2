/* The smallest test harness that does the job: checks that say what was expected, a seed that can be repeated. */
#ifndef FH_TESTS_CHECK_H
#define FH_TESTS_CHECK_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned check_failures;

#define CHECK(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: %s: failed: %s\n", __FILE__, __LINE__, __func__, #cond); \
			check_failures++; \
		} \
	} while (0)

#define CHECK_EQ(got, want) \
	do { \
		long long got_ = (long long)(got), want_ = (long long)(want); \
		if (got_ != want_) { \
			fprintf(stderr, "%s:%d: %s: %s is %lld, expected %s = %lld\n", __FILE__, __LINE__, __func__, #got, got_, \
				#want, want_); \
			check_failures++; \
		} \
	} while (0)

/* Stops at once: what follows would crash. */
#define REQUIRE(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: %s: required: %s\n", __FILE__, __LINE__, __func__, #cond); \
			exit(1); \
		} \
	} while (0)

static inline int check_result(void)
{
	if (check_failures)
		fprintf(stderr, "%u checks failed\n", check_failures);
	return check_failures ? 1 : 0;
}

/* xorshift64*: the same sequence everywhere. FH_SEED repeats a failed run. */
static inline uint64_t rnd(uint64_t *s)
{
	*s ^= *s >> 12;
	*s ^= *s << 25;
	*s ^= *s >> 27;
	return *s * 0x2545f4914f6cdd1dull;
}

static inline uint64_t check_seed(uint64_t fallback)
{
	const char *env = getenv("FH_SEED");
	uint64_t seed = env ? strtoull(env, NULL, 0) : fallback;

	fprintf(stderr, "seed %" PRIu64 " (repeat with FH_SEED)\n", seed);
	return seed ? seed : 1;
}

#endif
