/* Pages of elements; private to the library. */
#ifndef FH_CTL_PAGING_H
#define FH_CTL_PAGING_H

#include <stdbool.h>

#include "freehold/wire.h"

/* Fetches a page of elements into an array of that stride.
 * @param sized  the elements start with struct_size
 * @param port   of whose things, or NULL */
int fh_port_page(fh_ctl *ctl, uint32_t timeout_ms, uint16_t type, const struct fh_id *port, uint64_t since_ns, uint64_t *cursor,
		 void *out, uint32_t stride, bool sized, uint32_t capacity, uint32_t *count);

/* Takes the elements of an answer that begins with an fh_wire_page.
 * Return: FH_OK, FH_EPROTO. */
int fh_page_out(const void *reply, size_t len, uint64_t *cursor, void *out, uint32_t stride, bool sized, uint32_t capacity, uint32_t *count);

#endif
