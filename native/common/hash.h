/*
 * Seeded hash of canonical tuples.
 *
 * Tuples are chosen by attackers, so bucket collisions must not be predictable without the 64-byte random key, which is
 * drawn once per state image (getrandom) and never leaves the process. Two algorithms, chosen at run time per process
 * and recorded in the state image:
 *
 *   AES      4 rounds of AES per 16-byte block with independent secret round keys, chained over blocks (IPv4: one
 *            block, IPv6: three). Four rounds bound the probability of any differential at 2^-113: an attacker who
 *            does not know the key cannot choose tuples that collide better than at random. ~20 cycles latency,
 *            pipelined over a burst.
 *   SipHash  SipHash-1-3 where the CPU has no AES instructions.
 *
 * Only collisions in the table index matter; the result never leaves the host, so timing is the only oracle, and the
 * index exposes at most bucket occupancy.
 *
 * The hash covers neither FH_KEY_LOCAL_LO nor anything per zone: sender's and receiver's zones share it.
 */
#ifndef FH_COMMON_HASH_H
#define FH_COMMON_HASH_H

#include "packet.h"

enum fh_hash_algo { FH_HASH_SIPHASH = 1, FH_HASH_AES = 2 };

struct fh_hash_key {
	uint8_t b[64];
} __attribute__((aligned(16)));

struct fh_hash {
	struct fh_hash_key key;
	uint32_t algo; /* enum fh_hash_algo */
};

/* The best algorithm of this CPU. */
enum fh_hash_algo fh_hash_best(void);
/* Draws a key from the kernel. Return: false when the kernel has no randomness to give. */
bool fh_hash_seed(struct fh_hash *h);
/* Return: the hash of one key; v6 is taken from FH_KEY_V6. */
uint64_t fh_hash_key(const struct fh_hash *h, const uint64_t key[FH_KEY_WORDS]);
/* Fills pkts[i]->hash; packets without a tuple get an unspecified value. */
void fh_hash_burst(const struct fh_hash *h, struct fh_pkt *const pkts[], unsigned n);

#endif
