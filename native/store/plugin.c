/*
 * freehold-store-plugin: volumes of the store as read-only NBD exports, served by nbdkit. For restores that a VM runs on while they
 * arrive, for drills, and for looking into files.
 *
 *   nbdkit --unix SOCKET freehold-store-plugin.so jobfd=N [outlives=true]
 *
 * N is a descriptor that nbdkit inherits; from it comes one JSON job, to its end, with the tenant's key in it: nothing secret
 * is in the command line or the environment. {"store", "tenant", "key", "memoryLimit", "ioTimeoutSeconds",
 * "volumes": [{"name", "root", "sizeBytes"}]}: each volume is the export of that name; a single one is also the default export.
 *
 * nbdkit may be started as root with --user: then only its socket is made as root, and the store is read as that user.
 *
 * Requests run in parallel. Zeroes are reported as holes. A damaged place is an I/O error there and nowhere else. A store
 * that hangs for the I/O limit ends the process: its clients then get errors, instead of nothing.
 */
#define NBDKIT_API_VERSION 2
#include <nbdkit-plugin.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "session.h"
#include "view.h"

#define THREAD_MODEL NBDKIT_THREAD_MODEL_PARALLEL
#define LOOK_MS 500

static struct st_session session;
static struct st_views *views;
static struct st_view *exports; /* as job.volumes */
static int job_fd = -1;
static pthread_t watcher;
static int end_watch = -1; /* an event descriptor */

/* The process that started nbdkit, and the signal that nbdkit gets when it dies; 0: none. nbdkit may have asked for one by itself. */
static pid_t parent;
static int parent_death_signal;
static int outlives; /* parameter: goes on when whoever started it dies */

static int failed(const struct st_failure *failure)
{
	nbdkit_error("%s: %s", st_code_text(failure->code), failure->message);
	nbdkit_set_error(EIO);
	return -1;
}

/* --- starting ---------------------------------------------------------------------------------------------------------------- */

static int plugin_config(const char *key, const char *value)
{
	if (strcmp(key, "jobfd") == 0)
		return nbdkit_parse_int("jobfd", value, &job_fd);
	if (strcmp(key, "outlives") == 0) {
		outlives = nbdkit_parse_bool(value);
		return outlives < 0 ? -1 : 0;
	}
	nbdkit_error("unknown parameter '%s'", key);
	return -1;
}

/* Before nbdkit goes into the background: a wrong job is told to whoever started it. */
static int plugin_config_complete(void)
{
	struct st_failure failure;
	if (job_fd < 0) {
		nbdkit_error("give the descriptor of the job: jobfd=N");
		return -1;
	}
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_GET_PDEATHSIG, &parent_death_signal);
	parent = getppid();
	if (!st_session_init(&session) || !st_job_read(&session.job, job_fd, ST_NEEDS_EXPORTS, &failure))
		return failed(&failure);
	close(job_fd);
	session.keys = st_keys_new(session.job.key);
	exports = calloc(session.job.n_volumes, sizeof *exports);
	if (!session.keys || !exports) {
		nbdkit_error("no memory");
		return -1;
	}
	for (size_t i = 0; i < session.job.n_volumes; i++) {
		const struct st_job_volume *v = &session.job.volumes[i];
		if (!st_session_root(&session, v->root, &exports[i].root))
			return failed(&session.run.failure);
		exports[i].size = v->size > exports[i].root.size ? v->size : exports[i].root.size;
	}
	return 0;
}

/* A thread that hangs does not come back, and nbdkit waits for its threads. */
static void *watch(void *arg)
{
	char what[160];
	struct pollfd end = { .fd = end_watch, .events = POLLIN };
	(void)arg;
	while (poll(&end, 1, LOOK_MS) <= 0) {
		if (st_watch_oldest(session.job.io_timeout * 1000000000ull, what, sizeof what) == ST_OK)
			continue;
		nbdkit_error("no answer for %u s while %s", session.job.io_timeout, what);
		_exit(1);
	}
	return NULL;
}

/* The kernel forgets both when nbdkit becomes another user. Return: false when the parent has died meanwhile. */
static bool guard_again(void)
{
	prctl(PR_SET_DUMPABLE, 0);
	if (outlives)
		return prctl(PR_SET_PDEATHSIG, 0) == 0;
	return parent_death_signal == 0 || (prctl(PR_SET_PDEATHSIG, parent_death_signal) == 0 && getppid() == parent);
}

