#include "port_table.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"
#include "mapping.h"
#include "model.h"
#include "port.h"

static void id_text(const struct fh_id *id, char out[33])
{
	for (unsigned i = 0; i < 16; i++)
		snprintf(out + 2 * i, 3, "%02x", id->b[i]);
}

static void timeouts_of(const struct fh_port *spec, struct fh_ct_timeouts *t)
{
	fh_ct_default_timeouts(t);
	if (spec->tcp_established_s)
		t->tcp[FH_CT_S_ESTABLISHED] = spec->tcp_established_s;
}

/* --- public addresses ------------------------------------------------------------------------------------------------------- */
static bool still_translated(const struct fh_nat *nat, uint32_t n, const struct fh_ct_info *info)
{
	for (uint32_t i = 0; i < n; i++) {
		if (nat[i].public_addr != fh_be32(info->public_addr))
			continue;
		if (nat[i].kind == FH_NAT_SOURCE && info->public_port >= nat[i].port_min && info->public_port <= nat[i].port_max)
			return true;
		if (nat[i].kind == FH_NAT_FLOATING && nat[i].inside_addr == fh_be32(info->direction == FH_EGRESS ? info->src : info->dst))
			return true;
	}
	return false;
}

/* Connections through an address that is somebody else's now must not go on. */
static void cut_translations(struct port *port, const struct fh_nat *nat, uint32_t n)
{
	struct fh_ct_info info;
	uint32_t cursor = 0;
	while (fh_ct_next(port->ct, dp_boot_ns(), &cursor, &info))
		if (info.translated && !still_translated(nat, n, &info))
			fh_ct_kill(port->ct, dp_control_id(), &info, dp_boot_ns());
}

/* @param fresh  the connection table is a new one */
static void set_public(struct port *port, const struct fh_port *spec, bool fresh)
{
	struct fh_nat nat[FH_MAX_PORT_PUBLIC];
	uint32_t n = 0;
	bool changed = port->n_public != spec->n_public || memcmp(port->public_, spec->public_, spec->n_public * sizeof spec->public_[0]) != 0;
	if (!changed && !fresh)
		return;
	port->n_public = spec->n_public;
	memcpy(port->public_, spec->public_, sizeof port->public_);
	for (uint32_t i = 0; i < spec->n_public; i++) {
		const struct fh_public *p = &spec->public_[i];
		bool floating = p->kind == FH_PUBLIC_FLOATING;
		if (p->kind == FH_PUBLIC_OWN)
			continue;
		nat[n++] = (struct fh_nat){ .kind = floating ? FH_NAT_FLOATING : FH_NAT_SOURCE, .inside_addr = floating ? fh_be32(p->inside.b) : 0,
					  .public_addr = fh_be32(p->address.b), .port_min = p->port_min, .port_max = p->port_max };
	}
	if (fh_ct_set_nat(port->ct, nat, n) != FH_OK)
		dp_log(LOG_ERR, "port %s: its public addresses are refused by its connection table", port->socket_path);
	if (changed) {
		dp_grace(); /* a worker may be giving out an address that was withdrawn just now */
		cut_translations(port, nat, n);
	}
}

/* --- open and close ---------------------------------------------------------------------------------------------------------- */
static int open_table(struct port *port, const struct fh_port *spec, const char *path, struct fh_ct **ct, void **mem, size_t *size, bool *made)
{
	struct fh_ct_config cfg = {
		.capacity = spec->connection_quota,
		.workers = dp.n_workers + 1,
		.rules = dp.rules,
		.flows = dp.flows,
		.hash = &dp.hash,
		.nic = spec->id,
		.incarnation = spec->incarnation,
	};
	uint32_t recovered = 0;
	timeouts_of(spec, &cfg.timeouts);
	*size = fh_ct_image_size(cfg.capacity);
	int rc = map_file(path, *size, mem, made);
	if (rc != FH_OK)
		return rc;
	rc = fh_ct_open(*mem, *size, &cfg, dp_boot_ns(), ct, &recovered);
	if (rc == FH_OK && recovered)
		dp_log(LOG_INFO, "port %s: %u connections recovered", port->socket_path, recovered);
	if (rc == FH_OK)
		return rc;
	munmap(*mem, *size);
	if (*made)
		unlink(path);
	return rc;
}

