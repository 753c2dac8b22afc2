/*
 * Transactions: the caller's structures, of whatever older or newer size, become wire records as they are put; the
 * caller may free them at once. What cannot be right is refused here, before anything is sent.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "txn.h"
#include "wire.h"

#define EXPORT __attribute__((visibility("default")))

#define MAX_RULES 10000u
#define MAX_MEMBERS 65536u
/* The smallest structures that API version 1 knew: everything up to and including the last mandatory field. */
#define LEAST_GROUP (offsetof(struct fh_group, tenant))
#define LEAST_SET (offsetof(struct fh_set, tenant))
#define LEAST_PORT (offsetof(struct fh_port, tenant))
#define LEAST_SEGMENT (offsetof(struct fh_segment, tenant))
#define LEAST_ROUTER (offsetof(struct fh_router, external))
#define LEAST_UPLINK sizeof(struct fh_uplink)
#define LEAST_REMOTE_PORT sizeof(struct fh_remote_port)
#define LARGEST 65536u

struct fh_txn {
	struct fh_buffer buffer;
};

static int done(struct fh_txn *txn)
{
	return txn->buffer.failed ? FH_ENOMEM : FH_OK;
}

/* Copies a structure of the caller's size into one of ours. Return: false when its size cannot be right. */
static bool take(void *mine, size_t size, size_t least, const void *theirs)
{
	uint32_t theirs_size;
	if (!theirs)
		return false;
	memcpy(&theirs_size, theirs, sizeof theirs_size);
	if (theirs_size < least || theirs_size > LARGEST)
		return false;
	memset(mine, 0, size);
	memcpy(mine, theirs, theirs_size < size ? theirs_size : size);
	uint32_t own = (uint32_t)size;
	memcpy(mine, &own, sizeof own);
	return true;
}

EXPORT fh_txn *fh_txn_new(void)
{
	struct fh_txn *txn = calloc(1, sizeof *txn);
	if (txn && !fh_wire_begin(&txn->buffer)) {
		free(txn);
		return NULL;
	}
	return txn;
}

EXPORT void fh_txn_free(fh_txn *txn)
{
	if (!txn)
		return;
	fh_buffer_free(&txn->buffer);
	free(txn);
}

EXPORT int fh_txn_put_segment(fh_txn *txn, const struct fh_segment *segment)
{
	struct fh_segment s;
	if (!txn || !take(&s, sizeof s, LEAST_SEGMENT, segment) || s.n_subnets > FH_MAX_SUBNETS)
		return FH_EINVAL;
	fh_wire_put_plain(&txn->buffer, FH_KIND_SEGMENT, &s, sizeof s);
	return done(txn);
}

EXPORT int fh_txn_put_set(fh_txn *txn, const struct fh_set *set)
{
	struct fh_set s;
	if (!txn || !take(&s, sizeof s, LEAST_SET, set) || (s.n_members && !s.members))
		return FH_EINVAL;
	if (s.n_members > MAX_MEMBERS)
		return FH_ELIMIT;
	fh_wire_put_set(&txn->buffer, &s);
	return done(txn);
}

EXPORT int fh_txn_change_set(fh_txn *txn, const struct fh_id *id, uint64_t base, uint64_t generation,
			     const struct fh_addr *add, uint32_t n_add, const struct fh_addr *remove, uint32_t n_remove)
{
	if (!txn || !id || (n_add && !add) || (n_remove && !remove))
		return FH_EINVAL;
	if (n_add > MAX_MEMBERS || n_remove > MAX_MEMBERS)
		return FH_ELIMIT;
	struct fh_wire_change change = {
		.id = *id, .base = base, .generation = generation, .n_add = n_add, .n_remove = n_remove
	};
	fh_wire_change_set(&txn->buffer, &change, add, remove);
	return done(txn);
}

EXPORT int fh_txn_put_group(fh_txn *txn, const struct fh_group *group)
{
	struct fh_group g;
	if (!txn || !take(&g, sizeof g, LEAST_GROUP, group) || (g.n_rules && !g.rules) ||
	    (g.rule_size && (g.rule_size < sizeof(struct fh_rule) || g.rule_size > 1024)))
		return FH_EINVAL;
	if (g.n_rules > MAX_RULES)
		return FH_ELIMIT;
	fh_wire_put_group(&txn->buffer, &g);
	return done(txn);
}