/* Threads and connections do not survive the fork, so they begin here. */
static int plugin_after_fork(void)
{
	if (!guard_again()) {
		nbdkit_error("whoever started it has died");
		return -1;
	}
	int fd = eventfd(0, EFD_CLOEXEC);
	end_watch = fd;
	if (fd < 0 || pthread_create(&watcher, NULL, watch, NULL) != 0) {
		end_watch = -1;
		nbdkit_error("cannot start a thread");
		return -1;
	}
	if (!st_session_open(&session, ST_MUST_EXIST) || !(views = st_views_new(&session)))
		return failed(&session.run.failure);
	return 0;
}

/* nbdkit unloads this code afterwards: no thread may be in it. */
static void plugin_cleanup(void)
{
	uint64_t one = 1;
	if (end_watch >= 0 && write(end_watch, &one, sizeof one) == sizeof one)
		pthread_join(watcher, NULL);
	st_views_free(views);
	if (session.damages)
		st_session_close(&session);
	free(exports);
}

/* --- exports ----------------------------------------------------------------------------------------------------------------- */

static int plugin_list_exports(int readonly, int is_tls, struct nbdkit_exports *list)
{
	(void)readonly, (void)is_tls;
	for (size_t i = 0; i < session.job.n_volumes; i++)
		if (nbdkit_add_export(list, session.job.volumes[i].name, NULL) != 0)
			return -1;
	return 0;
}

static const char *plugin_default_export(int readonly, int is_tls)
{
	(void)readonly, (void)is_tls;
	return session.job.n_volumes == 1 ? session.job.volumes[0].name : "";
}

static void *plugin_open(int readonly)
{
	const char *name = nbdkit_export_name();
	(void)readonly;
	for (size_t i = 0; name && i < session.job.n_volumes; i++)
		if (strcmp(session.job.volumes[i].name, name) == 0 || (!*name && session.job.n_volumes == 1))
			return &exports[i];
	nbdkit_error("there is no volume '%s'", name ? name : "");
	return NULL;
}

static int64_t plugin_get_size(void *handle)
{
	return (int64_t)((struct st_view *)handle)->size;
}

static int yes(void *handle)
{
	(void)handle;
	return 1;
}

static int plugin_block_size(void *handle, uint32_t *minimum, uint32_t *preferred, uint32_t *maximum)
{
	struct st_view *v = handle;
	*minimum = 1;
	*preferred = 1u << v->root.shift;
	*maximum = UINT32_MAX;
	return 0;
}

/* --- reading ----------------------------------------------------------------------------------------------------------------- */

static int plugin_pread(void *handle, void *buffer, uint32_t count, uint64_t offset, uint32_t flags)
{
	struct st_failure failure;
	(void)flags;
	return st_view_read(views, handle, buffer, count, offset, &failure) ? 0 : failed(&failure);
}

static int plugin_extents(void *handle, uint32_t count, uint64_t offset, uint32_t flags, struct nbdkit_extents *extents)
{
	struct st_view *v = handle;
	struct st_failure failure;
	uint64_t end = offset + count, len;
	bool zero;
	for (; offset < end; offset += len) {
		if (!st_view_extent(views, v, offset, &len, &zero, &failure))
			return failed(&failure);
		if (nbdkit_add_extent(extents, offset, len, zero ? NBDKIT_EXTENT_HOLE | NBDKIT_EXTENT_ZERO : 0) != 0)
			return -1;
		if (flags & NBDKIT_FLAG_REQ_ONE)
			break;
	}
	return 0;
}

static struct nbdkit_plugin plugin = {
	.name = "freehold-store",
	.version = FH_VERSION,
	.longname = "volumes of a Freehold backup store",
	.config = plugin_config,
	.config_complete = plugin_config_complete,
	.config_help = "jobfd=N         the descriptor to read the JSON job from\n"
		       "outlives=true   goes on serving when whoever started nbdkit dies",
	.after_fork = plugin_after_fork,
	.cleanup = plugin_cleanup,
	.list_exports = plugin_list_exports,
	.default_export = plugin_default_export,
	.open = plugin_open,
	.get_size = plugin_get_size,
	.can_multi_conn = yes,
	.can_extents = yes,
	.block_size = plugin_block_size,
	.pread = plugin_pread,
	.extents = plugin_extents,
};

NBDKIT_REGISTER_PLUGIN(plugin)
