/*
 * What librte_vhost logs is a front end's to provoke, thousands of lines a second: what exceeds a rate is counted and left out.
 */
#include "log.h"

#include <stdint.h>

#include "runtime.h"

#define LINES_AT_ONCE 40
#define MS_A_LINE 2000

/* Lines come under the stream's own lock. */
static struct {
	unsigned allowed, left_out;
	uint64_t since_ms;
} rate = { .allowed = LINES_AT_ONCE };

static ssize_t write_line(void *cookie, const char *line, size_t size)
{
	uint64_t now = dp_boot_ms(), more = (now - rate.since_ms) / MS_A_LINE;
	(void)cookie;
	if (more) {
		rate.allowed = rate.allowed + more < LINES_AT_ONCE ? rate.allowed + (unsigned)more : LINES_AT_ONCE;
		rate.since_ms = now;
	}
	if (rate.allowed == 0) {
		rate.left_out++;
		return (ssize_t)size;
	}
	rate.allowed--;
	if (rate.left_out)
		dp_log(LOG_WARNING, "%u lines of DPDK's left out", rate.left_out);
	rate.left_out = 0;
	fwrite(line, 1, size, stderr);
	return (ssize_t)size;
}

FILE *library_log(void)
{
	FILE *file = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = write_line });
	if (file)
		setvbuf(file, NULL, _IOLBF, 0);
	return file ? file : stderr;
}