int port_table_open(struct port *port, const struct fh_port *spec, bool *made)
{
	char id[33];
	id_text(&spec->id, id);
	snprintf(port->ct_path, sizeof port->ct_path, "%s/connections/%s", dp.state_dir, id);
	int rc = open_table(port, spec, port->ct_path, &port->ct, &port->ct_mem, &port->ct_size, made);
	if (rc != FH_OK)
		return rc;
	port->ct_quota = spec->connection_quota;
	set_public(port, spec, true);
	return FH_OK;
}

void port_table_close(struct port *port, bool forget)
{
	if (forget)
		fh_ct_end_all(port->ct, dp_control_id(), dp_boot_ns());
	fh_ct_close(port->ct);
	munmap(port->ct_mem, port->ct_size);
	if (forget)
		unlink(port->ct_path);
}

void port_tables_tidy(void)
{
	char path[PATH_MAX], id[33];
	const struct dirent *e;
	snprintf(path, sizeof path, "%s/connections", dp.state_dir);
	DIR *d = opendir(path);
	while (d && (e = readdir(d))) {
		bool used = e->d_name[0] == '.';
		for (uint32_t i = 0; i < model.tables[FH_KIND_PORT].n_slots && !used; i++) {
			const struct object *o = model.tables[FH_KIND_PORT].slots[i];
			if (!o)
				continue;
			id_text(&o->id, id);
			used = strncmp(e->d_name, id, 32) == 0 && strcmp(e->d_name + 32, ".next") != 0;
		}
		if (!used)
			unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d)
		closedir(d);
}

/* --- another table ---------------------------------------------------------------------------------------------------------- */
static void next_path(const struct port *port, char path[sizeof port->ct_path + 8])
{
	snprintf(path, sizeof port->ct_path + 8, "%s.next", port->ct_path);
}

int port_prepare(struct port *port, const struct fh_port *spec)
{
	char path[sizeof port->ct_path + 8];
	bool made;
	if (port->ct_quota == spec->connection_quota && port->incarnation == spec->incarnation)
		return FH_OK;
	next_path(port, path);
	unlink(path);
	return open_table(port, spec, path, &port->next_ct, &port->next_ct_mem, &port->next_ct_size, &made);
}

void port_abandon(struct port *port)
{
	char path[sizeof port->ct_path + 8];
	if (!port->next_ct)
		return;
	next_path(port, path);
	unlink(path);
	fh_ct_close(port->next_ct);
	munmap(port->next_ct_mem, port->next_ct_size);
	port->next_ct = NULL;
}

static void move_connections(struct fh_ct *from, struct fh_ct *to)
{
	uint8_t buf[FH_CT_RECORD_SIZE * 64];
	uint32_t cursor = 0, refused, n;
	do {
		n = fh_ct_export(from, dp_boot_ns(), 0, &cursor, buf, sizeof buf);
		if (n)
			fh_ct_import(to, dp_control_id(), dp_boot_ns(), buf, (size_t)n * FH_CT_RECORD_SIZE, &refused);
	} while (cursor);
}

static void adopt_table(struct port *port, const struct fh_port *spec)
{
	char path[sizeof port->ct_path + 8];
	struct fh_ct *old = port->ct;
	if (!port->next_ct)
		return;
	if (port->incarnation == spec->incarnation)
		move_connections(old, port->next_ct);
	next_path(port, path);
	if (rename(path, port->ct_path) != 0)
		dp_log(LOG_ERR, "port %s: cannot rename %s: %s; its connections will not survive a restart", port->socket_path, path,
		       strerror(errno));
	fh_store_release(&port->ct, port->next_ct);
	dp_grace();
	if (port->incarnation != spec->incarnation)
		fh_ct_end_all(old, dp_control_id(), dp_boot_ns());
	fh_ct_close(old);
	munmap(port->ct_mem, port->ct_size);
	port->ct_mem = port->next_ct_mem;
	port->ct_size = port->next_ct_size;
	port->next_ct = NULL;
}

void port_table_adopt(struct port *port, const struct fh_port *spec)
{
	struct fh_ct_timeouts t;
	bool fresh = port->next_ct != NULL;
	adopt_table(port, spec);
	port->ct_quota = spec->connection_quota;
	port->incarnation = spec->incarnation;
	timeouts_of(spec, &t);
	fh_ct_set_timeouts(port->ct, &t);
	set_public(port, spec, fresh);
}
