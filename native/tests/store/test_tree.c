/* Packer, builder, reader and walk against a naive model: an array of chunk contents. */
#include "builder.h"
#include "check.h"
#include "memory.h"
#include "table.h"
#include "walk.h"

#include <string.h>

#define SHIFT ST_CHUNK_SHIFT_MIN
#define CHUNK (1u << SHIFT)
#define MAX_CHUNKS 200000u

static const uint8_t tenant_key[ST_KEY] = "thirty-two bytes of a tenant key";
static struct st_run run;
static struct st_keys *keys;
static struct st_coder *coder;
static struct memory memory;
static uint8_t next_writer;

/* A volume as it should be: what each chunk is filled with, 0: zeroes. */
struct model {
	uint64_t chunks;
	uint64_t fill[MAX_CHUNKS];
};

static void fill_chunk(uint8_t *out, uint64_t fill)
{
	for (unsigned i = 0; i < CHUNK; i += 8)
		memcpy(out + i, &fill, 8);
}

static struct st_packer *new_packer(void)
{
	struct st_packer_options options = {
		.writer.b = { ++next_writer }, .buffers = 2, .threads = 2, .data_pack = 256 << 10, .page_pack = 128 << 10
	};
	struct st_packer *p = st_packer_new(&run, &memory.backend, keys, &options);
	REQUIRE(p);
	return p;
}

/* What a backup with a bitmap does: touches the leaves whose chunks differ. Return: the root. */
static struct st_root back_up(const struct model *m, const struct model *before, const struct st_root *base, unsigned *leaves)
{
	struct st_packer *packer = new_packer();
	struct st_reader *reader = st_reader_new(&run, &memory.backend, keys, 1 << 20);
	struct st_builder *b = st_builder_new(&run, packer, reader, coder, m->chunks << SHIFT, SHIFT, base);
	struct st_root root;
	static uint8_t data[CHUNK];
	uint8_t digest[ST_DIGEST];

	*leaves = 0;
	for (uint64_t first = 0; first < m->chunks; first += ST_FANOUT) {
		struct st_building *leaf = NULL;
		for (uint64_t c = first; c < first + ST_FANOUT && c < m->chunks; c++) {
			bool kept = base && c < before->chunks && before->fill[c] == m->fill[c];
			if (kept || (!m->fill[c] && (!base || c >= before->chunks)))
				continue;
			if (!leaf) {
				leaf = st_builder_leaf(b, first / ST_FANOUT, true);
				REQUIRE(leaf);
				++*leaves;
			}
			struct st_entry *e = &leaf->page.entries[c - first];
			*e = (struct st_entry){ 0 };
			if (!m->fill[c])
				continue;
			fill_chunk(data, m->fill[c]);
			st_digest(coder, ST_CHUNK, data, CHUNK, digest);
			CHECK(st_packer_add(packer, coder, ST_CHUNK, digest, data, CHUNK, e));
		}
		if (leaf)
			CHECK(st_building_drop(b, leaf, coder));
	}
	CHECK(st_builder_finish(b, &root));
	CHECK(st_packer_finish(packer));
	st_builder_free(b);
	st_reader_free(reader);
	st_packer_free(packer);
	return root;
}

/* --- reading back ------------------------------------------------------------------------------------------------------------ */

struct reading_back {
	const struct model *model;
	struct st_reader *reader;
	_Atomic uint64_t seen; /* chunks */
	_Atomic unsigned wrong;
};

static bool chunk_back(void *arg, const struct st_want *want, const uint8_t *data, const struct st_damage *damage)
{
	struct reading_back *r = arg;
	uint8_t should[CHUNK];
	(void)damage;
	fill_chunk(should, r->model->fill[want->chunk]);
	if (!data || memcmp(data, should, CHUNK) != 0)
		r->wrong++;
	r->seen++;
	return true;
}

static bool unit_back(void *arg, const struct st_unit *u)
{
	struct reading_back *r = arg;
	struct st_want wants[ST_FANOUT];
	unsigned n = 0;
	if (u->damage)
		r->wrong++;
	for (uint64_t i = 0; i < u->chunks; i++) {
		if (u->leaf && st_present(&u->leaf->entries[i])) {
			wants[n++] = (struct st_want){ u->chunk + i, &u->leaf->entries[i] };
		} else {
			r->wrong += r->model->fill[u->chunk + i] != 0;
			r->seen++;
		}
	}
	return st_fetch(r->reader, u->coder, u->buffer, CHUNK, wants, n, chunk_back, r);
}

