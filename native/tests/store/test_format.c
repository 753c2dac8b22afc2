/* Layouts and cryptography: known answers from an independent implementation (Python's hmac and cryptography), round trips, and
 * every single flipped bit. */
#include "check.h"
#include "crypto.h"
#include "plan.h"

#include <string.h>

static struct st_keys *keys;
static struct st_coder *coder;

static void unhex(const char *hex, uint8_t *out)
{
	for (; *hex; hex += 2) {
		unsigned v;
		REQUIRE(sscanf(hex, "%2x", &v) == 1);
		*out++ = (uint8_t)v;
	}
}

static bool is_hex(const uint8_t *got, const char *hex)
{
	uint8_t want[1024];
	unhex(hex, want);
	return memcmp(got, want, strlen(hex) / 2) == 0;
}

/* The tenant's key is 00 01 … 1f; the writer a0 a1 … af. */
static const struct st_id writer = { { 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf } };
static const char key_id_hex[] = "093a370ae55ea90e";
static const char digest_hex[] = "980bb3496c80c8023e9bf4e50449f95d0fbd618275fe836313879e733bd5b650";
static const char record_hex[] =
	"010100004000000040000000000102030405060708090a0b37b2c709c5a39f43069c6e89a11645dc5b90c06403361b24"
	"50e0cade543cc441796c0b1a6f5346b0283498a2f4588a6dd390525df6c55d1b8339b07b8307564ef07375c775c1bd97"
	"7b1de5f7b044c6b2";
static const char digest2_hex[] = "345e5c11b062f57286a44c8da27ff596720877ab0d4626ab41927a0ee3c76572";
static const char record2_hex[] =
	"010201002c01000012000000000102030405060708090a0b5e278b9cb095b96369ea369080600d9aeeffdad5380d75ba"
	"77085e8bbc5f9a8ef746";
static const char root_text[] =
	"fh1-ARABAEBCDwAAAAAACTo3CuVeqQ6YC7NJbIDIAj6b9OUESfldD71hgnX-g2MTh55zO9"
	"W2UKChoqOkpaanqKmqq6ytrq8DAAAABQBwEQEA0gQAAKgXFF01FUSY";

static void test_known_answers(void)
{
	uint8_t data[64], digest[ST_DIGEST], record[1024], out[1024];
	uint32_t len = 0;
	struct st_root root;
	char text[ST_ROOT_TEXT + 1];

	memset(data, '.', sizeof data);
	memcpy(data, "A chunk of a volume, known to both sides.", 41);
	CHECK(is_hex(st_keys_id(keys), key_id_hex));
	st_digest(coder, ST_CHUNK, data, sizeof data, digest);
	CHECK(is_hex(digest, digest_hex));

	unhex(record_hex, record);
	CHECK(st_open(coder, &writer, ST_CHUNK, digest, record, strlen(record_hex) / 2, out, sizeof out, &len) == ST_OPEN_GOOD);
	CHECK(len == sizeof data && memcmp(out, data, len) == 0);

	unhex(digest2_hex, digest);
	unhex(record2_hex, record);
	CHECK(st_open(coder, &writer, ST_PAGE, digest, record, strlen(record2_hex) / 2, out, sizeof out, &len) == ST_OPEN_GOOD);
	CHECK(len == 300 && out[0] == 'x' && memcmp(out, out + 1, 299) == 0);

	CHECK(st_root_open(keys, root_text, &root) == ST_ROOT_GOOD);
	CHECK_EQ(root.size, 1000000);
	CHECK_EQ(root.levels, 1);
	CHECK_EQ(root.top.pack.number, 3);
	CHECK_EQ(root.top.ordinal, 5);
	CHECK_EQ(root.top.offset, 70000);
	CHECK_EQ(root.top.length, 1234);
	CHECK(st_same_id(&root.top.pack.writer, &writer));
	st_root_seal(keys, &root, text);
	CHECK(strcmp(text, root_text) == 0);
	CHECK(strlen(text) <= 200);
}

