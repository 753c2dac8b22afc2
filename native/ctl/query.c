/* Questions to the dataplane: what it is, which objects it holds, how ports and rules fare. */
#include <stdbool.h>
#include <string.h>

#include "connection.h"
#include "paging.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int fh_ctl_info(fh_ctl *ctl, uint32_t timeout_ms, struct fh_info *out)
{
	const void *reply;
	size_t len;
	if (!ctl || !out || out->struct_size < offsetof(struct fh_info, started_ns))
		return FH_EINVAL;
	int rc = fh_call(ctl, timeout_ms, FH_WIRE_INFO, NULL, 0, &reply, &len);
	if (rc == FH_OK)
		fh_copy_out(out, out->struct_size, reply, len);
	return rc;
}

int fh_page_out(const void *reply, size_t len, uint64_t *cursor, void *out, uint32_t stride, bool sized, uint32_t capacity, uint32_t *count)
{
	struct fh_wire_page p;
	if (len < sizeof p)
		return FH_EPROTO;
	memcpy(&p, reply, sizeof p);
	if (p.count > capacity || (p.count && (p.element_size == 0 || (len - sizeof p) / p.element_size < p.count)))
		return FH_EPROTO;
	const uint8_t *in = (const uint8_t *)reply + sizeof p;
	for (uint32_t i = 0; i < p.count; i++) {
		uint8_t *to = (uint8_t *)out + (size_t)i * stride;
		const uint8_t *from = in + (size_t)i * p.element_size;
		if (sized) {
			fh_copy_out(to, stride, from, p.element_size);
		} else {
			memset(to, 0, stride);
			memcpy(to, from, p.element_size < stride ? p.element_size : stride);
		}
	}
	*cursor = p.cursor;
	*count = p.count;
	return FH_OK;
}

int fh_port_page(fh_ctl *ctl, uint32_t timeout_ms, uint16_t type, const struct fh_id *port, uint64_t since_ns, uint64_t *cursor,
		 void *out, uint32_t stride, bool sized, uint32_t capacity, uint32_t *count)
{
	const void *reply;
	size_t len;
	struct fh_wire_port_page request = { .page = { .cursor = *cursor, .count = capacity, .element_size = stride }, .since_ns = since_ns };
	*count = 0;
	if (port)
		request.port = *port;
	int rc = fh_call(ctl, timeout_ms, type, &request, port ? sizeof request : sizeof request.page, &reply, &len);
	return rc == FH_OK ? fh_page_out(reply, len, cursor, out, stride, sized, capacity, count) : rc;
}

static int page(fh_ctl *ctl, uint32_t timeout_ms, uint16_t type, uint64_t *cursor, void *out, uint32_t stride, bool sized,
		uint32_t capacity, uint32_t *count)
{
	return fh_port_page(ctl, timeout_ms, type, NULL, 0, cursor, out, stride, sized, capacity, count);
}

EXPORT int fh_ctl_objects(fh_ctl *ctl, uint32_t timeout_ms, uint64_t *cursor, struct fh_object_ref *out, uint32_t capacity,
			  uint32_t *count)
{
	if (!ctl || !cursor || !out || !capacity || !count)
		return FH_EINVAL;
	return page(ctl, timeout_ms, FH_WIRE_OBJECTS, cursor, out, sizeof *out, false, capacity, count);
}

EXPORT int fh_ctl_ports(fh_ctl *ctl, uint32_t timeout_ms, uint64_t *cursor, struct fh_port_status *out, uint32_t capacity,
			uint32_t *count)
{
	if (!ctl || !cursor || !out || !capacity || !count || out[0].struct_size < offsetof(struct fh_port_status, rx_packets))
		return FH_EINVAL;
	return page(ctl, timeout_ms, FH_WIRE_PORTS, cursor, out, out[0].struct_size, true, capacity, count);
}

EXPORT int fh_ctl_uplinks(fh_ctl *ctl, uint32_t timeout_ms, uint64_t *cursor, struct fh_uplink_status *out, uint32_t capacity,
			  uint32_t *count)
{
	if (!ctl || !cursor || !out || !capacity || !count || out[0].struct_size < sizeof(struct fh_uplink_status))
		return FH_EINVAL;
	return page(ctl, timeout_ms, FH_WIRE_UPLINKS, cursor, out, out[0].struct_size, true, capacity, count);
}

EXPORT int fh_ctl_rule_hits(fh_ctl *ctl, uint32_t timeout_ms, uint64_t *cursor, struct fh_rule_hit *out, uint32_t capacity,
			    uint32_t *count)
{
	if (!ctl || !cursor || !out || !capacity || !count)
		return FH_EINVAL;
	return page(ctl, timeout_ms, FH_WIRE_RULE_HITS, cursor, out, sizeof *out, false, capacity, count);
}
