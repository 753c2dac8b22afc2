/* A request being served, and answers that are pages of elements. Private to the query modules. */
#ifndef FH_DP_PAGE_H
#define FH_DP_PAGE_H

#include <stdbool.h>
#include <string.h>

#include "freehold/wire.h"

struct request {
	const void *payload;
	size_t len;
	uint8_t *out;
	size_t capacity, *out_len;
};

struct page {
	struct fh_wire_page head;
	uint8_t *at;
	uint32_t room;
};

/* @param request_len  what a well-formed request has. Return: false when this one is malformed. */
static inline bool page_begin_of(const struct request *r, struct page *p, size_t element_size, size_t request_len)
{
	if (r->len != request_len)
		return false;
	memcpy(&p->head, r->payload, sizeof p->head);
	size_t room = (r->capacity - sizeof p->head) / element_size;
	p->room = p->head.count < room ? p->head.count : (uint32_t)room;
	p->head.count = 0;
	p->head.element_size = (uint32_t)element_size;
	p->at = r->out + sizeof p->head;
	return p->room > 0;
}

static inline bool page_begin(const struct request *r, struct page *p, size_t element_size)
{
	return page_begin_of(r, p, element_size, sizeof p->head);
}

static inline void page_add(struct page *p, const void *element)
{
	memcpy(p->at, element, p->head.element_size);
	p->at += p->head.element_size;
	p->head.count++;
}

static inline int page_end(struct request *r, struct page *p, uint64_t cursor)
{
	p->head.cursor = cursor;
	memcpy(r->out, &p->head, sizeof p->head);
	*r->out_len = (size_t)(p->at - r->out);
	return FH_OK;
}

/* Return: FH_OK, with a structure of fixed size as the answer. */
static inline int answer_with(struct request *r, const void *answer, size_t size)
{
	memcpy(r->out, answer, size);
	*r->out_len = size;
	return FH_OK;
}

#endif
