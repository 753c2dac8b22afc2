/*
 * The promises of the ABI: sizes and offsets of version 1 stay, structures grow at the end only, older callers with smaller
 * structures are understood, malformed wire bytes are refused.
 */
#include "freehold/ctl.h"
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                 \
	do {                                                                             \
		if (!(condition)) {                                                      \
			fprintf(stderr, "%s:%d: %s failed\n", __FILE__, __LINE__, #condition); \
			exit(1);                                                         \
		}                                                                        \
	} while (0)

/* What a caller that was compiled against version 1 believes. A line here is never changed, only added. */
static const struct {
	const char *structure, *field;
	uint32_t offset, size;
} version1[] = {
	{ "fh_id", NULL, 0, 16 },
	{ "fh_addr", NULL, 0, 20 },
	{ "fh_addr", "b", 4, 16 },
	{ "fh_subnet", NULL, 0, 128 },
	{ "fh_segment", "vni", 4, 4 },
	{ "fh_segment", "subnets", 48, 1024 },
	{ "fh_rule", NULL, 0, 88 },
	{ "fh_rule", "protocol", 20, 2 },
	{ "fh_rule", "prefix", 32, 20 },
	{ "fh_rule", "set", 52, 16 },
	{ "fh_rule", "valid_until", 80, 8 },
	{ "fh_group", "rules", 40, 8 },
	{ "fh_group", "tenant", 48, 16 },
	{ "fh_set", "members", 32, 8 },
	{ "fh_port", "socket_path", 56, 108 },
	{ "fh_port", "mac", 228, 6 },
	{ "fh_port", "addrs", 252, 640 },
	{ "fh_port", "groups", 892, 1024 },
	{ "fh_port", "tenant", 1916, 16 },
	{ "fh_commit_result", "enforced_ns", 16, 8 },
	{ "fh_commit_result", "message", 48, 256 },
	{ "fh_info", "started_ns", 40, 8 },
	{ "fh_port_status", "drops", 96, 256 },
	{ "fh_object_ref", NULL, 0, 32 },
	{ "fh_rule_hit", NULL, 0, 48 },
	/* since then */
	{ "fh_segment", "tenant", 1072, 16 },
	{ "fh_info", "n_routers", 136, 4 },
	{ "fh_route", NULL, 0, 40 },
	{ "fh_router", "tenant", 32, 16 },
	{ "fh_router", "segments", 56, 512 },
	{ "fh_router", "routes", 568, 2560 },
	{ "fh_router", "external", 3128, 16 },
	{ "fh_segment", "uplink", 1088, 16 },
	{ "fh_segment", "transport", 1104, 2 },
	{ "fh_segment", "flags", 1110, 2 },
	{ "fh_port", "n_public", 1932, 4 },
	{ "fh_port", "public_", 1940, 384 },
	{ "fh_public", NULL, 0, 48 },
	{ "fh_uplink", "address", 56, 20 },
	{ "fh_uplink", "mac", 96, 6 },
	{ "fh_remote_port", "tunnel", 72, 20 },
	{ "fh_remote_port", "addrs", 96, 640 },
	{ "fh_uplink_status", "drops", 240, 256 },
	{ "fh_port_status", "traffic_epoch", 360, 8 },
	{ "fh_port_status", "from_guest", 368, 64 },
	{ "fh_port_status", "to_guest", 432, 64 },
	{ "fh_flow_record", NULL, 0, 144 },
	{ "fh_flow_record", "sequence", 8, 8 },
	{ "fh_flow_record", "src", 48, 16 },
	{ "fh_flow_record", "start_ns", 96, 8 },
	{ "fh_flow_record", "bytes", 128, 16 },
	{ "fh_flow_stream", "epoch", 8, 8 },
};

static const struct fh_layout_entry *layout_of(const char *structure, const char *field)
{
	uint32_t n;
	const struct fh_layout_entry *all = fh_ctl_layout(&n);
	for (uint32_t i = 0; i < n; i++)
		if (strcmp(all[i].structure, structure) == 0 &&
		    (field ? all[i].field && strcmp(all[i].field, field) == 0 : all[i].field == NULL))
			return &all[i];
	fprintf(stderr, "%s.%s is not in the layout table\n", structure, field ? field : "");
	exit(1);
}

static void test_layout(void)
{
	for (size_t i = 0; i < sizeof version1 / sizeof version1[0]; i++) {
		const struct fh_layout_entry *e = layout_of(version1[i].structure, version1[i].field);
		if (e->offset != version1[i].offset || e->size != version1[i].size) {
			fprintf(stderr, "%s.%s: offset %u size %u, version 1 has %u and %u\n", e->structure, e->field ? e->field : "", e->offset,
				e->size, version1[i].offset, version1[i].size);
			exit(1);
		}
	}
}

static void test_old_and_new_sizes(void)
{
	static union {
		struct fh_port port;
		uint8_t bytes[4096];
	} u;
	struct fh_port *p = &u.port;
	fh_txn *t = fh_txn_new();
	CHECK(t);
	memset(&u, 0xa5, sizeof u);
	memset(p, 0, sizeof *p);
	p->struct_size = offsetof(struct fh_port, tenant); /* before tenants */
	CHECK(fh_txn_put_port(t, p) == FH_OK);
	p->struct_size = sizeof u; /* from the future */
	CHECK(fh_txn_put_port(t, p) == FH_OK);
	p->struct_size = 8;
	CHECK(fh_txn_put_port(t, p) == FH_EINVAL);
	p->struct_size = sizeof *p;
	p->n_addrs = FH_MAX_PORT_ADDRS + 1;
	CHECK(fh_txn_put_port(t, p) == FH_EINVAL);
	CHECK(fh_txn_put_port(t, NULL) == FH_EINVAL && fh_txn_put_port(NULL, p) == FH_EINVAL);
	struct fh_segment s = { .struct_size = offsetof(struct fh_segment, tenant) }; /* before segments had tenants */
	CHECK(fh_txn_put_segment(t, &s) == FH_OK);
	struct fh_router r = { .struct_size = sizeof r, .n_segments = FH_MAX_ROUTER_SEGMENTS + 1 };
	CHECK(fh_txn_put_router(t, &r) == FH_EINVAL);
	fh_txn_free(t);
}

/* Rules of a longer structure than ours are read at their own stride. */
static void test_rule_stride(void)
{
	struct {
		struct fh_rule rule;
		uint64_t future;
	} rules[3];
	struct fh_group g = { .struct_size = sizeof g, .n_rules = 3, .rule_size = sizeof rules[0], .rules = &rules[0].rule };
	struct fh_buffer b = { 0 };
	struct fh_wire_reader r;
	struct fh_wire_item item;
	struct fh_wire_txn head;
	struct fh_wire_group w;
	memset(rules, 0, sizeof rules);
	for (unsigned i = 0; i < 3; i++)
		rules[i].rule.id.b[0] = (uint8_t)(i + 1);
	CHECK(fh_wire_begin(&b) && fh_wire_put_group(&b, &g));
	CHECK(fh_wire_read_txn(&r, b.p, b.len, &head) && head.n_records == 1 && fh_wire_next(&r, &item) == 1);
	CHECK(fh_wire_fixed(&item, &w, sizeof w, sizeof w) && w.rule_size == sizeof rules[0]);
	const uint8_t *at = fh_wire_array(&item, sizeof w, w.n_rules, w.rule_size);
	CHECK(at && at[0] == 1 && at[w.rule_size] == 2 && at[2 * w.rule_size] == 3);
	CHECK(fh_wire_array(&item, sizeof w, 4, w.rule_size) == NULL && fh_wire_array(&item, item.len + 1, 0, 1) == NULL);
	CHECK(fh_wire_array(&item, 0, SIZE_MAX / 2, 16) == NULL);
	CHECK(fh_wire_next(&r, &item) == 0);
	fh_buffer_free(&b);
}

/* Each truncation and each flipped byte is either refused or read within bounds (run under ASan). */
static void test_malformed(void)
{
	struct fh_id id = { { 1 } };
	struct fh_addr members[3] = { { .family = 4, .prefix_len = 32 } };
	struct fh_set set = { .struct_size = sizeof set, .n_members = 3, .members = members };
	struct fh_buffer b = { 0 };
	unsigned whole = 0;
	CHECK(fh_wire_begin(&b) && fh_wire_put_set(&b, &set) && fh_wire_remove(&b, FH_KIND_SET, &id));
	for (size_t len = 0; len <= b.len; len++) {
		for (size_t flip = 0; flip <= len; flip++) {
			struct fh_wire_reader r;
			struct fh_wire_item item;
			struct fh_wire_txn head;
			int more = -1;
			uint8_t *copy = malloc(len + 1);
			CHECK(copy);
			memcpy(copy, b.p, len);
			if (flip < len)
				copy[flip] ^= 0xff;
			if (fh_wire_read_txn(&r, copy, len, &head)) {
				while ((more = fh_wire_next(&r, &item)) == 1) {
					struct fh_wire_set w;
					if (fh_wire_fixed(&item, &w, sizeof w, sizeof w)) {
						const uint8_t *m = fh_wire_array(&item, sizeof w, w.n_members, sizeof members[0]);
						whole += m && w.n_members ? m[w.n_members * sizeof members[0] - 1] == 0 : 0;
					}
				}
			}
			CHECK(len == b.len || more != 0);
			free(copy);
		}
	}
	CHECK(whole > 0);
	fh_buffer_free(&b);
}

static void test_no_dataplane(void)
{
	fh_ctl *ctl = NULL;
	char long_path[300];
	memset(long_path, 'x', sizeof long_path);
	long_path[sizeof long_path - 1] = 0;
	CHECK(fh_ctl_open("/nonexistent/freehold", 100, &ctl) == FH_ECONNECT && ctl == NULL);
	CHECK(fh_ctl_open(long_path, 100, &ctl) == FH_EINVAL);
	CHECK(fh_ctl_open(NULL, 100, &ctl) == FH_EINVAL);
	fh_ctl_close(NULL);
	fh_txn_free(NULL);
}

static void test_texts(void)
{
	for (int r = 0; r >= -12; r--)
		CHECK(strcmp(fh_strerror(r), fh_strerror(-99)) != 0);
	for (uint32_t i = 0; i <= FH_REASON_GUEST_RING; i++)
		CHECK(fh_drop_reason_name(i) && fh_drop_reason_text(i));
	CHECK(fh_drop_reason_name(FH_REASON_GUEST_RING + 1) == NULL && fh_drop_reason_text(UINT32_MAX) == NULL);
	CHECK(fh_ctl_api_version() == FH_CTL_API_VERSION);
}

int main(void)
{
	test_layout();
	test_old_and_new_sizes();
	test_rule_stride();
	test_malformed();
	test_no_dataplane();
	test_texts();
	return 0;
}
