#include "inside.h"

#include <sched.h>

#include "events.h"
#include "flows.h"
#include "model.h"
#include "port.h"

static struct m_port *port_of(const struct fh_id *id)
{
	return (struct m_port *)table_find(&model.tables[FH_KIND_PORT], id);
}

/* Return: the port that a paged request names, or NULL with *rc set. */
static struct m_port *begin(struct request *r, struct page *p, size_t element_size, struct fh_wire_port_page *request, int *rc)
{
	*rc = FH_EINVAL;
	if (!page_begin_of(r, p, element_size, sizeof *request))
		return NULL;
	memcpy(request, r->payload, sizeof *request);
	*rc = FH_ENOENT;
	return port_of(&request->port);
}

int serve_connections(struct request *r)
{
	struct page p;
	struct fh_wire_port_page request;
	struct fh_ct_info info;
	int rc;
	struct m_port *port = begin(r, &p, sizeof(struct fh_connection), &request, &rc);
	if (!port)
		return rc;
	uint32_t cursor = (uint32_t)request.page.cursor;
	uint64_t now = dp_boot_ns();
	while (p.head.count < p.room) {
		if (!fh_ct_next(port->port->ct, now, &cursor, &info))
			return page_end(r, &p, 0);
		struct fh_connection c = {
			.struct_size = sizeof c, .state = info.state, .family = info.v6 ? 6 : 4, .protocol = info.proto,
			.direction = info.direction, .reply_seen = info.reply_seen, .src_port = info.src_port, .dst_port = info.dst_port,
			.packets = { info.packets[0], info.packets[1] }, .bytes = { info.bytes[0], info.bytes[1] },
			.age_ns = info.age_ns, .expires_in_ns = info.idle_left_ns, .handle = info.entry,
		};
		memcpy(c.src, info.src, sizeof c.src);
		memcpy(c.dst, info.dst, sizeof c.dst);
		if (info.slot != FH_SLOT_NONE)
			fh_pol_slot_id(dp.rules, info.slot, &c.rule);
		page_add(&p, &c);
	}
	return page_end(r, &p, cursor);
}

static bool kill_one(struct fh_ct *ct, const struct fh_connection *which)
{
	struct fh_ct_info info;
	uint32_t cursor = which->handle;
	uint64_t now = dp_boot_ns();
	/* The cursor is the entry to look at next: only the very connection that was named is killed. */
	if (!fh_ct_next(ct, now, &cursor, &info) || info.entry != which->handle || info.proto != which->protocol ||
	    memcmp(info.src, which->src, sizeof info.src) != 0 || memcmp(info.dst, which->dst, sizeof info.dst) != 0 ||
	    info.src_port != which->src_port || info.dst_port != which->dst_port)
		return false;
	return fh_ct_kill(ct, dp_control_id(), &info, now);
}

int serve_kill(struct request *r)
{
	struct fh_wire_kill request;
	if (r->len != sizeof request)
		return FH_EINVAL;
	memcpy(&request, r->payload, sizeof request);
	struct m_port *port = port_of(&request.port);
	if (!port)
		return FH_ENOENT;
	uint32_t killed = request.all ? fh_ct_flush(port->port->ct, dp_control_id(), dp_boot_ns()) : kill_one(port->port->ct, &request.which);
	return answer_with(r, &killed, sizeof killed);
}

int serve_test_packet(struct request *r)
{
	struct fh_wire_test request;
	struct fh_pkt pkt;
	if (r->len != sizeof request)
		return FH_EINVAL;
	memcpy(&request, r->payload, sizeof request);
	const struct fh_packet *p = &request.packet;
	struct m_port *port = port_of(&request.port);
	if (!port)
		return FH_ENOENT;
	if ((p->family != 4 && p->family != 6) || p->direction > FH_EGRESS)
		return FH_EINVAL;
	fh_pkt_from_tuple(&pkt, p->family == 6, p->protocol, p->src, p->dst, p->src_port, p->dst_port);
	pkt.tcp_flags = p->tcp_flags;
	const struct port_view *v = dp.world->ports[port->port->slot];
	struct fh_ct_verdict verdict = fh_ct_test(port->port->ct, v->policy, (enum fh_direction)p->direction, dp_boot_ns(), &pkt);
	struct fh_packet_verdict out = {
		.struct_size = sizeof out, .action = verdict.action == FH_CT_PASS ? FH_ALLOW : FH_DROP, .reason = verdict.reason,
		.class_ = verdict.class_,
	};
	if (verdict.slot != FH_SLOT_NONE)
		fh_pol_slot_id(dp.rules, verdict.slot, &out.rule);
	return answer_with(r, &out, sizeof out);
}

