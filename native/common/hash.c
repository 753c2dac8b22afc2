/* See hash.h for the theory of operation. */
#include "hash.h"

#include <sys/random.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static inline uint64_t rotl(uint64_t x, int b)
{
	return x << b | x >> (64 - b);
}

#define SIP_ROUND(v0, v1, v2, v3) \
	do { \
		v0 += v1, v1 = rotl(v1, 13), v1 ^= v0, v0 = rotl(v0, 32); \
		v2 += v3, v3 = rotl(v3, 16), v3 ^= v2; \
		v0 += v3, v3 = rotl(v3, 21), v3 ^= v0; \
		v2 += v1, v1 = rotl(v1, 17), v1 ^= v2, v2 = rotl(v2, 32); \
	} while (0)

static uint64_t siphash13(const struct fh_hash_key *key, const uint64_t *w, unsigned n)
{
	uint64_t k0, k1;

	memcpy(&k0, key->b, 8);
	memcpy(&k1, key->b + 8, 8);
	uint64_t v0 = k0 ^ 0x736f6d6570736575, v1 = k1 ^ 0x646f72616e646f6d, v2 = k0 ^ 0x6c7967656e657261,
		 v3 = k1 ^ 0x7465646279746573;
	for (unsigned i = 0; i < n; i++) {
		v3 ^= w[i];
		SIP_ROUND(v0, v1, v2, v3);
		v0 ^= w[i];
	}
	uint64_t last = (uint64_t)(n * 8) << 56;
	v3 ^= last;
	SIP_ROUND(v0, v1, v2, v3);
	v0 ^= last;
	v2 ^= 0xff;
	for (int i = 0; i < 3; i++)
		SIP_ROUND(v0, v1, v2, v3);
	return v0 ^ v1 ^ v2 ^ v3;
}

static unsigned key_words(const uint64_t key[FH_KEY_WORDS])
{
	return key[0] & FH_KEY_V6 ? FH_KEY_WORDS : 2;
}

#if defined(__x86_64__)
__attribute__((target("aes,sse4.1"))) static inline __m128i aes4(__m128i x, const __m128i k[4])
{
	x = _mm_aesenc_si128(_mm_xor_si128(x, k[0]), k[1]);
	x = _mm_aesenc_si128(x, k[2]);
	x = _mm_aesenc_si128(x, k[3]);
	return _mm_aesenc_si128(x, k[0]);
}

__attribute__((target("aes,sse4.1"))) static inline uint64_t hash_aes(const __m128i k[4], const uint64_t *w)
{
	__m128i x;

	if (fh_likely(!(w[0] & FH_KEY_V6))) {
		x = aes4(_mm_loadu_si128((const __m128i *)w), k);
	} else {
		x = aes4(_mm_set_epi64x(0, (long long)w[0]), k);
		x = aes4(_mm_xor_si128(x, _mm_loadu_si128((const __m128i *)(w + 1))), k);
		x = aes4(_mm_xor_si128(x, _mm_loadu_si128((const __m128i *)(w + 3))), k);
	}
	return (uint64_t)_mm_cvtsi128_si64(x);
}

__attribute__((target("aes,sse4.1"))) static void load_key(const struct fh_hash *h, __m128i k[4])
{
	for (int i = 0; i < 4; i++)
		k[i] = _mm_load_si128((const __m128i *)h->key.b + i);
}

__attribute__((target("aes,sse4.1"))) static uint64_t hash_one_aes(const struct fh_hash *h, const uint64_t *w)
{
	__m128i k[4];

	load_key(h, k);
	return hash_aes(k, w);
}

__attribute__((target("aes,sse4.1"))) static void hash_burst_aes(const struct fh_hash *h, struct fh_pkt *const pkts[], unsigned n)
{
	__m128i k[4];

	load_key(h, k);
	for (unsigned i = 0; i < n; i++)
		pkts[i]->hash = hash_aes(k, pkts[i]->key);
}
#endif

enum fh_hash_algo fh_hash_best(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("aes") && __builtin_cpu_supports("sse4.1"))
		return FH_HASH_AES;
#endif
	return FH_HASH_SIPHASH;
}

bool fh_hash_seed(struct fh_hash *h)
{
	h->algo = fh_hash_best();
	return getrandom(h->key.b, sizeof h->key.b, 0) == (ssize_t)sizeof h->key.b;
}

uint64_t fh_hash_key(const struct fh_hash *h, const uint64_t key[FH_KEY_WORDS])
{
#if defined(__x86_64__)
	if (fh_likely(h->algo == FH_HASH_AES))
		return hash_one_aes(h, key);
#endif
	return siphash13(&h->key, key, key_words(key));
}

void fh_hash_burst(const struct fh_hash *h, struct fh_pkt *const pkts[], unsigned n)
{
#if defined(__x86_64__)
	if (fh_likely(h->algo == FH_HASH_AES)) {
		hash_burst_aes(h, pkts, n);
		return;
	}
#endif
	for (unsigned i = 0; i < n; i++)
		pkts[i]->hash = siphash13(&h->key, pkts[i]->key, key_words(pkts[i]->key));
}
