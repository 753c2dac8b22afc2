/*
 * Immutable look-up tables: of a segment, MAC and IP addresses to port slots; of an uplink, tags and VNIs to segments.
 *
 * Open addressing, at most half full, built by the control thread and never changed afterwards. The hash is seeded,
 * because tenants choose addresses.
 */
#ifndef FH_DP_LOOKUP_H
#define FH_DP_LOOKUP_H

#include "compiler.h"

enum fh_lookup_kind { FH_LOOKUP_NONE = 0, FH_LOOKUP_MAC, FH_LOOKUP_IP4, FH_LOOKUP_IP6, FH_LOOKUP_VNI, FH_LOOKUP_TAGS, FH_LOOKUP_VTEP,
		      FH_LOOKUP_PUBLIC, FH_LOOKUP_OWNED };

#define FH_LOOKUP_ABSENT UINT32_MAX
#define FH_LOOKUP_REMOTE (1u << 30) /* in a segment's slots: index into its remotes */

struct fh_lookup_key {
	uint64_t a, b;
	uint32_t kind;
};

struct fh_lookup_entry {
	uint64_t a, b;
	uint32_t kind; /* enum fh_lookup_kind */
	uint32_t slot;
};

struct fh_lookup {
	uint64_t seed;
	uint32_t mask;
	struct fh_lookup_entry entries[];
};

/* Return: a table with room for n keys, or NULL. free() it. */
struct fh_lookup *fh_lookup_new(uint32_t n, uint64_t seed);
/* Return: false when the key is there already (it stays). */
bool fh_lookup_add(struct fh_lookup *t, struct fh_lookup_key key, uint32_t slot);

static inline uint64_t fh_lookup_hash(uint64_t seed, struct fh_lookup_key k)
{
	uint64_t h = (k.a ^ seed) * 0x9e3779b97f4a7c15u;
	h ^= h >> 32;
	h = (h ^ k.b ^ k.kind) * 0xd6e8feb86659fd93u;
	return h ^ (h >> 32);
}

static inline uint32_t fh_lookup_find(const struct fh_lookup *t, struct fh_lookup_key k)
{
	for (uint64_t i = fh_lookup_hash(t->seed, k);; i++) {
		const struct fh_lookup_entry *e = &t->entries[i & t->mask];
		if (e->kind == k.kind && e->a == k.a && e->b == k.b)
			return e->slot;
		if (e->kind == FH_LOOKUP_NONE)
			return FH_LOOKUP_ABSENT;
	}
}

static inline struct fh_lookup_key fh_key_mac(const uint8_t mac[6])
{
	uint64_t v = 0;
	memcpy(&v, mac, 6);
	return (struct fh_lookup_key){ v, 0, FH_LOOKUP_MAC };
}

static inline struct fh_lookup_key fh_key_ip4(const uint8_t addr[4])
{
	uint32_t v;
	memcpy(&v, addr, 4);
	return (struct fh_lookup_key){ v, 0, FH_LOOKUP_IP4 };
}

static inline struct fh_lookup_key fh_key_ip6(const uint8_t addr[16])
{
	struct fh_lookup_key k = { .kind = FH_LOOKUP_IP6 };
	memcpy(&k.a, addr, 8);
	memcpy(&k.b, addr + 8, 8);
	return k;
}

static inline struct fh_lookup_key fh_key_vni(uint32_t vni)
{
	return (struct fh_lookup_key){ vni, 0, FH_LOOKUP_VNI };
}

/* @param tags  outer << 16 | inner; a single tag is the outer one */
static inline struct fh_lookup_key fh_key_tags(uint32_t tags)
{
	return (struct fh_lookup_key){ tags, 0, FH_LOOKUP_TAGS };
}

/* A public address with all its ports (block FH_LOOKUP_ALL_PORTS), or with a block of 64. @param addr  network order */
#define FH_LOOKUP_ALL_PORTS UINT32_MAX
static inline struct fh_lookup_key fh_key_public(uint32_t addr, uint32_t block)
{
	return (struct fh_lookup_key){ addr, block, FH_LOOKUP_PUBLIC };
}

/* An address that is answered for on an external link. */
static inline struct fh_lookup_key fh_key_owned(uint32_t addr)
{
	return (struct fh_lookup_key){ addr, 0, FH_LOOKUP_OWNED };
}

/* @param addr  network order */
static inline struct fh_lookup_key fh_key_vtep(uint32_t addr)
{
	return (struct fh_lookup_key){ addr, 0, FH_LOOKUP_VTEP };
}

#endif
