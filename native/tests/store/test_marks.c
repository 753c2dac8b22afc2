/* Marks and collection against a model, with limits so small that several passes are needed. */
#include "builder.h"
#include "check.h"
#include "marks.h"
#include "memory.h"
#include "session.h"

#include <string.h>

#define SHIFT ST_CHUNK_SHIFT_MIN
#define CHUNK (1u << SHIFT)
#define CHUNKS 3000u
#define POINTS 24

static struct st_entry entry_of(unsigned pack, unsigned ordinal)
{
	return (struct st_entry){ .pack = { .writer.b = { (uint8_t)(pack % 7) }, .number = pack }, .ordinal = (uint16_t)ordinal };
}

static void test_marks(uint64_t seed)
{
	static uint8_t model[300][2000];
	struct st_run run;
	uint64_t total = 0;
	st_run_init(&run, 60, 0);
	struct st_marks *m = st_marks_new(&run, 1 << 20, 1, 0);
	REQUIRE(m);
	for (unsigned i = 0; i < 100000; i++) {
		unsigned pack = (unsigned)(rnd(&seed) % 300), ordinal = (unsigned)(rnd(&seed) % 2000);
		struct st_entry e = entry_of(pack, ordinal);
		CHECK(st_marks_set(m, &e, true) == (model[pack][ordinal] ? ST_MARK_KNOWN : ST_MARK_NEW));
		total += !model[pack][ordinal];
		model[pack][ordinal] = 1;
	}
	for (unsigned pack = 0; pack < 300; pack++) {
		unsigned n = 0;
		for (unsigned ordinal = 0; ordinal < 2000; ordinal++) {
			struct st_entry e = entry_of(pack, ordinal);
			CHECK(st_marks_has(m, &e.pack, ordinal) == model[pack][ordinal]);
			n += model[pack][ordinal];
		}
		struct st_entry e = entry_of(pack, 0);
		CHECK_EQ(st_marks_count(m, &e.pack), n);
	}
	CHECK_EQ(st_marks_total(m), total);
	st_marks_free(m);
	st_run_done(&run);
}

static void test_passes_divide(void)
{
	struct st_run run;
	st_run_init(&run, 60, 0);
	for (unsigned passes = 1; passes <= 8; passes *= 2) {
		unsigned owned[2000] = { 0 };
		for (unsigned pass = 0; pass < passes; pass++) {
			struct st_marks *m = st_marks_new(&run, 1 << 20, passes, pass), *halves[2] = {
				st_marks_new(&run, 1 << 20, passes * 2, pass * 2), st_marks_new(&run, 1 << 20, passes * 2, pass * 2 + 1) };
			for (unsigned i = 0; i < 2000; i++) {
				struct st_entry e = entry_of(i, 3);
				bool own = st_marks_own(m, &e.pack);
				owned[i] += own;
				CHECK(own == (st_marks_own(halves[0], &e.pack) || st_marks_own(halves[1], &e.pack)));
				CHECK(st_marks_set(m, &e, false) == ST_MARK_NEW);
				CHECK(st_marks_has(m, &e.pack, 3) == own);
			}
			st_marks_free(m);
			st_marks_free(halves[0]);
			st_marks_free(halves[1]);
		}
		for (unsigned i = 0; i < 2000; i++)
			CHECK_EQ(owned[i], 1);
	}
	st_run_done(&run);
}

static void test_full_marks_say_so(void)
{
	struct st_run run;
	unsigned full = 0;
	st_run_init(&run, 60, 0);
	struct st_marks *m = st_marks_new(&run, 10000, 1, 0);
	for (unsigned i = 0; i < 1000; i++) {
		struct st_entry e = entry_of(i, i);
		full += st_marks_set(m, &e, true) == ST_MARK_FULL;
	}
	CHECK(full > 500);
	CHECK_EQ(st_marks_total(m), 1000 - full);
	st_marks_free(m);
	st_run_done(&run);
}

/* --- collection -------------------------------------------------------------------------------------------------------------- */

struct point {
	struct st_root root;
	char text[ST_ROOT_TEXT + 1];
	struct st_id writer;
	uint32_t fill[CHUNKS];
	bool removed;
};

static struct point points[POINTS];
static struct memory memory;
static struct st_session session;

static void fill_chunk(uint8_t *out, uint32_t fill)
{
	for (unsigned i = 0; i < CHUNK; i += 4)
		memcpy(out + i, &fill, 4);
}

