/*
 * Making tables: where their memory is, and what a process finds of those of the one before. conntrack.h has the theory of operation.
 *
 * The image, which outlives the process, has a header and the entries. The index over them is memory of this process: nothing in it would
 * be believed after a crash, so it is built anew.
 *
 * The image is a file as long as the capacity needs, and almost all of it a hole: a thousand NICs seldom use what they may. The table grows
 * into it from the front, a few pages at a time, reserving each (pages.h) before any entry in it gets a number that somebody may
 * look up. So a file system that is full costs new connections and nothing else: those that are there go on.
 */
#include "ct_internal.h"

#include <stdlib.h>
#include <sys/mman.h>

#define ENTRIES_A_PAGE ((uint32_t)(FH_PAGE / sizeof(struct ct_entry)))
/* Entries that the table grows by: as many as it has, within these. A page for a NIC with few connections, a call for every 64 KB later. */
#define GROW_MIN ENTRIES_A_PAGE
#define GROW_MAX (16 * ENTRIES_A_PAGE)

/* --- memory ------------------------------------------------------------------------------------------------------------- */

static uint32_t buckets_for(uint32_t capacity)
{
	return (capacity + CT_PER_BUCKET - 1) / CT_PER_BUCKET;
}

static uint32_t overflow_for(uint32_t capacity)
{
	return buckets_for(capacity) / CT_OVERFLOW_OF + 8;
}

static size_t index_bytes(const struct fh_ct *ct)
{
	return fh_page_align(((size_t)ct->n_buckets + ct->n_overflow) * sizeof(struct ct_bucket));
}

size_t fh_ct_image_size(uint32_t capacity)
{
	return FH_PAGE + fh_page_align((size_t)capacity * sizeof(struct ct_entry));
}

uint32_t fh_ct_capacity(const struct fh_ct *ct)
{
	return ct->capacity;
}

/* Fewer TLB misses where the kernel grants huge pages, without which everything works all the same. Not in small tables: of a
 * thousand NICs with some connections each, every one would cost megabytes. */
