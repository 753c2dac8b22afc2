/* Encoding and checking what format.h describes. No keys, no I/O, no allocation. */
#include "format.h"

#include <stdio.h>
#include <string.h>

#include "bytes.h"

#define VERSION 1
static const char pack_magic[8] = "FHPACK1\n", footer_magic[8] = "FHPACKE\n";
static const char root_prefix[] = "fh1-";

/* --- ids and names ---------------------------------------------------------------------------------------------------- */

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool st_id_parse(const char *text, struct st_id *id)
{
	for (int i = 0; i < ST_ID; i++) {
		if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
			return false;
		int hi = nibble(text[0]), lo = hi < 0 ? -1 : nibble(text[1]);
		if (lo < 0)
			return false;
		id->b[i] = (uint8_t)(hi << 4 | lo);
		text += 2;
	}
	return *text == '\0';
}

void st_id_text(const struct st_id *id, char text[37])
{
	static const char digits[] = "0123456789abcdef";
	for (int i = 0; i < ST_ID; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*text++ = '-';
		*text++ = digits[id->b[i] >> 4];
		*text++ = digits[id->b[i] & 15];
	}
	*text = '\0';
}

void st_pack_name(const struct st_pack_id *id, char name[ST_NAME])
{
	char writer[37];
	st_id_text(&id->writer, writer);
	snprintf(name, ST_NAME, "packs/%s/%08x", writer, id->number);
}

bool st_pack_parse_name(const char *name, struct st_pack_id *id)
{
	char writer[37];
	if (strlen(name) != ST_PACK_NAME_LENGTH || strncmp(name, "packs/", 6) != 0 || name[42] != '/')
		return false;
	memcpy(writer, name + 6, 36);
	writer[36] = '\0';
	if (!st_id_parse(writer, &id->writer))
		return false;
	id->number = 0;
	for (int i = 43; i < ST_PACK_NAME_LENGTH; i++) {
		int n = nibble(name[i]);
		if (n < 0)
			return false;
		id->number = id->number << 4 | (uint32_t)n;
	}
	return true;
}

/* --- records ------------------------------------------------------------------------------------------------------------ */

void st_record_encode(const struct st_record *r, uint8_t out[ST_RECORD_HEADER])
{
	out[0] = VERSION;
	out[1] = (uint8_t)r->kind;
	out[2] = (uint8_t)r->method;
	out[3] = 0;
	st_put32(out + 4, r->plain);
	st_put32(out + 8, r->sealed);
}

bool st_record_decode(const uint8_t *record, size_t len, enum st_kind kind, uint32_t max, struct st_record *r)
{
	if (len < ST_RECORD_OVERHEAD || record[0] != VERSION || record[1] != kind || record[2] > ST_ZSTD || record[3])
		return false;
	*r = (struct st_record){ .kind = kind, .method = record[2], .plain = st_get32(record + 4), .sealed = st_get32(record + 8) };
	if (r->plain > max || r->sealed != len - ST_RECORD_OVERHEAD)
		return false;
	return r->method == ST_PLAIN ? r->sealed == r->plain : r->sealed < r->plain;
}

/* --- pages -------------------------------------------------------------------------------------------------------------- */

size_t st_page_encode(const struct st_page *page, uint8_t out[ST_PAGE_MAX])
{
	const struct st_entry *present[ST_FANOUT];
	uint16_t pack_of[ST_FANOUT];
	unsigned n = 0, packs = 0;
	uint8_t *pack = out + ST_PAGE_HEADER;

	memset(out, 0, ST_PAGE_HEADER);
	for (unsigned i = 0; i < ST_FANOUT; i++) {
		const struct st_entry *e = &page->entries[i];
		if (!st_present(e))
			continue;
		out[8 + i / 8] |= (uint8_t)(1u << i % 8);
		/* Neighbours mostly lie in one pack: the search is short from the end. */
		unsigned at = packs;
		while (at && memcmp(pack + (at - 1) * ST_PACK_ID, e->pack.writer.b, ST_ID) != 0)
			at--;
		while (at && (st_get32(pack + (at - 1) * ST_PACK_ID + ST_ID) != e->pack.number ||
			      memcmp(pack + (at - 1) * ST_PACK_ID, e->pack.writer.b, ST_ID) != 0))
			at--;
		if (!at) {
			memcpy(pack + packs * ST_PACK_ID, e->pack.writer.b, ST_ID);
			st_put32(pack + packs * ST_PACK_ID + ST_ID, e->pack.number);
			at = ++packs;
		}
		pack_of[n] = (uint16_t)(at - 1);
		present[n++] = e;
	}
	if (!n)
		return 0;
	out[0] = VERSION;
	out[1] = page->level;
	st_put16(out + 2, (uint16_t)packs);
	st_put16(out + 4, (uint16_t)n);

	uint8_t *p = pack + packs * ST_PACK_ID;
	for (unsigned i = 0; i < n; i++, p += ST_DIGEST)
		memcpy(p, present[i]->digest, ST_DIGEST);
	for (unsigned i = 0; i < n; i++, p += 2)
		st_put16(p, pack_of[i]);
	for (unsigned i = 0; i < n; i++, p += 2)
		st_put16(p, present[i]->ordinal);
	for (unsigned i = 0; i < n; i++, p += 4)
		st_put32(p, present[i]->offset);
	for (unsigned i = 0; i < n; i++, p += 4)
		st_put32(p, present[i]->length);
	return (size_t)(p - out);
}

