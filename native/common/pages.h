/*
 * Memory that a file is mapped to.
 *
 * The files are as long as they may ever become and have holes where nothing was written yet. The file system owes no page for a hole:
 * when it is full, whoever touches one, even to read it on a tmpfs, gets SIGBUS. So nobody touches what was not reserved before.
 */
#ifndef FH_PAGES_H
#define FH_PAGES_H

#include <stddef.h>

#define FH_PAGE 4096u

static inline size_t fh_page_align(size_t n)
{
	return (n + FH_PAGE - 1) & ~(size_t)(FH_PAGE - 1);
}

/* Gives every page that holds some of these n bytes its memory and its place in the file; what they hold stays.
 * Return: FH_OK, FH_ENOSPACE. */
int fh_pages_reserve(void *at, size_t n);
/* Zeroes n bytes that end where a page ends. Whole pages are given back to the file system and have to be reserved again. */
void fh_pages_clear(void *at, size_t n);

#endif
