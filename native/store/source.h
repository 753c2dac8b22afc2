/*
 * The disk that is backed up: an NBD export, read by libnbd.
 *
 * Theory of operation
 * -------------------
 * One thread owns a source. It starts reads, a bounded number of them, and turns the event loop; a read that ends is
 * handed to a callback on that same thread, which passes it on to the workers. A worker that has given a buffer back wakes the
 * loop by an event descriptor. A server that answers nothing for the I/O limit fails the job.
 *
 * The block status is asked before anything is read, for the whole volume: what reads as zeroes is not read, and with a
 * dirty bitmap only what it names. It cannot change, because the export is a point in time.
 */
#ifndef ST_SOURCE_H
#define ST_SOURCE_H

#include "plan.h"
#include "run.h"

struct st_source;

struct st_reading {
	uint64_t offset;
	uint32_t len;
	uint8_t *buffer;
	struct st_source *source;
	struct st_reading *next;
	/* The user's: */
	void *leaf;
	unsigned first, count;
};

/* ok: whether the buffer is filled; if not, the job has failed. On the thread that turns the loop. */
typedef void (*st_read_done)(void *arg, struct st_reading *reading, bool ok);

/* Connects. bitmap: the name behind "qemu:dirty-bitmap:", or NULL. Return: NULL, with the job failed. */
struct st_source *st_source_open(struct st_run *run, const char *uri, const char *bitmap, st_read_done done, void *arg);
void st_source_close(struct st_source *source);
uint64_t st_source_size(const struct st_source *source);

/* Marks what the export says: data, and with a bitmap what is dirty. Return: false with the job failed. */
bool st_source_scan(struct st_source *source, struct st_plan *plan);

bool st_source_start(struct st_source *source, struct st_reading *reading);
unsigned st_source_under_way(const struct st_source *source);
/* Waits until something has happened: a read has ended, or st_source_wake() was called. Return: false with the job failed. */
bool st_source_turn(struct st_source *source);
/* From any thread. */
void st_source_wake(struct st_source *source);

#endif