static const struct st_walk_ops back_ops = { .unit = unit_back, .zeroes = true };

static void check_back(const struct model *m, const struct st_root *root)
{
	struct reading_back r = { .model = m, .reader = st_reader_new(&run, &memory.backend, keys, 1 << 20) };
	struct st_walk *walk = st_walk_new(&run, r.reader, keys, 2, &back_ops, &r);
	REQUIRE(walk);
	CHECK(st_walk_volume(walk, root));
	CHECK_EQ(r.seen, m->chunks);
	CHECK_EQ(r.wrong, 0);
	st_walk_free(walk);
	st_reader_free(r.reader);
}

/* --- tests ------------------------------------------------------------------------------------------------------------------- */

static void test_increments(uint64_t seed)
{
	static const uint64_t sizes[] = { 1, 255, 256, 257, 1000, 65536, 65537, MAX_CHUNKS };
	static struct model now, before, first;
	struct st_root root, base, first_root = { 0 };
	unsigned leaves;
	uint64_t next_fill = 1;

	memory_init(&memory);
	for (unsigned round = 0; round < 24; round++) {
		before = now;
		base = root;
		/* Grows, shrinks or stays. */
		if (round % 3 == 0)
			now.chunks = sizes[rnd(&seed) % (sizeof sizes / sizeof *sizes)];
		for (uint64_t c = 0; c < MAX_CHUNKS; c++)
			if (c >= now.chunks || c >= before.chunks)
				now.fill[c] = 0;
		unsigned changes = round == 5 ? 0 : (unsigned)(rnd(&seed) % 200);
		for (unsigned i = 0; i < changes; i++)
			now.fill[rnd(&seed) % now.chunks] = rnd(&seed) % 5 ? next_fill++ : 0;
		root = back_up(&now, &before, round ? &base : NULL, &leaves);
		CHECK(leaves <= changes || !round);
		check_back(&now, &root);
		if (!round) {
			first = now;
			first_root = root;
		}
	}
	/* No later point has touched the first one. */
	check_back(&first, &first_root);
	memory_done(&memory);
}

static void test_nothing_changed_costs_nothing(void)
{
	static struct model m = { .chunks = 1000, .fill = { 7, 8, 9, [300] = 10, [999] = 11 } };
	unsigned leaves;
	memory_init(&memory);
	struct st_root root = back_up(&m, &m, NULL, &leaves);
	size_t objects = memory_count(&memory);
	struct st_root again = back_up(&m, &m, &root, &leaves);
	CHECK_EQ(leaves, 0);
	CHECK_EQ(memory_count(&memory), objects);
	CHECK(memcmp(&again.top, &root.top, sizeof root.top) == 0);
	memory_done(&memory);
}

static void test_zeroes_cost_nothing(void)
{
	static struct model m = { .chunks = MAX_CHUNKS };
	unsigned leaves;
	memory_init(&memory);
	struct st_root root = back_up(&m, &m, NULL, &leaves);
	CHECK_EQ(root.levels, 0);
	CHECK_EQ(memory_count(&memory), 0);
	check_back(&m, &root);
	/* A volume that becomes all zero. */
	static struct model was = { .chunks = 70000, .fill = { [69999] = 3 } };
	struct st_root base = back_up(&was, &was, NULL, &leaves);
	static struct model now = { .chunks = 70000 };
	root = back_up(&now, &was, &base, &leaves);
	CHECK_EQ(root.levels, 0);
	check_back(&now, &root);
	memory_done(&memory);
}

static void test_untouched_subtrees_are_not_read(void)
{
	static struct model was = { .chunks = MAX_CHUNKS }, now;
	unsigned leaves;
	memory_init(&memory);
	for (uint64_t c = 0; c < MAX_CHUNKS; c += 256)
		was.fill[c] = c + 1;
	struct st_root base = back_up(&was, &was, NULL, &leaves);
	now = was;
	now.fill[100000] = 42;
	memory.gets = 0;
	struct st_root root = back_up(&now, &was, &base, &leaves);
	CHECK_EQ(leaves, 1);
	CHECK_EQ(memory.gets, 3); /* one page a level */
	check_back(&now, &root);
	memory_done(&memory);
}