int serve_drop_events(struct request *r)
{
	struct page p;
	static struct fh_drop_event events[FH_WIRE_MAX_REPLY / sizeof(struct fh_drop_event)];
	if (!page_begin(r, &p, sizeof events[0]))
		return FH_EINVAL;
	uint64_t cursor = p.head.cursor;
	uint32_t n = events_read(&cursor, events, p.room);
	for (uint32_t i = 0; i < n; i++)
		page_add(&p, &events[i]);
	return page_end(r, &p, cursor);
}

int serve_flows(struct request *r)
{
	struct fh_wire_flows request;
	struct page p;
	static struct fh_flow_record records[FH_WIRE_MAX_REPLY / sizeof(struct fh_flow_record)];
	struct fh_flow_stream stream;
	/* The page stands behind the stream. */
	struct request rest = *r;
	if (r->len != sizeof request || r->capacity < sizeof stream)
		return FH_EINVAL;
	rest.out += sizeof stream;
	rest.capacity -= sizeof stream;
	if (!page_begin_of(&rest, &p, sizeof records[0], sizeof request))
		return FH_EINVAL;
	memcpy(&request, r->payload, sizeof request);
	uint32_t n = flows_read(request.epoch, request.taken, &stream, records, p.room);
	for (uint32_t i = 0; i < n; i++)
		page_add(&p, &records[i]);
	memcpy(r->out, &stream, sizeof stream);
	int rc = page_end(&rest, &p, 0);
	*r->out_len += sizeof stream;
	return rc;
}

int serve_preview(struct request *r)
{
	struct fh_commit_result result;
	uint64_t cuts;
	int rc = model_preview(r->payload, r->len, &cuts, &result);
	memcpy(r->out, &cuts, sizeof cuts);
	memcpy(r->out + sizeof cuts, &result, sizeof result);
	*r->out_len = sizeof cuts + sizeof result;
	return rc;
}

int serve_export(struct request *r)
{
	struct page p;
	struct fh_wire_port_page request;
	int rc;
	struct m_port *port = begin(r, &p, 1, &request, &rc);
	if (!port)
		return rc;
	uint32_t cursor = (uint32_t)request.page.cursor;
	uint64_t boot = dp_boot_ns(), offset = dp_unix_ns() - boot;
	uint64_t since = request.since_ns > offset ? request.since_ns - offset : 0;
	uint32_t n = fh_ct_export(port->port->ct, boot, since, &cursor, p.at, p.room);
	p.at += (size_t)n * FH_CT_RECORD_SIZE;
	p.head.count = n * FH_CT_RECORD_SIZE;
	return page_end(r, &p, cursor);
}

int serve_import(struct request *r)
{
	struct fh_id id;
	struct fh_wire_imported out = { 0 };
	if (r->len < sizeof id)
		return FH_EINVAL;
	memcpy(&id, r->payload, sizeof id);
	struct m_port *port = port_of(&id);
	if (!port)
		return FH_ENOENT;
	out.imported = fh_ct_import(port->port->ct, dp_control_id(), dp_boot_ns(), (const uint8_t *)r->payload + sizeof id, r->len - sizeof id,
				    &out.refused);
	return answer_with(r, &out, sizeof out);
}

int serve_pin_worker(struct request *r)
{
	struct fh_wire_pin pin;
	cpu_set_t set;
	if (r->len != sizeof pin)
		return FH_EINVAL;
	memcpy(&pin, r->payload, sizeof pin);
	if (pin.worker >= dp.n_workers || (pin.core != UINT32_MAX && pin.core >= CPU_SETSIZE))
		return FH_EINVAL;
	CPU_ZERO(&set);
	if (pin.core != UINT32_MAX)
		CPU_SET(pin.core, &set);
	else
		set = dp.all_cores;
	if (pthread_setaffinity_np(dp.workers[pin.worker].thread, sizeof set, &set) != 0)
		return FH_EINVAL;
	dp.workers[pin.worker].core = pin.core == UINT32_MAX ? -1 : (int)pin.core;
	return FH_OK;
}
