/*
 * The backup store's format, version 1.
 *
 * Theory of operation
 * -------------------
 * A volume is cut into chunks of one size (a power of two, normally 64 KiB; the last one is padded with zeroes). A chunk that
 * is all zero exists nowhere. Every other chunk is named by its keyed digest, compressed, encrypted, and appended as a
 * *record* to a *pack*. Pages name chunks: a leaf page has room for 256 of them (16 MiB of the volume), a page of the level
 * above for 256 leaf pages (4 GiB), and so on; pages are records too. A page without entries does not exist either. The topmost page
 * is named by a *root*, a short string that the portal keeps. What did not change is named, not copied, so every root
 * is a whole volume, however little its backup had to read.
 *
 *   root -> page (level 2) -> page (level 1) -> leaf page -> chunk        each arrow: digest, pack, ordinal, offset, length
 *
 * Objects are written once, under a name that belongs to their writer alone, and never changed: a reader needs no lock, and
 * what nobody names any more can be removed without asking the writers of other objects.
 *
 *   <tenant>/packs/<writer>/<number>   a pack. The writer is the id of the command that wrote it, the number is 8 hex digits
 *   <tenant>/points/<point>/<writer>   a recovery point's manifest: a sealed record of kind MANIFEST, so that the store can be
 *                                      read when the portal's database is lost
 *
 * Data records and page records go to packs of their own: walking an index touches little, and close together.
 *
 * Keys
 * ----
 * All are derived from the tenant's key of 32 bytes with HKDF-SHA256 (RFC 5869; salt "freehold store v1"), 32 bytes each:
 *   "digest"              names chunks and pages: HMAC-SHA256(key, kind || plaintext)
 *   "records" || writer   AES-256-GCM of the records that this writer wrote. One key a writer keeps random nonces apart:
 *                         NIST's limit of 2^32 records a key is 256 TiB a backup, not a tenant's lifetime
 *   "manifests"           AES-256-GCM of manifests
 *   "roots"               HMAC-SHA256 of roots, cut to 8 bytes: a root that was tampered with is refused
 *   "key id"              its first 8 bytes stand in packs and roots, to tell a wrong key from damage
 * Without the key the store shows sizes, and how chunks are spread over packs; equal chunks of two tenants look different.
 *
 * Layout. Integers are little endian.
 * ------
 * Pack:    header, records one behind the other, trailer record, footer. At most 16 MiB (pages: 4 MiB) of records, at most 65,535.
 *   header 64   "FHPACK1\n" | key id 8 | writer 16 | number u32 | kind u8 | zeroes
 *   trailer     sealed record of kind TRAILER, name = writer || number || zeroes; plaintext: the records' lengths, u32 each. Tells the
 *               garbage collector where a dead record begins and ends, also when its neighbours have been punched out
 *   footer 16   offset of the trailer u32 | its length u32 | "FHPACKE\n"
 * Record:  header, nonce 12, ciphertext, tag 16
 *   header 12   version u8 | kind u8 | method u8 (0 as it is, 1 zstd) | 0 u8 | length of the plaintext u32 | of the ciphertext u32
 *   The additional data are header || name, where the name is the digest of a chunk or page: a record that was
 *   moved, swapped or cut does not open.
 * Page:    (plaintext) columns, because they compress better than rows
 *   version u8 | level u8 | number of packs u16 | number of entries u16 | 0 u16 | bit map of the slots that have an entry, 32 bytes
 *   packs:   writer 16 | number u32, each
 *   entries: all digests (32 each), all indexes into the packs (u16), all ordinals (u16), all offsets (u32), all lengths (u32)
 * Root:    "fh1-" and, in base64url, 90 bytes:
 *   version u8 | log2 of the chunk size u8 | levels u8 | 0 u8 | volume size u64 | key id 8 | digest 32 | writer 16 | number u32 |
 *   ordinal u16 | offset u32 | length u32 | MAC 8.     Levels 0: a volume that is all zero; then the entry is zero
 *
 * Whatever is read is checked before it is used: lengths and counts here, authenticity and digests in crypto.h.
 */
#ifndef ST_FORMAT_H
#define ST_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ST_KEY 32
#define ST_DIGEST 32
#define ST_ID 16
#define ST_KEY_ID 8

#define ST_CHUNK_SHIFT 16
#define ST_CHUNK_SHIFT_MIN 14
#define ST_CHUNK_SHIFT_MAX 18
#define ST_CHUNK_MAX (1u << ST_CHUNK_SHIFT_MAX)

#define ST_FANOUT_SHIFT 8
#define ST_FANOUT (1u << ST_FANOUT_SHIFT)
#define ST_LEVELS_MAX 5
/* 64 TiB. */
#define ST_VOLUME_MAX (1ull << 46)

#define ST_RECORD_HEADER 12
#define ST_NONCE 12
#define ST_TAG 16
#define ST_RECORD_OVERHEAD (ST_RECORD_HEADER + ST_NONCE + ST_TAG)

#define ST_PACK_HEADER 64
#define ST_PACK_FOOTER 16
#define ST_PACK_RECORDS 65535u
#define ST_DATA_PACK (16u << 20)
#define ST_PAGE_PACK (4u << 20)
/* The trailer of a full pack, as it is: more than zstd would make of it. */
#define ST_TRAILER_MAX (ST_PACK_RECORDS * 4u)
#define ST_PACK_MAX (ST_DATA_PACK + ST_TRAILER_MAX + ST_RECORD_OVERHEAD + ST_PACK_FOOTER)

