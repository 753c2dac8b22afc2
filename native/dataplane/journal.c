#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "log.h"
#include "model.h"
#include "port_table.h"

#define RECORD_MAGIC 0x314a4846u /* "FHJ1" */
#define COMPACT_ABOVE (4u << 20)
#define COMPACT_FACTOR 4

struct record {
	uint32_t magic;
	uint32_t check;
	uint64_t len;
};

static struct {
	int fd;
	char path[PATH_MAX], next[PATH_MAX + 8];
	uint64_t size, compacted_size;
} journal = { .fd = -1 };

/* Tells a torn record, not an attacker's: the directory is ours alone. */
static uint32_t checksum(const uint8_t *p, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u ^ len;
	for (; len >= 8; len -= 8, p += 8) {
		uint64_t v;
		memcpy(&v, p, 8);
		h = (h ^ v) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	for (; len; len--, p++)
		h = (h ^ *p) * 0x100000001b3u;
	return (uint32_t)(h ^ (h >> 32));
}

/* Return: FH_OK, FH_ENOSPACE, FH_EINTERNAL. */
static int write_record(int fd, const void *payload, size_t len, uint64_t *size)
{
	struct record r = { .magic = RECORD_MAGIC, .check = checksum(payload, len), .len = len };
	struct iovec iov[2] = { { &r, sizeof r }, { (void *)(uintptr_t)payload, len } };
	ssize_t n = writev(fd, iov, 2);
	if (n == (ssize_t)(sizeof r + len)) {
		*size += (uint64_t)n;
		return FH_OK;
	}
	/* A part of it went in: there was no room for the rest. */
	int why = n >= 0 ? ENOSPC : errno;
	dp_log(LOG_ERR, "cannot write %s: %s", journal.path, strerror(why));
	if (n > 0 && ftruncate(fd, (off_t)*size) != 0)
		dp_log(LOG_ERR, "cannot cut the journal back: %s", strerror(errno));
	return why == ENOSPC || why == EDQUOT ? FH_ENOSPACE : FH_EINTERNAL;
}

int journal_append(const void *payload, size_t len)
{
	return write_record(journal.fd, payload, len, &journal.size);
}

void journal_compact_if_due(void)
{
	struct fh_buffer b = { 0 };
	uint64_t size = 0;
	if (journal.size < COMPACT_ABOVE || journal.size < journal.compacted_size * COMPACT_FACTOR)
		return;
	int fd = open(journal.next, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || !model_snapshot(&b) || write_record(fd, b.p, b.len, &size) != FH_OK || rename(journal.next, journal.path) != 0) {
		dp_log(LOG_WARNING, "cannot compact %s: %s; it goes on growing", journal.path, strerror(errno));
		if (fd >= 0)
			close(fd);
	} else {
		close(journal.fd);
		journal.fd = fd;
		journal.size = size;
	}
	journal.compacted_size = journal.size;
	fh_buffer_free(&b);
}

/* Finds the whole records, up to room of them. Return: how many there are. *bytes: of the file. */
static unsigned find_records(const uint8_t *p, uint64_t len, struct model_record *records, unsigned room, uint64_t *bytes)
{
	unsigned n = 0;
	struct record r;
	for (*bytes = 0; len - *bytes >= sizeof r; *bytes += sizeof r + r.len, n++) {
		const uint8_t *payload = p + *bytes + sizeof r;
		memcpy(&r, p + *bytes, sizeof r);
		if (r.magic != RECORD_MAGIC || r.len > len - *bytes - sizeof r || r.check != checksum(payload, r.len))
			break;
		if (n < room)
			records[n] = (struct model_record){ payload, r.len };
	}
	return n;
}

/* Return: how many bytes of the file are whole records. */
static uint64_t replay(const uint8_t *p, uint64_t len)
{
	uint64_t bytes;
	unsigned n = find_records(p, len, NULL, 0, &bytes);
	struct model_record *records = calloc(n + 1, sizeof records[0]);
	struct fh_commit_result out = { .message = "out of memory" };
	if (records)
		find_records(p, len, records, n, &bytes);
	if (n && records && model_replay(records, n, &out) == FH_OK) {
		dp_log(LOG_INFO, "replayed %u transactions, %llu bytes", n, (unsigned long long)bytes);
		port_tables_tidy();
	} else if (n) {
		dp_log(LOG_ERR, "the journal is refused as a whole: %s; trying its transactions one by one", out.message);
		for (unsigned i = 0; records && i < n; i++)
			if (model_commit(records[i].payload, records[i].len, false, &out) != FH_OK)
				dp_log(LOG_ERR, "a journalled transaction is refused now: %s", out.message);
	}
	free(records);
	return bytes;
}

bool journal_open(const char *state_dir)
{
	struct stat st;
	snprintf(journal.path, sizeof journal.path, "%s/journal", state_dir);
	snprintf(journal.next, sizeof journal.next, "%s.next", journal.path);
	journal.fd = open(journal.path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (journal.fd < 0 || fstat(journal.fd, &st) != 0) {
		dp_log(LOG_ERR, "cannot open %s: %s; give a directory that is writable with --state", journal.path, strerror(errno));
		return false;
	}
	if (st.st_size > 0) {
		size_t len = (size_t)st.st_size;
		void *p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, journal.fd, 0);
		if (p == MAP_FAILED) {
			dp_log(LOG_ERR, "cannot read %s: %s", journal.path, strerror(errno));
			return false;
		}
		journal.size = replay(p, len);
		munmap(p, len);
		if (journal.size < len && ftruncate(journal.fd, (off_t)journal.size) != 0)
			return false;
	}
	journal.compacted_size = journal.size;
	return true;
}