static bool possible(const struct st_entry *e, uint32_t max_plain, uint32_t pack_size)
{
	return e->length > ST_RECORD_OVERHEAD && e->length <= max_plain + ST_RECORD_OVERHEAD && e->offset >= ST_PACK_HEADER &&
	       e->offset <= pack_size - e->length && e->ordinal < ST_PACK_RECORDS;
}

bool st_page_decode(const uint8_t *plain, size_t len, uint8_t level, uint32_t chunk_size, struct st_page *page)
{
	if (len < ST_PAGE_HEADER || plain[0] != VERSION || plain[1] != level)
		return false;
	unsigned packs = st_get16(plain + 2), n = st_get16(plain + 4), slots = 0;
	for (unsigned i = 0; i < ST_FANOUT / 8; i++)
		slots += (unsigned)__builtin_popcount(plain[8 + i]);
	if (st_get16(plain + 6) || !n || n != slots || packs > n ||
	    len != ST_PAGE_HEADER + (size_t)packs * ST_PACK_ID + (size_t)n * ST_ENTRY)
		return false;

	const uint8_t *pack = plain + ST_PAGE_HEADER, *digest = pack + packs * ST_PACK_ID, *index = digest + n * ST_DIGEST,
		      *ordinal = index + n * 2, *offset = ordinal + n * 2, *length = offset + n * 4;
	memset(page, 0, sizeof *page);
	page->level = level;
	for (unsigned slot = 0, i = 0; slot < ST_FANOUT; slot++) {
		if (!(plain[8 + slot / 8] >> slot % 8 & 1))
			continue;
		struct st_entry *e = &page->entries[slot];
		unsigned which = st_get16(index + i * 2);
		if (which >= packs)
			return false;
		memcpy(e->digest, digest + i * ST_DIGEST, ST_DIGEST);
		memcpy(e->pack.writer.b, pack + which * ST_PACK_ID, ST_ID);
		e->pack.number = st_get32(pack + which * ST_PACK_ID + ST_ID);
		e->ordinal = st_get16(ordinal + i * 2);
		e->offset = st_get32(offset + i * 4);
		e->length = st_get32(length + i * 4);
		if (!possible(e, level ? ST_PAGE_MAX : chunk_size, level ? ST_PAGE_PACK : ST_DATA_PACK))
			return false;
		i++;
	}
	return true;
}

/* --- roots -------------------------------------------------------------------------------------------------------------- */

void st_root_encode(const struct st_root *root, uint8_t b[ST_ROOT_BYTES])
{
	const struct st_entry *e = &root->top;
	b[0] = VERSION;
	b[1] = root->shift;
	b[2] = root->levels;
	b[3] = 0;
	st_put64(b + 4, root->size);
	memcpy(b + 12, root->key_id, ST_KEY_ID);
	memcpy(b + 20, e->digest, ST_DIGEST);
	memcpy(b + 52, e->pack.writer.b, ST_ID);
	st_put32(b + 68, e->pack.number);
	st_put16(b + 72, e->ordinal);
	st_put32(b + 74, e->offset);
	st_put32(b + 78, e->length);
}

bool st_root_decode(const uint8_t b[ST_ROOT_BYTES], struct st_root *root)
{
	*root = (struct st_root){ .size = st_get64(b + 4), .shift = b[1], .levels = b[2] };
	struct st_entry *e = &root->top;
	memcpy(root->key_id, b + 12, ST_KEY_ID);
	memcpy(e->digest, b + 20, ST_DIGEST);
	memcpy(e->pack.writer.b, b + 52, ST_ID);
	e->pack.number = st_get32(b + 68);
	e->ordinal = st_get16(b + 72);
	e->offset = st_get32(b + 74);
	e->length = st_get32(b + 78);
	if (b[0] != VERSION || b[3] || root->shift < ST_CHUNK_SHIFT_MIN || root->shift > ST_CHUNK_SHIFT_MAX ||
	    root->size > ST_VOLUME_MAX)
		return false;
	if (!root->levels) {
		static const uint8_t none[82 - 20];
		return memcmp(b + 20, none, sizeof none) == 0;
	}
	return root->levels == st_levels(st_chunks(root->size, root->shift)) && possible(e, ST_PAGE_MAX, ST_PAGE_PACK);
}

