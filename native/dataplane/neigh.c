#include "neigh.h"

#include <stdlib.h>

#define SLOTS (2 * NEIGH_MAX)
#define MAILBOX 32u
#define S 1000000000ull
#define REFRESH_S 30u
#define UNUSED_S 600
#define RETRY_KEPT_S 5u
#define PROBES 3u
#define KNOWN (1ull << 48) /* beside the MAC */

struct shown {
	uint32_t addr; /* 0: never used */
	uint32_t used_s;
	uint64_t mac; /* with KNOWN; 0: none */
};

struct hidden {
	uint64_t next_ns, confirmed_ns; /* next_ns 0: free */
	uint32_t probes;
	bool kept;
};

struct neighbours {
	struct shown shown[SLOTS];
	uint32_t wanted[MAILBOX];
	struct hidden hidden[SLOTS]; /* the control thread's */
	uint32_t n;
};

struct neighbours *neigh_new(void)
{
	return calloc(1, sizeof(struct neighbours));
}

void neigh_free(struct neighbours *n)
{
	free(n);
}

static uint32_t start_of(uint32_t addr)
{
	uint32_t h = addr * 0x9e3779b1u;
	return h ^ h >> 15;
}

static uint64_t pack(const uint8_t mac[6])
{
	uint64_t v = 0;
	memcpy(&v, mac, 6);
	return v | KNOWN;
}

/* --- workers ----------------------------------------------------------------------------------------------------------- */
bool neigh_find(struct neighbours *n, uint32_t addr, uint64_t now_ns, uint8_t mac[6])
{
	for (uint32_t i = start_of(addr), left = SLOTS; left; i++, left--) {
		struct shown *s = &n->shown[i % SLOTS];
		uint32_t at = fh_load_acquire(&s->addr);
		if (at == 0)
			return false;
		if (at != addr)
			continue;
		uint64_t v = fh_load_acquire(&s->mac);
		uint32_t now_s = (uint32_t)(now_ns / S);
		if (!(v & KNOWN) || fh_load(&s->addr) != addr)
			return false;
		if (fh_load(&s->used_s) != now_s)
			fh_store(&s->used_s, now_s);
		memcpy(mac, &v, 6);
		return true;
	}
	return false;
}

bool neigh_want(struct neighbours *n, uint32_t addr)
{
	for (unsigned i = 0; i < MAILBOX; i++)
		if (fh_load(&n->wanted[i]) == addr)
			return false;
	for (unsigned i = 0; i < MAILBOX; i++) {
		uint32_t empty = 0;
		if (__atomic_compare_exchange_n(&n->wanted[i], &empty, addr, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return true;
	}
	return false;
}

/* --- control thread ------------------------------------------------------------------------------------------------------ */
static struct hidden *hidden_of(struct neighbours *n, uint32_t addr)
{
	for (uint32_t i = start_of(addr), left = SLOTS; left; i++, left--) {
		uint32_t at = n->shown[i % SLOTS].addr;
		if (at == addr)
			return n->hidden[i % SLOTS].next_ns ? &n->hidden[i % SLOTS] : NULL;
		if (at == 0)
			return NULL;
	}
	return NULL;
}

static struct hidden *add(struct neighbours *n, uint32_t addr, uint64_t now_ns)
{
	struct hidden *h = hidden_of(n, addr);
	if (h || addr == 0 || n->n == NEIGH_MAX)
		return h;
	/* Its own slot from before, if there is one: an address must not stand twice. */
	uint32_t at = SLOTS;
	for (uint32_t i = start_of(addr), left = SLOTS; left; i++, left--) {
		const struct shown *s = &n->shown[i % SLOTS];
		if (s->addr == addr) {
			at = i % SLOTS;
			break;
		}
		if (at == SLOTS && n->hidden[i % SLOTS].next_ns == 0)
			at = i % SLOTS;
		if (s->addr == 0)
			break;
	}
	struct shown *s = &n->shown[at];
	n->hidden[at] = (struct hidden){ .next_ns = now_ns };
	fh_store(&s->used_s, (uint32_t)(now_ns / S));
	fh_store_release(&s->addr, addr);
	n->n++;
	return &n->hidden[at];
}

static void forget(struct neighbours *n, uint32_t at)
{
	fh_store_release(&n->shown[at].mac, 0);
	n->hidden[at] = (struct hidden){ 0 };
	n->n--;
}

void neigh_keep(struct neighbours *n, const uint32_t addrs[], uint32_t count)
{
	for (uint32_t i = 0; i < SLOTS; i++)
		n->hidden[i].kept = false;
	for (uint32_t i = 0; i < count; i++) {
		struct hidden *h = add(n, addrs[i], 1);
		if (h)
			h->kept = true;
	}
}

void neigh_learn(struct neighbours *n, uint32_t addr, const uint8_t mac[6], uint64_t now_ns)
{
	struct hidden *h = hidden_of(n, addr);
	if (!h || (mac[0] & 1))
		return;
	fh_store_release(&n->shown[h - n->hidden].mac, pack(mac));
	h->confirmed_ns = now_ns;
	h->probes = 0;
	h->next_ns = now_ns + REFRESH_S * S;
}

static void attend(struct neighbours *n, uint32_t at, uint64_t now_ns, neigh_ask *ask, void *arg)
{
	struct shown *s = &n->shown[at];
	struct hidden *h = &n->hidden[at];
	uint64_t mac = s->mac;
	/* A worker's clock may be ahead of ours. */
	int32_t unused_s = (int32_t)((uint32_t)(now_ns / S) - fh_load(&s->used_s));
	if (!h->kept && unused_s > UNUSED_S) {
		forget(n, at);
		return;
	}
	if (h->probes == PROBES) {
		fh_store_release(&s->mac, 0);
		if (!h->kept) {
			forget(n, at);
			return;
		}
		h->probes = 0;
		h->next_ns = now_ns + RETRY_KEPT_S * S;
		return;
	}
	ask(arg, s->addr, mac & KNOWN ? (const uint8_t *)&mac : NULL);
	h->probes++;
	h->next_ns = now_ns + S;
}

uint64_t neigh_tick(struct neighbours *n, uint64_t now_ns, neigh_ask *ask, void *arg)
{
	uint64_t next = now_ns + REFRESH_S * S;
	for (unsigned i = 0; i < MAILBOX; i++) {
		uint32_t addr = __atomic_exchange_n(&n->wanted[i], 0, __ATOMIC_RELAXED);
		if (addr)
			add(n, addr, now_ns);
	}
	for (uint32_t i = 0; n->n && i < SLOTS; i++) {
		struct hidden *h = &n->hidden[i];
		if (h->next_ns && h->next_ns <= now_ns)
			attend(n, i, now_ns, ask, arg);
		if (h->next_ns && h->next_ns < next)
			next = h->next_ns;
	}
	return next;
}

void neigh_count(const struct neighbours *n, uint32_t *entries, uint32_t *resolved)
{
	*entries = n->n;
	*resolved = 0;
	for (uint32_t i = 0; i < SLOTS; i++)
		*resolved += n->hidden[i].next_ns && (n->shown[i].mac & KNOWN);
}