static void advise(const struct fh_ct *ct, size_t image)
{
	bool huge = image >= CT_HUGE_FROM;

	(void)madvise(ct->buckets, index_bytes(ct), huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	if (huge)
		(void)madvise(ct->header, image, MADV_HUGEPAGE);
	/* On a disk's file system the kernel would read megabytes ahead of the first access, holes included. */
	(void)madvise(ct->header, image, MADV_RANDOM);
}

static bool index_new(struct fh_ct *ct)
{
	void *p = mmap(NULL, index_bytes(ct), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return false;
	ct->buckets = p;
	return true;
}

/* Entries that whole pages hold, of which so many are used. */
static uint32_t whole_pages(const struct fh_ct *ct, uint32_t used)
{
	uint32_t n = (used + ENTRIES_A_PAGE - 1) / ENTRIES_A_PAGE * ENTRIES_A_PAGE;

	return n < ct->capacity ? n : ct->capacity;
}

bool ct_grow(struct fh_ct *ct, uint32_t from, uint32_t now)
{
	uint32_t step = from < GROW_MIN ? GROW_MIN : from > GROW_MAX ? GROW_MAX : from;
	uint32_t to = ct->capacity - from < step ? ct->capacity : from + step;

	if (from == ct->capacity || fh_load(&ct->refused_tick) == now)
		return false;
	if (fh_pages_reserve(&ct->entries[from], (size_t)(to - from) * sizeof(struct ct_entry)) != FH_OK) {
		fh_store(&ct->refused_tick, now);
		fh_store(&ct->starved, true);
		return false;
	}
	/* Several workers may have done the same; one of them says so. */
	__atomic_compare_exchange_n(&ct->backed, &from, to, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
	return true;
}

bool fh_ct_take_starved(struct fh_ct *ct)
{
	return fh_load(&ct->starved) && __atomic_exchange_n(&ct->starved, false, __ATOMIC_RELAXED);
}

/* --- recovery ---------------------------------------------------------------------------------------------------------------- */

static bool same_image(const struct ct_header *h, const struct fh_ct_config *cfg)
{
	return h->magic == CT_MAGIC && h->version == CT_LAYOUT_VERSION && h->entry_size == sizeof(struct ct_entry) &&
	       h->capacity == cfg->capacity && h->incarnation == cfg->incarnation && !memcmp(&h->nic, &cfg->nic, sizeof h->nic);
}

/* Nothing in the image is trusted: a process may have died at any instruction. */
static bool entry_valid(const struct ct_entry *e, uint32_t now)
{
	uint8_t proto = ct_proto(e);
	bool tcp_state = e->state >= FH_CT_S_SYN_SENT && e->state <= FH_CT_S_SYN_SENT2;
	bool other_state = e->state == FH_CT_S_UNREPLIED || e->state == FH_CT_S_REPLIED;
	const uint64_t known = 0xffffffffffull | FH_KEY_V6 | FH_KEY_REQUESTER_LO | FH_KEY_LOCAL_LO | (uint64_t)0xff << 48;
	int32_t left = (int32_t)(e->expires - now);

	if (!(proto == FH_PROTO_TCP ? tcp_state : other_state) || e->key[0] & ~known)
		return false;
	/* The two share their place in the entry. */
	if (e->flags & CT_F_NAT && (ct_v6(e) || (e->nat.kind != FH_NAT_FLOATING && e->nat.kind != FH_NAT_SOURCE)))
		return false;
	/* 432000 s is the longest timeout there is, with some slack. */
	return left > 0 && left < (int32_t)(450000ull * 1000000000 >> FH_CT_TICK_SHIFT);
}

/* Keeps what validates and builds index and free list around it. */
static uint32_t recover(struct fh_ct *ct, uint32_t now)
{
	uint32_t kept = 0, used = ct->header->fresh;

	for (uint32_t i = 0; i < used; i++) {
		struct ct_entry *e = &ct->entries[i];
		uint64_t key[FH_KEY_WORDS];
		uint8_t state = e->state;

		e->lock = 0;
		if (state == FH_CT_S_FREE || !entry_valid(e, now)) {
			e->state = FH_CT_S_FREE;
			ct_release(ct, i);
			continue;
		}
		e->stamp = 0;
		e->slot = FH_SLOT_NONE;
		e->hint = FH_CT_NONE;
		e->flags |= CT_F_RELEARN;
		ct_key_of(e, key);
		e->state = FH_CT_S_FREE;
		if (ct_publish(ct, false, ct_hash_of(ct, key), i, state) != i)
			continue;
		kept++;
		if (e->flags & CT_F_NAT) {
			ct_nat_rehash(ct, e);
			/* Without its second place the connection cannot be found from outside, and ends by its timeout. */
			(void)ct_nat_publish(ct, false, i);
		}
	}
	return kept;
}

/* Reserves what the image says is used, and gives back what lies behind it. */
static int take_over(struct fh_ct *ct, uint8_t *end)
{
	struct ct_header *h = ct->header;

	if (h->fresh > ct->capacity)
		h->fresh = ct->capacity;
	ct->backed = whole_pages(ct, h->fresh);
	if (fh_pages_reserve(ct->entries, (size_t)ct->backed * sizeof(struct ct_entry)) != FH_OK)
		return FH_ENOSPACE;
	fh_pages_clear(ct->entries + h->fresh, (size_t)(end - (uint8_t *)(ct->entries + h->fresh)));
	return FH_OK;
}

static int begin_anew(struct fh_ct *ct, const struct fh_ct_config *cfg, uint8_t *end)
{
	struct ct_header *h = ct->header;

	if (h->magic) {
		fh_pages_clear(h, (size_t)(end - (uint8_t *)h));
		if (fh_pages_reserve(h, sizeof *h) != FH_OK)
			return FH_ENOSPACE;
	}
	*h = (struct ct_header){ .version = CT_LAYOUT_VERSION, .entry_size = sizeof(struct ct_entry), .capacity = cfg->capacity, .nic = cfg->nic,
				 .incarnation = cfg->incarnation };
	fh_store_release(&h->magic, CT_MAGIC);
	return FH_OK;
}

/* --- timeouts --------------------------------------------------------------------------------------------------------------- */

void fh_ct_default_timeouts(struct fh_ct_timeouts *t)
{
	*t = (struct fh_ct_timeouts){
		.tcp = { [FH_CT_S_SYN_SENT] = 120, [FH_CT_S_SYN_RECV] = 60, [FH_CT_S_ESTABLISHED] = 86400,
			 [FH_CT_S_FIN_WAIT] = 120, [FH_CT_S_CLOSE_WAIT] = 60, [FH_CT_S_LAST_ACK] = 30,
			 [FH_CT_S_TIME_WAIT] = 120, [FH_CT_S_CLOSE] = 10, [FH_CT_S_SYN_SENT2] = 120 },
		.udp_unreplied = 30,
		.udp_replied = 120,
		.icmp = 30,
		.sctp_unreplied = 30,
		.sctp_replied = 210,
		.other = 600,
	};
}

void fh_ct_set_timeouts(struct fh_ct *ct, const struct fh_ct_timeouts *t)
{
	const uint32_t pairs[CT_CLASSES][2] = {
		[CT_UDP] = { t->udp_unreplied, t->udp_replied },
		[CT_ICMP] = { t->icmp, t->icmp },
		[CT_SCTP] = { t->sctp_unreplied, t->sctp_replied },
		[CT_OTHER] = { t->other, t->other },
	};

	for (int i = 0; i <= FH_CT_S_SYN_SENT2; i++)
		fh_store(&ct->ttl_tcp[i], ct_seconds(t->tcp[i]));
	for (int c = 0; c < CT_CLASSES; c++) {
		fh_store(&ct->ttl[c][0], ct_seconds(pairs[c][0]));
		fh_store(&ct->ttl[c][1], ct_seconds(pairs[c][1]));
	}
}

/* --- open ------------------------------------------------------------------------------------------------------------------- */

static struct fh_ct *handle_new(void *mem, const struct fh_ct_config *cfg, uint64_t now_ns)
{
	size_t size = sizeof(struct fh_ct) + cfg->workers * sizeof(struct ct_wstats);
	struct fh_ct *ct = aligned_alloc(FH_CACHE_LINE, (size + FH_CACHE_LINE - 1) & ~(size_t)(FH_CACHE_LINE - 1));

	if (!ct)
		return NULL;
	memset(ct, 0, size);
	ct->header = mem;
	ct->entries = (struct ct_entry *)((uint8_t *)mem + FH_PAGE);
	ct->capacity = cfg->capacity;
	ct->n_buckets = buckets_for(cfg->capacity);
	ct->n_overflow = overflow_for(cfg->capacity);
	ct->workers = cfg->workers;
	ct->shared = cfg->workers > 2 || !ct_has_door();
	ct->rules = cfg->rules;
	ct->flows = cfg->flows;
	ct->hash = *cfg->hash;
	ct->evict_tick = ct->refused_tick = ct_tick(now_ns) - 1;
	fh_ct_set_timeouts(ct, &cfg->timeouts);
	if (!index_new(ct)) {
		free(ct);
		return NULL;
	}
	return ct;
}

int fh_ct_open(void *mem, size_t size, const struct fh_ct_config *cfg, uint64_t now_ns, struct fh_ct **out, uint32_t *recovered)
{
	uint32_t kept = 0;
	struct fh_ct *ct;
	int rc;

	*out = NULL;
	if (recovered)
		*recovered = 0;
	if (cfg->capacity < FH_CT_CAPACITY_MIN || cfg->capacity > FH_CT_CAPACITY_MAX || cfg->workers == 0 ||
	    cfg->workers > FH_WORKERS_MAX || !cfg->hash || (uintptr_t)mem % FH_PAGE || size < fh_ct_image_size(cfg->capacity))
		return FH_EINVAL;
	if (fh_pages_reserve(mem, sizeof(struct ct_header)) != FH_OK)
		return FH_ENOSPACE;
	if (!(ct = handle_new(mem, cfg, now_ns)))
		return FH_ENOMEM;
	advise(ct, fh_ct_image_size(cfg->capacity));
	uint8_t *end = (uint8_t *)mem + fh_ct_image_size(cfg->capacity);
	bool known = same_image(ct->header, cfg);
	if ((rc = known ? take_over(ct, end) : begin_anew(ct, cfg, end)) != FH_OK) {
		fh_ct_close(ct);
		return rc;
	}
	if (known) {
		kept = ct->recovered = recover(ct, ct_tick(now_ns));
		ct->relearn_until = ct_tick(now_ns) + ct_seconds(FH_CT_RELEARN_S);
	}
	if (recovered)
		*recovered = kept;
	*out = ct;
	return FH_OK;
}

void fh_ct_close(struct fh_ct *ct)
{
	munmap(ct->buckets, index_bytes(ct));
	free(ct);
}
