/* The dataplane's tables against plain arrays: random puts and removals; what is there is found, what is not is not. */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>

#define N 600
#define CHECK(c) ((c) ? (void)0 : (fprintf(stderr, "%s:%d: %s failed\n", __FILE__, __LINE__, #c), exit(1)))

struct dp dp;

static uint32_t rnd(void)
{
	static uint32_t s = 7;
	s ^= s << 13;
	s ^= s >> 17;
	s ^= s << 5;
	return s;
}

static struct fh_id id_of(uint32_t n)
{
	struct fh_id id = { { 0 } };
	memcpy(id.b + 4, &n, sizeof n);
	return id;
}

static void test_table(void)
{
	struct table t = { 0 };
	static struct object *there[N];
	uint32_t count = 0;
	for (unsigned step = 0; step < 60000; step++) {
		uint32_t n = rnd() % N;
		struct fh_id id = id_of(n);
		CHECK(table_find(&t, &id) == there[n]);
		if (there[n] && rnd() % 2) {
			table_remove(&t, there[n]);
			free(there[n]);
			there[n] = NULL;
			count--;
		} else if (there[n]) {
			struct object *o = calloc(1, sizeof *o);
			CHECK(o);
			o->id = id;
			table_replace(&t, there[n], o);
			free(there[n]);
			there[n] = o;
		} else {
			struct object *o = calloc(1, sizeof *o);
			CHECK(o && table_reserve(&t, 1));
			o->id = id;
			table_put(&t, o);
			there[n] = o;
			count++;
		}
		CHECK(t.n == count);
		if (step % 1000 == 0) {
			uint32_t seen = 0;
			for (uint32_t i = 0; i < N; i++) {
				struct fh_id x = id_of(i);
				CHECK(table_find(&t, &x) == there[i]);
			}
			for (uint32_t s = 0; s < t.n_slots; s++)
				seen += t.slots[s] != NULL;
			CHECK(seen == count);
		}
	}
	for (uint32_t i = 0; i < N; i++)
		free(there[i]);
	free(t.slots);
	free(t.index);
}

static void test_lookup(void)
{
	struct fh_lookup *t = fh_lookup_new(3 * N, 12345);
	CHECK(t);
	for (uint32_t i = 0; i < N; i++) {
		uint8_t bytes[16] = { 2, 0xfe, (uint8_t)(i >> 8), (uint8_t)i };
		CHECK(fh_lookup_add(t, fh_key_mac(bytes), i) && fh_lookup_add(t, fh_key_ip4(bytes), i + N) &&
		      fh_lookup_add(t, fh_key_ip6(bytes), i + 2 * N));
		CHECK(!fh_lookup_add(t, fh_key_ip4(bytes), 1));
	}
	for (uint32_t i = 0; i < 2 * N; i++) {
		uint8_t bytes[16] = { 2, 0xfe, (uint8_t)(i >> 8), (uint8_t)i };
		CHECK(fh_lookup_find(t, fh_key_mac(bytes)) == (i < N ? i : FH_LOOKUP_ABSENT));
		CHECK(fh_lookup_find(t, fh_key_ip4(bytes)) == (i < N ? i + N : FH_LOOKUP_ABSENT));
		CHECK(fh_lookup_find(t, fh_key_ip6(bytes)) == (i < N ? i + 2 * N : FH_LOOKUP_ABSENT));
	}
	free(t);
}

int main(void)
{
	dp.seed = 99;
	test_table();
	test_lookup();
	return 0;
}