static void test_failed_put_fails_the_job_and_leaves_nothing(void)
{
	uint8_t data[CHUNK], digest[ST_DIGEST];
	struct st_entry e;
	uint64_t s = 99;
	memory_init(&memory);
	memory.fail_put_at = 2;
	struct st_packer *packer = new_packer();
	for (unsigned i = 0; i < 200 && !st_stopped(&run); i++) {
		for (unsigned j = 0; j < CHUNK; j += 8) {
			uint64_t v = rnd(&s);
			memcpy(data + j, &v, 8);
		}
		st_digest(coder, ST_CHUNK, data, CHUNK, digest);
		st_packer_add(packer, coder, ST_CHUNK, digest, data, CHUNK, &e);
	}
	CHECK(!st_packer_finish(packer));
	CHECK_EQ(run.failure.code, ST_UNAVAILABLE);
	CHECK(memory_count(&memory) > 0);
	st_packer_discard(packer);
	CHECK_EQ(memory_count(&memory), 0);
	st_packer_free(packer);
	st_run_done(&run);
	st_run_init(&run, 60, 0);
	memory_done(&memory);
}

static void test_keeps_free_space(void)
{
	memory_init(&memory);
	memory.free_bytes = 100 << 20;
	struct st_packer_options options = { .writer.b = { 77 }, .buffers = 2, .threads = 1, .keep_free = 200 << 20 };
	CHECK(!st_packer_new(&run, &memory.backend, keys, &options));
	CHECK_EQ(run.failure.code, ST_FULL);
	st_run_done(&run);
	st_run_init(&run, 60, 0);
	memory_done(&memory);
}

static void test_repeated_writer_overwrites_nothing(void)
{
	static struct model a = { .chunks = 10, .fill = { 1, 2 } }, b = { .chunks = 10, .fill = { 3, 4 } };
	unsigned leaves;
	memory_init(&memory);
	struct st_root first = back_up(&a, &a, NULL, &leaves);
	next_writer--;
	struct st_root second = back_up(&b, &b, NULL, &leaves);
	CHECK_EQ(memory_count(&memory), 4);
	check_back(&a, &first);
	check_back(&b, &second);
	memory_done(&memory);
}

static void test_table_is_bounded(void)
{
	struct st_table *t = st_table_new(&run, 1000000, 300 << 10);
	struct st_entry e = { .length = 100 }, got;
	unsigned kept = 0;
	REQUIRE(t);
	for (uint64_t i = 0; i < 10000; i++) {
		uint64_t s = i + 1, digest = rnd(&s) ^ rnd(&s) << 17;
		memcpy(e.digest, &digest, sizeof digest);
		e.offset = (uint32_t)i + 64;
		kept += st_table_add(t, &e);
	}
	CHECK(st_table_full(t));
	CHECK(kept > 4000 && kept < (300 << 10) / 48);
	for (uint64_t i = 0; i < 10000; i++) {
		uint64_t s = i + 1, digest = rnd(&s) ^ rnd(&s) << 17;
		uint8_t name[ST_DIGEST] = { 0 };
		memcpy(name, &digest, sizeof digest);
		enum st_lookup found = st_table_look_up(t, name, &got);
		CHECK(found == (i < kept ? ST_LOOKUP_FOUND : ST_LOOKUP_UNKNOWN));
		if (found == ST_LOOKUP_FOUND)
			CHECK_EQ(got.offset, i + 64);
	}
	st_table_free(t);
}

int main(void)
{
	st_run_init(&run, 60, 0);
	keys = st_keys_new(tenant_key);
	coder = st_coder_new(keys, 1, ST_CHUNK_MAX);
	REQUIRE(keys && coder);
	test_increments(check_seed(20250705));
	test_nothing_changed_costs_nothing();
	test_zeroes_cost_nothing();
	test_untouched_subtrees_are_not_read();
	test_failed_put_fails_the_job_and_leaves_nothing();
	test_keeps_free_space();
	test_repeated_writer_overwrites_nothing();
	test_table_is_bounded();
	CHECK(!st_stopped(&run));
	st_coder_free(coder);
	st_keys_free(keys);
	return check_result();
}
