/* Small helpers shared by all of native/: branch hints, relaxed accesses to shared fields, unaligned loads. */
#ifndef FH_COMMON_COMPILER_H
#define FH_COMMON_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define fh_likely(x) __builtin_expect(!!(x), 1)
#define fh_unlikely(x) __builtin_expect(!!(x), 0)
#define FH_CACHE_LINE 64
#define fh_cache_aligned __attribute__((aligned(FH_CACHE_LINE)))
#define fh_prefetch(p) __builtin_prefetch((p), 0, 3)
#define fh_prefetch_write(p) __builtin_prefetch((p), 1, 3)

/* Fields that several threads touch are read and written through these; the order that each use relies on is
 * stated in the module's theory of operation. */
#define fh_load(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define fh_load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define fh_store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define fh_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
/* A counter that normally has one writer: no locked instruction, and no torn value for a reader. */
#define fh_count(p, n) fh_store((p), fh_load(p) + (n))

static inline uint16_t fh_be16(const uint8_t *p)
{
	return (uint16_t)((p[0] << 8) | p[1]);
}

static inline uint32_t fh_be32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return __builtin_bswap32(v);
}

static inline void fh_put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void fh_put_be32(uint8_t *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof v);
}

static inline void fh_cpu_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

#endif
