/* Files of the state directory that are memory: what they hold outlives this process, however it ends. */
#ifndef FH_DP_MAPPING_H
#define FH_DP_MAPPING_H

#include <stdbool.h>
#include <stddef.h>

/* Maps size bytes of the file, creating it if need be. What is new in it is a hole: reserve it (pages.h) before it is read or written.
 * @param made  whether the file is new: the caller removes such a one again if it cannot use it. May be NULL
 * Return: FH_OK, FH_EINTERNAL without the file, FH_ENOMEM without the address space; why is in the log, and no new file is left. */
int map_file(const char *path, size_t size, void **mem, bool *made);

#endif