static const char base64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void st_root_to_text(const uint8_t bytes[ST_ROOT_BYTES], char text[ST_ROOT_TEXT + 1])
{
	char *t = text + sizeof root_prefix - 1;
	memcpy(text, root_prefix, sizeof root_prefix - 1);
	for (int i = 0; i < ST_ROOT_BYTES; i += 3) {
		uint32_t v = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | bytes[i + 2];
		for (int shift = 18; shift >= 0; shift -= 6)
			*t++ = base64url[v >> shift & 63];
	}
	*t = '\0';
}

bool st_root_from_text(const char *text, uint8_t bytes[ST_ROOT_BYTES])
{
	if (strlen(text) != ST_ROOT_TEXT || strncmp(text, root_prefix, sizeof root_prefix - 1) != 0)
		return false;
	const char *t = text + sizeof root_prefix - 1;
	for (int i = 0; i < ST_ROOT_BYTES; i += 3) {
		uint32_t v = 0;
		for (int j = 0; j < 4; j++) {
			const char *digit = strchr(base64url, *t++);
			if (!digit)
				return false;
			v = v << 6 | (uint32_t)(digit - base64url);
		}
		bytes[i] = (uint8_t)(v >> 16);
		bytes[i + 1] = (uint8_t)(v >> 8);
		bytes[i + 2] = (uint8_t)v;
	}
	return true;
}

/* --- packs -------------------------------------------------------------------------------------------------------------- */

void st_pack_header(const struct st_pack_id *id, enum st_pack_kind kind, const uint8_t key_id[ST_KEY_ID],
		    uint8_t out[ST_PACK_HEADER])
{
	memset(out, 0, ST_PACK_HEADER);
	memcpy(out, pack_magic, sizeof pack_magic);
	memcpy(out + 8, key_id, ST_KEY_ID);
	memcpy(out + 16, id->writer.b, ST_ID);
	st_put32(out + 32, id->number);
	out[36] = (uint8_t)kind;
}

enum st_header_fault st_pack_check_header(const uint8_t header[ST_PACK_HEADER], const struct st_pack_id *id,
					  const uint8_t key_id[ST_KEY_ID])
{
	if (memcmp(header, pack_magic, sizeof pack_magic) != 0)
		return ST_HEADER_NONE;
	if (memcmp(header + 8, key_id, ST_KEY_ID) != 0)
		return ST_HEADER_OTHER_KEY;
	if (memcmp(header + 16, id->writer.b, ST_ID) != 0 || st_get32(header + 32) != id->number)
		return ST_HEADER_OTHER_PACK;
	return ST_HEADER_GOOD;
}

void st_pack_footer(uint32_t trailer_offset, uint32_t trailer_length, uint8_t out[ST_PACK_FOOTER])
{
	st_put32(out, trailer_offset);
	st_put32(out + 4, trailer_length);
	memcpy(out + 8, footer_magic, sizeof footer_magic);
}

bool st_pack_check_footer(const uint8_t footer[ST_PACK_FOOTER], uint64_t size, uint32_t *trailer_offset,
			  uint32_t *trailer_length)
{
	*trailer_offset = st_get32(footer);
	*trailer_length = st_get32(footer + 4);
	return size <= ST_PACK_MAX && memcmp(footer + 8, footer_magic, sizeof footer_magic) == 0 &&
	       *trailer_offset >= ST_PACK_HEADER && *trailer_length >= ST_RECORD_OVERHEAD &&
	       (uint64_t)*trailer_offset + *trailer_length + ST_PACK_FOOTER == size;
}

/* --- volumes ------------------------------------------------------------------------------------------------------------ */

uint64_t st_chunks(uint64_t size, uint8_t shift)
{
	return (size + (1ull << shift) - 1) >> shift;
}

uint8_t st_levels(uint64_t chunks)
{
	uint8_t levels = 0;
	for (uint64_t pages = chunks; pages > (levels ? 1u : 0u); levels++)
		pages = (pages + ST_FANOUT - 1) >> ST_FANOUT_SHIFT;
	return levels;
}
