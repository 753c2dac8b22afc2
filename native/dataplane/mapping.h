/* Files of the state directory that are memory: what they hold outlives this process, however it ends. */
#ifndef FH_DP_MAPPING_H
#define FH_DP_MAPPING_H

#include <stddef.h>

/* Maps size bytes of the file. What is new in it is a hole: reserve it (pages.h) before it is read or written. Why it could not is in the log.
 * Return: FH_OK, FH_EINTERNAL without the file, FH_ENOMEM without the address space. */
int map_file(const char *path, size_t size, void **mem);

#endif
