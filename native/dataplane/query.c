#include "query.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "inside.h"
#include "model.h"
#include "port.h"
#include "traffic.h"
#include "uplink.h"

static int serve_info(struct request *r)
{
	struct fh_info info = {
		.struct_size = sizeof info,
		.api_version = FH_CTL_API_VERSION,
		.epoch = dp.epoch,
		.revision = model.revision,
		.revision_epoch = model.mark_epoch,
		.started_ns = dp.started_ns,
		.pid = (uint32_t)getpid(),
		.workers = dp.n_workers,
		.n_segments = model.tables[FH_KIND_SEGMENT].n,
		.n_sets = model.tables[FH_KIND_SET].n,
		.n_groups = model.tables[FH_KIND_GROUP].n,
		.n_ports = model.tables[FH_KIND_PORT].n,
		.n_routers = model.tables[FH_KIND_ROUTER].n,
		.n_uplinks = model.tables[FH_KIND_UPLINK].n,
		.n_remotes = model.tables[FH_KIND_REMOTE_PORT].n,
	};
	snprintf(info.version, sizeof info.version, "%s", FH_VERSION);
	return answer_with(r, &info, sizeof info);
}

static int serve_commit(struct request *r)
{
	struct fh_commit_result result;
	int rc = model_commit(r->payload, r->len, true, &result);
	memcpy(r->out, &result, sizeof result);
	*r->out_len = sizeof result;
	return rc;
}

static int serve_objects(struct request *r)
{
	struct page p;
	if (!page_begin(r, &p, sizeof(struct fh_object_ref)))
		return FH_EINVAL;
	/* The cursor: kind and slot to go on with. */
	uint32_t kind = (uint32_t)(p.head.cursor >> 32), slot = (uint32_t)p.head.cursor;
	for (kind = kind ? kind : FH_KIND_SEGMENT; kind <= FH_WIRE_LAST_KIND; kind++, slot = 0) {
		const struct table *t = &model.tables[kind];
		for (; slot < t->n_slots; slot++) {
			const struct object *o = t->slots[slot];
			if (!o)
				continue;
			if (p.head.count == p.room)
				return page_end(r, &p, (uint64_t)kind << 32 | slot);
			page_add(&p, &(struct fh_object_ref){ .id = o->id, .generation = o->generation, .kind = kind });
		}
	}
	return page_end(r, &p, 0);
}

static void port_status(const struct m_port *o, struct fh_port_status *s)
{
	const struct port *port = o->port;
	const struct port_view *v = dp.world->ports[port->slot];
	struct traffic_counters traffic;
	struct fh_ct_stats ct;
	*s = (struct fh_port_status){
		.struct_size = sizeof *s,
		.state = port_state(port),
		.id = o->o.id,
		.generation = o->o.generation,
		.incarnation = port->incarnation,
		.policy_generation = v ? v->generation : 0,
		.connection_quota = o->spec.connection_quota,
	};
	fh_ct_stats(port->ct, &ct);
	s->connections = ct.live;
	s->flows_lost = ct.flows_lost;
	s->traffic_epoch = traffic_read(port, &traffic);
	memcpy(s->from_guest, traffic.from_guest, sizeof s->from_guest);
	memcpy(s->to_guest, traffic.to_guest, sizeof s->to_guest);
	s->workers = port_workers(port);
	s->front_end_pid = s->state == FH_PORT_CONNECTING ? 0 : fh_load(&port->front_end_pid);
	for (unsigned w = 0; w < dp.n_workers; w++) {
		const struct port_counters *c = &port->counters[w];
		s->rx_packets += fh_load(&c->rx_packets);
		s->rx_bytes += fh_load(&c->rx_bytes);
		s->tx_packets += fh_load(&c->tx_packets);
		s->tx_bytes += fh_load(&c->tx_bytes);
		for (unsigned d = 0; d < FH_DROP_REASON_COUNT; d++)
			s->drops[d] += fh_load(&c->drops[d]);
	}
}

static int serve_ports(struct request *r)
{
	struct page p;
	const struct table *t = &model.tables[FH_KIND_PORT];
	struct fh_port_status s;
	if (!page_begin(r, &p, sizeof s))
		return FH_EINVAL;
	for (uint64_t slot = p.head.cursor; slot < t->n_slots; slot++) {
		if (!t->slots[slot])
			continue;
		if (p.head.count == p.room)
			return page_end(r, &p, slot);
		port_status((const struct m_port *)t->slots[slot], &s);
		page_add(&p, &s);
	}
	return page_end(r, &p, 0);
}

