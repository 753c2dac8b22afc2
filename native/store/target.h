/*
 * The disk that is restored to: a file (made sparse, of the volume's size), a block device, or an NBD export.
 *
 * Several threads may write at once; each says which of the threads it is, and gets a connection of its own if the NBD server
 * allows it. A new or emptied file is all zero already; elsewhere zeroes are punched or written.
 */
#ifndef ST_TARGET_H
#define ST_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "run.h"

struct st_target;

/* where: an absolute path or an NBD URI. A file is cut or grown to size; others have to be at least that large.
 * Return: NULL, with the job failed. */
struct st_target *st_target_open(struct st_run *run, const char *where, uint64_t size, unsigned threads);
bool st_target_write(struct st_target *target, unsigned thread, const void *data, uint32_t len, uint64_t offset);
/* Whether zeroes have to be asked for. */
bool st_target_needs_zeroes(const struct st_target *target);
bool st_target_zero(struct st_target *target, unsigned thread, uint64_t offset, uint64_t len);
/* What was written is durable. */
bool st_target_flush(struct st_target *target);
void st_target_close(struct st_target *target);

#endif