EXPORT int fh_txn_put_port(fh_txn *txn, const struct fh_port *port)
{
	struct fh_port p;
	if (!txn || !take(&p, sizeof p, LEAST_PORT, port) || p.n_addrs > FH_MAX_PORT_ADDRS || p.n_groups > FH_MAX_PORT_GROUPS ||
	    p.n_public > FH_MAX_PORT_PUBLIC ||
	    !memchr(p.socket_path, 0, sizeof p.socket_path) || !memchr(p.hostname, 0, sizeof p.hostname))
		return FH_EINVAL;
	fh_wire_put_plain(&txn->buffer, FH_KIND_PORT, &p, sizeof p);
	return done(txn);
}

EXPORT int fh_txn_put_router(fh_txn *txn, const struct fh_router *router)
{
	struct fh_router r;
	if (!txn || !take(&r, sizeof r, LEAST_ROUTER, router) || r.n_segments > FH_MAX_ROUTER_SEGMENTS || r.n_routes > FH_MAX_ROUTER_ROUTES)
		return FH_EINVAL;
	fh_wire_put_plain(&txn->buffer, FH_KIND_ROUTER, &r, sizeof r);
	return done(txn);
}

EXPORT int fh_txn_put_uplink(fh_txn *txn, const struct fh_uplink *uplink)
{
	struct fh_uplink u;
	if (!txn || !take(&u, sizeof u, LEAST_UPLINK, uplink) || !memchr(u.device, 0, sizeof u.device))
		return FH_EINVAL;
	fh_wire_put_plain(&txn->buffer, FH_KIND_UPLINK, &u, sizeof u);
	return done(txn);
}

EXPORT int fh_txn_put_remote_port(fh_txn *txn, const struct fh_remote_port *remote)
{
	struct fh_remote_port r;
	if (!txn || !take(&r, sizeof r, LEAST_REMOTE_PORT, remote) || r.n_addrs > FH_MAX_PORT_ADDRS)
		return FH_EINVAL;
	fh_wire_put_plain(&txn->buffer, FH_KIND_REMOTE_PORT, &r, sizeof r);
	return done(txn);
}

EXPORT int fh_txn_remove(fh_txn *txn, uint32_t kind, const struct fh_id *id)
{
	if (!txn || !id || kind < FH_KIND_SEGMENT || kind > FH_WIRE_LAST_KIND)
		return FH_EINVAL;
	fh_wire_remove(&txn->buffer, (uint16_t)kind, id);
	return done(txn);
}

EXPORT int fh_txn_replace_all(fh_txn *txn)
{
	if (!txn)
		return FH_EINVAL;
	fh_wire_flag(&txn->buffer, FH_WIRE_TXN_REPLACE_ALL);
	return done(txn);
}

EXPORT int fh_txn_mark(fh_txn *txn, const struct fh_id *epoch, uint64_t revision)
{
	if (!txn || !epoch)
		return FH_EINVAL;
	fh_wire_mark(&txn->buffer, epoch, revision);
	return done(txn);
}

int fh_txn_send(fh_ctl *ctl, const fh_txn *txn, uint16_t type, uint32_t timeout_ms, uint64_t *cuts, struct fh_commit_result *out)
{
	const void *reply;
	size_t len;
	if (txn->buffer.failed)
		return FH_ENOMEM;
	int rc = fh_call(ctl, timeout_ms, type, txn->buffer.p, txn->buffer.len, &reply, &len);
	if (cuts && len >= sizeof *cuts) {
		memcpy(cuts, reply, sizeof *cuts);
		reply = (const uint8_t *)reply + sizeof *cuts;
		len -= sizeof *cuts;
	}
	if (out && out->struct_size >= offsetof(struct fh_commit_result, message)) {
		struct fh_commit_result r = { 0 };
		if (reply)
			memcpy(&r, reply, len < sizeof r ? len : sizeof r);
		r.message[sizeof r.message - 1] = 0;
		if (!r.message[0] && rc != FH_OK)
			strncpy(r.message, fh_strerror(rc), sizeof r.message - 1);
		r.result = rc;
		fh_copy_out(out, out->struct_size, &r, sizeof r);
	}
	return rc;
}

EXPORT int fh_ctl_commit(fh_ctl *ctl, const fh_txn *txn, uint32_t timeout_ms, struct fh_commit_result *out)
{
	return ctl && txn ? fh_txn_send(ctl, txn, FH_WIRE_COMMIT, timeout_ms, NULL, out) : FH_EINVAL;
}