/* Whatever bit is flipped, whatever byte is missing: it does not open. */
static void test_altered_records(void)
{
	uint8_t digest[ST_DIGEST], record[1024], out[1024];
	uint32_t plain;
	size_t len = strlen(record_hex) / 2;
	unhex(record_hex, record);
	unhex(digest_hex, digest);
	for (size_t bit = 0; bit < len * 8; bit++) {
		record[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK(st_open(coder, &writer, ST_CHUNK, digest, record, len, out, sizeof out, &plain) != ST_OPEN_GOOD);
		record[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < ST_DIGEST * 8; bit++) {
		digest[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK(st_open(coder, &writer, ST_CHUNK, digest, record, len, out, sizeof out, &plain) == ST_OPEN_ALTERED);
		digest[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t n = 0; n < len; n++)
		CHECK(st_open(coder, &writer, ST_CHUNK, digest, record, n, out, sizeof out, &plain) != ST_OPEN_GOOD);
	struct st_id other = { { 1 } };
	CHECK(st_open(coder, &other, ST_CHUNK, digest, record, len, out, sizeof out, &plain) == ST_OPEN_ALTERED);
	CHECK(st_open(coder, &writer, ST_PAGE, digest, record, len, out, sizeof out, &plain) == ST_OPEN_MALFORMED);
	CHECK(st_open(coder, &writer, ST_CHUNK, digest, record, len, out, 63, &plain) == ST_OPEN_MALFORMED);
}

/* A writer whose memory was bad seals what it has not hashed: authentic, but refused. */
static void test_wrong_since_written(void)
{
	uint8_t data[100] = { 1 }, digest[ST_DIGEST], record[200], out[100];
	uint32_t plain;
	struct st_body body;
	st_digest(coder, ST_CHUNK, data, sizeof data, digest);
	data[50] ^= 4;
	st_compress(coder, ST_CHUNK, data, sizeof data, &body);
	CHECK(st_seal(coder, &writer, digest, &body, record));
	CHECK(st_open(coder, &writer, ST_CHUNK, digest, record, st_body_stored(&body), out, sizeof out, &plain) == ST_OPEN_WRONG);
}

static void test_round_trips(uint64_t seed)
{
	static uint8_t data[ST_CHUNK_MAX], record[ST_CHUNK_MAX + ST_RECORD_OVERHEAD], out[ST_CHUNK_MAX];
	uint8_t digest[ST_DIGEST];
	struct st_body body;
	for (unsigned i = 0; i < 300; i++) {
		size_t len = i < 20 ? i + 1 : 1 + rnd(&seed) % ST_CHUNK_MAX;
		unsigned compressible = (unsigned)(rnd(&seed) % 3);
		uint32_t plain = 0;
		for (size_t j = 0; j < len; j++)
			data[j] = compressible ? (uint8_t)(j / (compressible * 7)) : (uint8_t)rnd(&seed);
		st_digest(coder, ST_CHUNK, data, len, digest);
		st_compress(coder, ST_CHUNK, data, len, &body);
		CHECK(body.record.sealed <= len);
		CHECK(st_seal(coder, &writer, digest, &body, record));
		CHECK(st_open(coder, &writer, ST_CHUNK, digest, record, st_body_stored(&body), out, (uint32_t)len, &plain) == ST_OPEN_GOOD);
		CHECK(plain == len && memcmp(out, data, len) == 0);
	}
}

static void test_nonces_differ(void)
{
	uint8_t data[64] = { 1 }, digest[ST_DIGEST], a[200], b[200];
	struct st_body body;
	st_digest(coder, ST_CHUNK, data, sizeof data, digest);
	st_compress(coder, ST_CHUNK, data, sizeof data, &body);
	CHECK(st_seal(coder, &writer, digest, &body, a) && st_seal(coder, &writer, digest, &body, b));
	CHECK(memcmp(a + ST_RECORD_HEADER, b + ST_RECORD_HEADER, ST_NONCE) != 0);
	CHECK(memcmp(a + ST_RECORD_HEADER + ST_NONCE, b + ST_RECORD_HEADER + ST_NONCE, 8) != 0);
}

static struct st_entry random_entry(uint64_t *seed)
{
	struct st_entry e = { .pack.number = (uint32_t)(rnd(seed) % 4), .offset = 64 + (uint32_t)(rnd(seed) % 1000000),
			      .length = 41 + (uint32_t)(rnd(seed) % 65000), .ordinal = (uint16_t)(rnd(seed) % ST_PACK_RECORDS) };
	for (unsigned i = 0; i < ST_DIGEST; i++)
		e.digest[i] = (uint8_t)rnd(seed);
	e.pack.writer.b[0] = (uint8_t)(rnd(seed) % 3);
	return e;
}

static bool same_entry(const struct st_entry *a, const struct st_entry *b)
{
	return memcmp(a->digest, b->digest, ST_DIGEST) == 0 && st_same_pack(&a->pack, &b->pack) && a->offset == b->offset &&
	       a->length == b->length && a->ordinal == b->ordinal;
}

static void test_pages(uint64_t seed)
{
	static struct st_page page, back;
	uint8_t plain[ST_PAGE_MAX];
	for (unsigned round = 0; round < 200; round++) {
		memset(&page, 0, sizeof page);
		unsigned present = 0, one_in = 1 + (unsigned)(rnd(&seed) % 30);
		for (unsigned i = 0; i < ST_FANOUT; i++) {
			if (rnd(&seed) % one_in)
				continue;
			page.entries[i] = random_entry(&seed);
			present++;
		}
		size_t len = st_page_encode(&page, plain);
		CHECK((len == 0) == (present == 0));
		if (!len)
			continue;
		CHECK(st_page_decode(plain, len, 0, 1 << 16, &back));
		for (unsigned i = 0; i < ST_FANOUT; i++)
			CHECK(same_entry(&page.entries[i], &back.entries[i]));
		CHECK(!st_page_decode(plain, len, 1, 1 << 16, &back));
		CHECK(!st_page_decode(plain, len - 1, 0, 1 << 16, &back));
		/* Records that are longer than chunks can be. */
		CHECK(!st_page_decode(plain, len, 0, 0, &back));
	}
}

static void test_roots(void)
{
	struct st_root root = { .size = 12345, .shift = 16, .levels = 1, .top = { .offset = 64, .length = 100 } }, back;
	char text[ST_ROOT_TEXT + 1], other[ST_ROOT_TEXT + 1];
	uint8_t key[ST_KEY] = { 9 };
	struct st_keys *others = st_keys_new(key);

	st_root_seal(keys, &root, text);
	CHECK(st_root_open(keys, text, &back) == ST_ROOT_GOOD);
	CHECK(st_root_open(others, text, &back) == ST_ROOT_OTHER_KEY);
	for (size_t i = 0; i < strlen(text); i++) {
		memcpy(other, text, sizeof other);
		other[i] = other[i] == 'A' ? 'B' : 'A';
		CHECK(st_root_open(keys, other, &back) != ST_ROOT_GOOD);
	}
	CHECK(st_root_open(keys, "", &back) == ST_ROOT_MALFORMED);
	text[ST_ROOT_TEXT - 1] = '\0';
	CHECK(st_root_open(keys, text, &back) == ST_ROOT_MALFORMED);
	st_keys_free(others);
}

static void test_names(void)
{
	struct st_pack_id id = { .writer = writer, .number = 0x1234abcd }, back;
	char name[ST_NAME];
	st_pack_name(&id, name);
	CHECK(strcmp(name, "packs/a0a1a2a3-a4a5-a6a7-a8a9-aaabacadaeaf/1234abcd") == 0);
	CHECK(st_pack_parse_name(name, &back) && st_same_pack(&id, &back));
	name[50] = 'X';
	CHECK(!st_pack_parse_name(name, &back));
	CHECK(!st_pack_parse_name("packs/", &back));
	CHECK(!st_id_parse("A0a1a2a3-a4a5-a6a7-a8a9-aaabacadaeaf", &back.writer));
	CHECK(!st_id_parse("a0a1a2a3-a4a5-a6a7-a8a9-aaabacadaeaf0", &back.writer));
}

static void test_levels(void)
{
	CHECK_EQ(st_levels(0), 0);
	CHECK_EQ(st_levels(1), 1);
	CHECK_EQ(st_levels(256), 1);
	CHECK_EQ(st_levels(257), 2);
	CHECK_EQ(st_levels(65536), 2);
	CHECK_EQ(st_levels(65537), 3);
	CHECK(st_levels(st_chunks(ST_VOLUME_MAX, ST_CHUNK_SHIFT_MIN)) <= ST_LEVELS_MAX);
}

static void test_packs(void)
{
	struct st_pack_id id = { .writer = writer, .number = 7 }, other = { .writer = writer, .number = 8 };
	uint8_t header[ST_PACK_HEADER], footer[ST_PACK_FOOTER], key_id[ST_KEY_ID] = { 1 };
	uint32_t offset, length;
	st_pack_header(&id, ST_PACK_DATA, st_keys_id(keys), header);
	CHECK(st_pack_check_header(header, &id, st_keys_id(keys)) == ST_HEADER_GOOD);
	CHECK(st_pack_check_header(header, &other, st_keys_id(keys)) == ST_HEADER_OTHER_PACK);
	CHECK(st_pack_check_header(header, &id, key_id) == ST_HEADER_OTHER_KEY);
	header[3] ^= 1;
	CHECK(st_pack_check_header(header, &id, st_keys_id(keys)) == ST_HEADER_NONE);
	st_pack_footer(1000, 200, footer);
	CHECK(st_pack_check_footer(footer, 1216, &offset, &length) && offset == 1000 && length == 200);
	CHECK(!st_pack_check_footer(footer, 1217, &offset, &length));
	st_pack_footer(UINT32_MAX, 200, footer);
	CHECK(!st_pack_check_footer(footer, 1216, &offset, &length));
}

static void test_plan(uint64_t seed)
{
	for (unsigned round = 0; round < 300; round++) {
		struct st_plan plan;
		uint64_t size = 1 + rnd(&seed) % (3 << 22);
		static uint8_t data[1000], dirty[1000];
		REQUIRE(st_plan_init(&plan, size, 14));
		memset(data, 0, sizeof data);
		memset(dirty, 0, sizeof dirty);
		for (unsigned i = 0; i < 20; i++) {
			uint64_t offset = rnd(&seed) % size, len = rnd(&seed) % 200000;
			bool is_dirty = i & 1;
			st_plan_mark(&plan, is_dirty ? plan.dirty : plan.data, offset, len);
			for (uint64_t c = offset >> 14; len && c <= (offset + len - 1) >> 14 && c < plan.chunks; c++)
				(is_dirty ? dirty : data)[c] = 1;
		}
		uint64_t reads = 0;
		for (uint64_t c = 0; c < plan.chunks; c++) {
			enum st_todo want = !dirty[c] ? ST_KEEP : data[c] ? ST_READ_IT : ST_ZERO;
			CHECK(st_plan_todo(&plan, c) == want);
			reads += want == ST_READ_IT;
		}
		CHECK_EQ(st_plan_count(&plan, ST_READ_IT), reads);
		st_plan_mark(&plan, plan.data, UINT64_MAX - 5, UINT64_MAX);
		st_plan_mark(&plan, plan.data, 1, UINT64_MAX);
		CHECK(st_plan_count(&plan, ST_KEEP) <= plan.chunks);
		st_plan_free(&plan);
	}
}

static void test_zero(void)
{
	static uint8_t data[70000];
	CHECK(st_is_zero(data, sizeof data));
	for (size_t i = 0; i < sizeof data; i += 333) {
		data[i] = 1;
		CHECK(!st_is_zero(data, sizeof data));
		data[i] = 0;
	}
	data[sizeof data - 1] = 1;
	CHECK(!st_is_zero(data, sizeof data) && st_is_zero(data, sizeof data - 1) && st_is_zero(data, 0));
}

int main(void)
{
	uint8_t key[ST_KEY];
	uint64_t seed = check_seed(42);
	for (unsigned i = 0; i < ST_KEY; i++)
		key[i] = (uint8_t)i;
	keys = st_keys_new(key);
	coder = st_coder_new(keys, 1, ST_CHUNK_MAX);
	REQUIRE(keys && coder);
	test_known_answers();
	test_altered_records();
	test_wrong_since_written();
	test_round_trips(seed);
	test_nonces_differ();
	test_pages(seed);
	test_roots();
	test_names();
	test_levels();
	test_packs();
	test_plan(seed);
	test_zero();
	st_coder_free(coder);
	st_keys_free(keys);
	return check_result();
}
