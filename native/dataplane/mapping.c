#include "mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "freehold/ctl.h"
#include "log.h"

int map_file(const char *path, size_t size, void **mem, bool *made)
{
	int rc = FH_OK, fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	bool fresh = fd < 0 && errno == ENOENT;
	if (fresh)
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)size) != 0) {
		dp_log(LOG_ERR, "cannot create %s: %s", path, strerror(errno));
		rc = FH_EINTERNAL;
	} else if ((*mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) == MAP_FAILED) {
		dp_log(LOG_ERR, "cannot map %s: %s", path, strerror(errno));
		rc = FH_ENOMEM;
	}
	if (fd >= 0)
		close(fd);
	if (rc != FH_OK && fresh)
		unlink(path);
	if (made)
		*made = fresh;
	return rc;
}
