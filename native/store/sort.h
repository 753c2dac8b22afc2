#ifndef ST_SORT_H
#define ST_SORT_H

#include <stdlib.h>

/* qsort() of any list: the C standard (7.22.5) gives it no null pointer, not even for no elements. */
static inline void st_sort(void *list, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	if (n)
		qsort(list, n, size, compare);
}

#endif