static void uplink_status(const struct uplink *u, struct fh_uplink_status *s)
{
	const struct table *t = &model.tables[FH_KIND_UPLINK];
	*s = (struct fh_uplink_status){ .struct_size = sizeof *s, .mtu = u->mtu };
	memcpy(s->device, u->device, sizeof s->device);
	memcpy(s->note, u->note, sizeof s->note);
	snprintf(s->driver, sizeof s->driver, "%s", u->driver->name);
	for (uint32_t i = 0; i < t->n_slots; i++) {
		const struct m_uplink *o = (const struct m_uplink *)t->slots[i];
		if (!o || o->device != u)
			continue;
		s->id = o->o.id;
		s->generation = o->o.generation;
		memcpy(s->mac, u->filter.mac, sizeof s->mac);
	}
	for (const struct link *l = u->links; l; l = l->next) {
		uint32_t entries, resolved;
		neigh_count(l->neighbours, &entries, &resolved);
		s->neighbours += entries;
		s->neighbours_resolved += resolved;
	}
	for (unsigned w = 0; w < u->n_queues; w++) {
		const struct uplink_counters *c = &u->queues[w].counters;
		s->rx_packets += fh_load(&c->rx_packets);
		s->rx_bytes += fh_load(&c->rx_bytes);
		s->tx_packets += fh_load(&c->tx_packets);
		s->tx_bytes += fh_load(&c->tx_bytes);
		for (unsigned d = 0; d < FH_DROP_REASON_COUNT; d++)
			s->drops[d] += fh_load(&c->drops[d]);
	}
}

static int serve_uplinks(struct request *r)
{
	struct page p;
	struct fh_uplink_status s;
	if (!page_begin(r, &p, sizeof s))
		return FH_EINVAL;
	for (uint64_t i = p.head.cursor; i < dp.n_uplinks; i++) {
		if (p.head.count == p.room)
			return page_end(r, &p, i);
		uplink_status(dp.uplinks[i], &s);
		page_add(&p, &s);
	}
	return page_end(r, &p, 0);
}

/* The sum over all tables is made at the first page and kept for the following ones. */
static struct {
	struct fh_pol_counters *live;
	uint32_t n;
} hits;

static bool gather_hits(void)
{
	const struct table *t = &model.tables[FH_KIND_PORT];
	free(hits.live);
	hits.n = fh_pol_slots(dp.rules);
	hits.live = calloc(hits.n + 1u, sizeof hits.live[0]);
	if (!hits.live) {
		hits.n = 0;
		return false;
	}
	for (uint32_t i = 0; i < t->n_slots; i++)
		if (t->slots[i])
			fh_ct_rule_live(((const struct m_port *)t->slots[i])->port->ct, hits.live, hits.n);
	return true;
}

static int serve_rule_hits(struct request *r)
{
	struct page p;
	if (!page_begin(r, &p, sizeof(struct fh_rule_hit)))
		return FH_EINVAL;
	if (p.head.cursor == 0 && !gather_hits())
		return FH_ENOMEM;
	for (uint64_t slot = p.head.cursor; slot < hits.n; slot++) {
		struct fh_rule_hit h = { 0 };
		struct fh_pol_counters c;
		if (!fh_pol_slot_id(dp.rules, (uint32_t)slot, &h.rule))
			continue;
		if (p.head.count == p.room)
			return page_end(r, &p, slot);
		fh_pol_slot_read(dp.rules, (uint32_t)slot, &c);
		c.packets += hits.live[slot].packets;
		c.bytes += hits.live[slot].bytes;
		fh_pol_slot_monotonic(dp.rules, (uint32_t)slot, &c);
		h.connections = c.connections;
		h.packets = c.packets;
		h.bytes = c.bytes;
		h.last_hit_ns = c.last_hit_ns;
		page_add(&p, &h);
	}
	return page_end(r, &p, 0);
}

int query_serve(uint16_t type, const void *payload, size_t len, uint8_t *out, size_t capacity, size_t *out_len)
{
	struct request r = { payload, len, out, capacity, out_len };
	*out_len = 0;
	switch (type) {
	case FH_WIRE_INFO:
		return serve_info(&r);
	case FH_WIRE_COMMIT:
		return serve_commit(&r);
	case FH_WIRE_OBJECTS:
		return serve_objects(&r);
	case FH_WIRE_PORTS:
		return serve_ports(&r);
	case FH_WIRE_UPLINKS:
		return serve_uplinks(&r);
	case FH_WIRE_RULE_HITS:
		return serve_rule_hits(&r);
	case FH_WIRE_CONNECTIONS:
		return serve_connections(&r);
	case FH_WIRE_KILL:
		return serve_kill(&r);
	case FH_WIRE_TEST_PACKET:
		return serve_test_packet(&r);
	case FH_WIRE_DROP_EVENTS:
		return serve_drop_events(&r);
	case FH_WIRE_FLOWS:
		return serve_flows(&r);
	case FH_WIRE_PREVIEW:
		return serve_preview(&r);
	case FH_WIRE_EXPORT:
		return serve_export(&r);
	case FH_WIRE_IMPORT:
		return serve_import(&r);
	case FH_WIRE_PIN_WORKER:
		return serve_pin_worker(&r);
	default:
		return FH_EPROTO;
	}
}