#define ST_PAGE_HEADER 40
#define ST_PACK_ID 20
#define ST_ENTRY (ST_DIGEST + 2 + 2 + 4 + 4)
#define ST_PAGE_MAX (ST_PAGE_HEADER + ST_FANOUT * (ST_PACK_ID + ST_ENTRY))

#define ST_ROOT_BYTES 90
#define ST_ROOT_TEXT (4 + ST_ROOT_BYTES / 3 * 4)

enum st_kind { ST_CHUNK = 1, ST_PAGE = 2, ST_TRAILER = 3, ST_MANIFEST = 4 };
enum st_pack_kind { ST_PACK_DATA = 1, ST_PACK_PAGES = 2, ST_PACK_KINDS = 2 };
enum st_method { ST_PLAIN = 0, ST_ZSTD = 1 };

struct st_id {
	uint8_t b[ST_ID];
};

struct st_pack_id {
	struct st_id writer;
	uint32_t number;
};

/* Names a record and says where it lies. length 0: there is none, the chunk or subtree is all zero. */
struct st_entry {
	uint8_t digest[ST_DIGEST];
	struct st_pack_id pack;
	uint32_t offset, length;
	uint16_t ordinal;
};

struct st_page {
	uint8_t level; /* 0: its entries are chunks */
	struct st_entry entries[ST_FANOUT];
};

struct st_root {
	uint64_t size;
	uint8_t shift, levels;
	uint8_t key_id[ST_KEY_ID];
	struct st_entry top;
};

struct st_record {
	enum st_kind kind;
	enum st_method method;
	uint32_t plain, sealed; /* bytes of the plaintext, of the ciphertext */
};

static inline bool st_present(const struct st_entry *e)
{
	return e->length != 0;
}

static inline bool st_same_id(const struct st_id *a, const struct st_id *b)
{
	return __builtin_memcmp(a, b, sizeof *a) == 0;
}

static inline bool st_same_pack(const struct st_pack_id *a, const struct st_pack_id *b)
{
	return a->number == b->number && st_same_id(&a->writer, &b->writer);
}

/* Lower-case hexadecimal with hyphens, 36 characters. Return: false when the text is none. */
bool st_id_parse(const char *text, struct st_id *id);
void st_id_text(const struct st_id *id, char text[37]);
/* Room for the longest name of an object, points/<point>/<command>, and its end. */
#define ST_NAME 81
#define ST_PACK_NAME_LENGTH 51
void st_pack_name(const struct st_pack_id *id, char name[ST_NAME]);
/* Return: false when the name is no pack's. */
bool st_pack_parse_name(const char *name, struct st_pack_id *id);

void st_record_encode(const struct st_record *r, uint8_t out[ST_RECORD_HEADER]);
/* Reads the header of a record of len bytes. Return: false unless it is one, whole, of that kind, and its plaintext at most max. */
bool st_record_decode(const uint8_t *record, size_t len, enum st_kind kind, uint32_t max, struct st_record *r);

/* Return: the plaintext's length, 0 when the page has no entries. */
size_t st_page_encode(const struct st_page *page, uint8_t out[ST_PAGE_MAX]);
/* Return: false when it is not a page of that level, or names what cannot be. */
bool st_page_decode(const uint8_t *plain, size_t len, uint8_t level, uint32_t chunk_size, struct st_page *page);

/* Without the MAC, which crypto.h adds and checks; bytes[ST_ROOT_BYTES - 8] and on are left alone. */
void st_root_encode(const struct st_root *root, uint8_t bytes[ST_ROOT_BYTES]);
bool st_root_decode(const uint8_t bytes[ST_ROOT_BYTES], struct st_root *root);
void st_root_to_text(const uint8_t bytes[ST_ROOT_BYTES], char text[ST_ROOT_TEXT + 1]);
bool st_root_from_text(const char *text, uint8_t bytes[ST_ROOT_BYTES]);

void st_pack_header(const struct st_pack_id *id, enum st_pack_kind kind, const uint8_t key_id[ST_KEY_ID],
		    uint8_t out[ST_PACK_HEADER]);
/* What a pack's header says against what it should. */
enum st_header_fault { ST_HEADER_GOOD, ST_HEADER_NONE, ST_HEADER_OTHER_KEY, ST_HEADER_OTHER_PACK };
enum st_header_fault st_pack_check_header(const uint8_t header[ST_PACK_HEADER], const struct st_pack_id *id,
					  const uint8_t key_id[ST_KEY_ID]);
void st_pack_footer(uint32_t trailer_offset, uint32_t trailer_length, uint8_t out[ST_PACK_FOOTER]);
/* Return: false unless the trailer lies right before the footer of a pack of size bytes. */
bool st_pack_check_footer(const uint8_t footer[ST_PACK_FOOTER], uint64_t size, uint32_t *trailer_offset,
			  uint32_t *trailer_length);

/* Chunks of a volume; page levels above so many chunks (0 for none). */
uint64_t st_chunks(uint64_t size, uint8_t shift);
uint8_t st_levels(uint64_t chunks);

#endif