static void back_up(struct point *p, const struct point *base)
{
	static uint8_t data[CHUNK];
	uint8_t digest[ST_DIGEST];
	struct st_packer_options options = { .writer = p->writer, .buffers = 2, .threads = 1, .data_pack = 4096, .page_pack = 64 << 10 };
	struct st_packer *packer = st_packer_new(&session.run, &memory.backend, session.keys, &options);
	struct st_reader *reader = st_reader_new(&session.run, &memory.backend, session.keys, 1 << 20);
	struct st_coder *coder = st_coder_new(session.keys, 1, ST_CHUNK_MAX);
	struct st_builder *b =
		st_builder_new(&session.run, packer, reader, coder, (uint64_t)CHUNKS << SHIFT, SHIFT, base ? &base->root : NULL);
	for (uint64_t first = 0; first < CHUNKS; first += ST_FANOUT) {
		struct st_building *leaf = st_builder_leaf(b, first / ST_FANOUT, true);
		for (uint64_t c = first; c < first + ST_FANOUT && c < CHUNKS; c++) {
			if (base && base->fill[c] == p->fill[c])
				continue;
			fill_chunk(data, p->fill[c]);
			st_digest(coder, ST_CHUNK, data, CHUNK, digest);
			REQUIRE(st_packer_add(packer, coder, ST_CHUNK, digest, data, CHUNK, &leaf->page.entries[c - first]));
		}
		REQUIRE(st_building_drop(b, leaf, coder));
	}
	REQUIRE(st_builder_finish(b, &p->root) && st_packer_finish(packer));
	st_root_seal(session.keys, &p->root, p->text);
	st_builder_free(b);
	st_packer_free(packer);
	st_reader_free(reader);
	st_coder_free(coder);
}

/* Verifies all points that were not removed. */
static void check_live(void)
{
	const char *roots[POINTS];
	session.job.roots = (struct st_strings){ roots, 0 };
	for (unsigned i = 0; i < POINTS; i++)
		if (!points[i].removed)
			roots[session.job.roots.n++] = points[i].text;
	json_t *result = st_verify(&session);
	REQUIRE(result);
	CHECK_EQ(json_array_size(session.damages), 0);
	json_decref(result);
}

static uint64_t collect(uint64_t memory_limit)
{
	const char *live[POINTS];
	struct st_id writers[POINTS];
	session.job.live_roots = (struct st_strings){ live, 0 };
	session.job.writers = writers;
	session.job.n_writers = 0;
	session.job.memory_limit = memory_limit;
	for (unsigned i = 0; i < POINTS; i++) {
		writers[session.job.n_writers++] = points[i].writer;
		if (!points[i].removed)
			live[session.job.live_roots.n++] = points[i].text;
	}
	json_t *result = st_collect(&session);
	REQUIRE(result);
	uint64_t removed = (uint64_t)json_integer_value(json_object_get(result, "objectsRemoved"));
	json_decref(result);
	session.job.memory_limit = 256 << 20;
	return removed;
}

static void test_collection(uint64_t seed)
{
	static const uint8_t key[ST_KEY] = { 1 };
	memory_init(&memory);
	REQUIRE(st_session_init(&session));
	session.keys = st_keys_new(key);
	session.backend = &memory.backend;
	session.job.memory_limit = 256 << 20;
	for (unsigned i = 0; i < POINTS; i++) {
		struct point *p = &points[i];
		p->writer.b[0] = (uint8_t)(i + 1);
		if (i)
			memcpy(p->fill, points[i - 1].fill, sizeof p->fill);
		for (unsigned c = 0; c < CHUNKS; c++)
			if (!i || rnd(&seed) % 50 == 0)
				p->fill[c] = (uint32_t)rnd(&seed) | 1;
		back_up(p, i ? &points[i - 1] : NULL);
	}
	check_live();
	CHECK_EQ(collect(256 << 20), 0);
	/* Half of the memory limit is for marks: a few kilobytes make it go in many passes. */
	for (unsigned round = 0; round < 4; round++) {
		size_t before = memory_count(&memory);
		for (unsigned i = 0; i < POINTS - 1; i++)
			points[i].removed = points[i].removed || rnd(&seed) % 3 == 0;
		uint64_t removed = collect(round % 2 ? 256 << 20 : 24 << 10);
		CHECK_EQ(memory_count(&memory), before - removed);
		CHECK(removed > 0 || round);
		check_live();
		/* Nothing is left to a collection with all the memory it wants. */
		CHECK_EQ(collect(256 << 20), 0);
	}
	for (unsigned i = 0; i < POINTS; i++)
		points[i].removed = true;
	collect(24 << 10);
	CHECK_EQ(memory_count(&memory), 0);
	session.job = (struct st_job){ 0 };
	session.backend = NULL;
	st_session_close(&session);
	memory_done(&memory);
}

int main(void)
{
	uint64_t seed = check_seed(7);
	test_marks(seed);
	test_passes_divide();
	test_full_marks_say_so();
	test_collection(seed);
	return check_result();
}
