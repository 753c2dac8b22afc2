#include "pages.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "freehold/ctl.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

int fh_pages_reserve(void *at, size_t n)
{
	uint8_t *first = (uint8_t *)((uintptr_t)at & ~(uintptr_t)(FH_PAGE - 1));
	size_t bytes = fh_page_align((size_t)((uint8_t *)at + n - first));

	/* One call faults all of them in, where touching them would be a fault a page, and fails where touching them would kill. */
	while (madvise(first, bytes, MADV_POPULATE_WRITE) != 0) {
		if (errno == EINTR || errno == EAGAIN)
			continue;
		/* EINVAL: Linux before 5.14 does not know it. Then the first touch has to do, as it always had to. */
		return errno == EINVAL ? FH_OK : FH_ENOSPACE;
	}
	return FH_OK;
}

void fh_pages_clear(void *at, size_t n)
{
	uint8_t *start = at, *end = start + n, *whole = (uint8_t *)fh_page_align((uintptr_t)at);

	memset(start, 0, (size_t)(whole - start));
	if (whole < end && madvise(whole, (size_t)(end - whole), MADV_REMOVE) != 0)
		memset(whole, 0, (size_t)(end - whole));
}
