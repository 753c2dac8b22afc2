/* Seeing inside: connections, the packet tester, drop events, previews, state transfer, pinning. */
#include <stdbool.h>
#include <string.h>

#include "connection.h"
#include "paging.h"
#include "txn.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int fh_ctl_connections(fh_ctl *ctl, uint32_t timeout_ms, const struct fh_id *port, uint64_t *cursor, struct fh_connection *out,
			      uint32_t capacity, uint32_t *count)
{
	if (!ctl || !port || !cursor || !out || !capacity || !count || out[0].struct_size < sizeof(struct fh_connection))
		return FH_EINVAL;
	return fh_port_page(ctl, timeout_ms, FH_WIRE_CONNECTIONS, port, 0, cursor, out, out[0].struct_size, true, capacity, count);
}

EXPORT int fh_ctl_kill(fh_ctl *ctl, uint32_t timeout_ms, const struct fh_id *port, const struct fh_connection *which, uint32_t *killed)
{
	struct fh_wire_kill request = { .all = which == NULL };
	const void *reply;
	size_t len;
	if (!ctl || !port || !killed || (which && which->struct_size < sizeof *which))
		return FH_EINVAL;
	*killed = 0;
	request.port = *port;
	if (which)
		request.which = *which;
	int rc = fh_call(ctl, timeout_ms, FH_WIRE_KILL, &request, sizeof request, &reply, &len);
	if (rc == FH_OK && len < sizeof *killed)
		return FH_EPROTO;
	if (rc == FH_OK)
		memcpy(killed, reply, sizeof *killed);
	return rc;
}

EXPORT int fh_ctl_test_packet(fh_ctl *ctl, uint32_t timeout_ms, const struct fh_id *port, const struct fh_packet *packet,
			      struct fh_packet_verdict *out)
{
	struct fh_wire_test request;
	const void *reply;
	size_t len;
	if (!ctl || !port || !packet || packet->struct_size < sizeof *packet || !out || out->struct_size < sizeof *out)
		return FH_EINVAL;
	request.port = *port;
	request.packet = *packet;
	int rc = fh_call(ctl, timeout_ms, FH_WIRE_TEST_PACKET, &request, sizeof request, &reply, &len);
	if (rc == FH_OK)
		fh_copy_out(out, out->struct_size, reply, len);
	return rc;
}

EXPORT int fh_ctl_drop_events(fh_ctl *ctl, uint32_t timeout_ms, uint64_t *cursor, struct fh_drop_event *out, uint32_t capacity,
			      uint32_t *count)
{
	if (!ctl || !cursor || !out || !capacity || !count || out[0].struct_size < sizeof(struct fh_drop_event))
		return FH_EINVAL;
	return fh_port_page(ctl, timeout_ms, FH_WIRE_DROP_EVENTS, NULL, 0, cursor, out, out[0].struct_size, true, capacity, count);
}

EXPORT int fh_ctl_flows(fh_ctl *ctl, uint32_t timeout_ms, uint64_t epoch, uint64_t taken, struct fh_flow_stream *stream, struct fh_flow_record *out,
			uint32_t capacity, uint32_t *count)
{
	struct fh_wire_flows request = { .page = { .count = capacity }, .epoch = epoch, .taken = taken };
	const void *reply;
	size_t len;
	uint64_t cursor;
	if (!ctl || !stream || stream->struct_size < sizeof *stream || !out || !capacity || !count || out[0].struct_size < sizeof out[0])
		return FH_EINVAL;
	uint32_t stride = request.page.element_size = out[0].struct_size;
	*count = 0;
	int rc = fh_call(ctl, timeout_ms, FH_WIRE_FLOWS, &request, sizeof request, &reply, &len);
	if (rc != FH_OK)
		return rc;
	if (len < sizeof *stream)
		return FH_EPROTO;
	fh_copy_out(stream, stream->struct_size, reply, sizeof *stream);
	return fh_page_out((const uint8_t *)reply + sizeof *stream, len - sizeof *stream, &cursor, out, stride, true, capacity, count);
}

EXPORT int fh_ctl_preview(fh_ctl *ctl, const fh_txn *txn, uint32_t timeout_ms, uint64_t *cuts, struct fh_commit_result *out)
{
	if (!ctl || !txn || !cuts)
		return FH_EINVAL;
	*cuts = 0;
	return fh_txn_send(ctl, txn, FH_WIRE_PREVIEW, timeout_ms, cuts, out);
}

EXPORT int fh_ctl_export_connections(fh_ctl *ctl, uint32_t timeout_ms, const struct fh_id *port, uint64_t since_ns, uint64_t *cursor,
				     void *buf, uint32_t capacity, uint32_t *len)
{
	if (!ctl || !port || !cursor || !buf || capacity < 4096 || !len)
		return FH_EINVAL;
	return fh_port_page(ctl, timeout_ms, FH_WIRE_EXPORT, port, since_ns, cursor, buf, 1, false, capacity, len);
}

EXPORT int fh_ctl_import_connections(fh_ctl *ctl, uint32_t timeout_ms, const struct fh_id *port, const void *buf, uint32_t len,
				     uint32_t *imported, uint32_t *refused)
{
	struct fh_buffer request = { 0 };
	struct fh_wire_imported answer;
	const void *reply;
	size_t reply_len;
	if (!ctl || !port || (len && !buf) || !imported || !refused)
		return FH_EINVAL;
	*imported = *refused = 0;
	uint8_t *at = fh_buffer_add(&request, sizeof *port + len);
	if (!at)
		return FH_ENOMEM;
	memcpy(at, port, sizeof *port);
	if (len)
		memcpy(at + sizeof *port, buf, len);
	int rc = fh_call(ctl, timeout_ms, FH_WIRE_IMPORT, request.p, request.len, &reply, &reply_len);
	fh_buffer_free(&request);
	if (rc == FH_OK && reply_len < sizeof answer)
		return FH_EPROTO;
	if (rc == FH_OK) {
		memcpy(&answer, reply, sizeof answer);
		*imported = answer.imported;
		*refused = answer.refused;
	}
	return rc;
}

EXPORT int fh_ctl_pin_worker(fh_ctl *ctl, uint32_t timeout_ms, uint32_t worker, uint32_t core)
{
	struct fh_wire_pin request = { worker, core };
	const void *reply;
	size_t len;
	if (!ctl)
		return FH_EINVAL;
	return fh_call(ctl, timeout_ms, FH_WIRE_PIN_WORKER, &request, sizeof request, &reply, &len);
}
