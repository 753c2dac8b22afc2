/*
 * libFuzzer target of the control socket's requests: everything behind the socket is the real thing (decoding, validation, the model, the
 * questions), ports have tables but no devices, the journal is memory.
 *
 * An input is a list of requests: type, length (two bytes), payload. After each one the answer must fit, and after all of them the state,
 * written out as a transaction (the journal's snapshot), must be accepted by an empty model and read back the same.
 *
 * Random bytes seldom make a transaction: the corpus begins with one that has everything in it, and mutations keep to its records.
 */
#include "corpus.h"
#include "events.h"
#include "flows.h"
#include "journal.h"
#include "log.h"
#include "model.h"
#include "must.h"
#include "port.h"
#include "query.h"
#include "route.h"
#include "traffic.h"
#include "uplink.h"
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PORTS_MAX 64
#define QUOTA 1024u /* tables are this large, whatever is asked for: the inputs are small, and many */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct dp dp;

/* --- what the model stands on ------------------------------------------------------------------------------------------------ */
void dp_log(int priority, const char *format, ...)
{
	(void)priority;
	(void)format;
}

void dp_grace(void)
{
}

uint64_t dp_boot_ns(void)
{
	return 1000 * DP_NS_PER_S;
}

uint64_t dp_unix_ns(void)
{
	return 1700000000ull * DP_NS_PER_S;
}

int journal_append(const void *payload, size_t len)
{
	(void)payload;
	(void)len;
	return FH_OK;
}

void journal_compact_if_due(void)
{
}

uint32_t events_read(uint64_t *cursor, struct fh_drop_event *out, uint32_t capacity)
{
	(void)cursor;
	(void)out;
	(void)capacity;
	return 0;
}

uint32_t flows_read(uint64_t epoch, uint64_t taken, struct fh_flow_stream *stream, struct fh_flow_record *out, uint32_t capacity)
{
	(void)epoch;
	(void)taken;
	memset(stream, 0, sizeof *stream);
	memset(out, 0, capacity * sizeof *out);
	return capacity;
}

uint64_t traffic_read(const struct port *port, struct traffic_counters *out)
{
	(void)port;
	memset(out, 0, sizeof *out);
	return 1;
}

static struct port *ports[PORTS_MAX];

static bool open_table(struct port *p, const struct fh_port *spec)
{
	struct fh_ct_config cfg = { .capacity = QUOTA, .workers = 2, .rules = dp.rules, .hash = &dp.hash, .nic = spec->id, .incarnation = spec->incarnation };
	fh_ct_default_timeouts(&cfg.timeouts);
	p->ct_size = fh_ct_image_size(QUOTA);
	p->ct_mem = mmap(NULL, p->ct_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p->ct_mem != MAP_FAILED && fh_ct_open(p->ct_mem, p->ct_size, &cfg, dp_boot_ns(), &p->ct, NULL) == FH_OK;
}

int port_new(const struct fh_port *spec, struct port **out)
{
	for (uint32_t slot = 0; slot < PORTS_MAX; slot++) {
		if (ports[slot])
			continue;
		struct port *p = calloc(1, sizeof *p);
		MUST(p && open_table(p, spec));
		p->counters = calloc(2, sizeof p->counters[0]);
		MUST(p->counters);
		p->id = spec->id;
		p->incarnation = spec->incarnation;
		p->slot = slot;
		p->vid = -1;
		*out = ports[slot] = p;
		return FH_OK;
	}
	return FH_ELIMIT;
}

int port_prepare(struct port *port, const struct fh_port *spec)
{
	/* The two ways that the model must cope with. */
	(void)port;
	return spec->connection_quota % 7 == 0 ? FH_ENOMEM : FH_OK;
}

void port_adopt(struct port *port, const struct fh_port *spec)
{
	port->incarnation = spec->incarnation;
}

void port_abandon(struct port *port)
{
	(void)port;
}

void port_register(struct port *port)
{
	port->registered = true;
}

void port_unregister(struct port *port)
{
	port->registered = false;
}

void port_free(struct port *port, bool forget)
{
	(void)forget;
	ports[port->slot] = NULL;
	fh_ct_close(port->ct);
	munmap(port->ct_mem, port->ct_size);
	free(port->counters);
	free(port);
}

enum fh_port_state port_state(const struct port *port)
{
	return port->registered ? FH_PORT_CONNECTED : FH_PORT_CONNECTING;
}

uint32_t port_workers(const struct port *port)
{
	return port->registered;
}

/* One device, whose links are remembered. */
static const struct uplink_driver driver = { .name = "none" };
static struct uplink device = { .device = "up0", .mtu = 1500, .driver = &driver };
static struct link links[16];
static unsigned n_links;

const struct fh_route_mode route_vxlan = { .name = "vxlan", .overhead = 50 }, route_vlan = { .name = "vlan" }, route_qinq = { .name = "qinq" };

struct uplink *uplink_find(const char *name)
{
	return strcmp(name, device.device) == 0 ? &device : NULL;
}

struct link *uplink_link(struct uplink *u, uint32_t tags)
{
	for (unsigned i = 0; i < n_links; i++)
		if (links[i].tags == tags)
			return &links[i];
	if (n_links == sizeof links / sizeof links[0])
		return NULL; /* as without memory */
	links[n_links] = (struct link){ .uplink = u, .tags = tags };
	return &links[n_links++];
}

struct gateway6 *link_gateway6(struct link *l, const uint8_t addr[16])
{
	(void)addr;
	return &l->gateways6[0];
}

void neigh_count(const struct neighbours *n, uint32_t *entries, uint32_t *resolved)
{
	(void)n;
	*entries = *resolved = 0;
}

void uplinks_apply(void)
{
}

/* --- the corpus' beginning ------------------------------------------------------------------------------------------------------- */
static struct fh_id id_of(uint32_t kind, uint8_t n)
{
	return (struct fh_id){ .b = { (uint8_t)kind, [15] = n } };
}

static struct fh_addr address(uint8_t last, uint8_t len)
{
	return (struct fh_addr){ .family = 4, .prefix_len = len, .b = { 10, 0, 0, last } };
}

static bool everything(struct fh_buffer *b)
{
	struct fh_addr members[2] = { address(1, 32), address(0, 24) };
	struct fh_set set = { .struct_size = sizeof set, .id = id_of(FH_KIND_SET, 1), .generation = 1, .n_members = 2, .members = members };
	struct fh_wire_change change = { .id = set.id, .base = 1, .generation = 2, .n_add = 1, .n_remove = 1 };
	struct fh_rule rules[2] = {
		{ .id = id_of(9, 1), .protocol = 6, .port_min = 80, .port_max = 90, .remote = FH_REMOTE_PREFIX, .prefix = members[1] },
		{ .id = id_of(9, 2), .direction = FH_EGRESS, .protocol = FH_PROTO_ANY, .remote = FH_REMOTE_SET, .set = set.id, .valid_until = UINT64_MAX },
	};
	struct fh_group group = { .struct_size = sizeof group, .id = id_of(FH_KIND_GROUP, 1), .generation = 1, .n_rules = 2, .rules = rules };
	struct fh_segment segment = { .struct_size = sizeof segment, .vni = 7, .id = id_of(FH_KIND_SEGMENT, 1), .generation = 1, .mtu = 1500,
				      .gateway_mac = { 2, 1 }, .n_subnets = 1 };
	struct fh_port port = { .struct_size = sizeof port, .id = id_of(FH_KIND_PORT, 1), .segment = segment.id, .generation = 1, .incarnation = 1,
				.socket_path = "/run/p", .mac = { 2, 2 }, .queue_pairs = 1, .connection_quota = 4096, .n_addrs = 1, .n_groups = 1 };
	segment.subnets[0] = (struct fh_subnet){ .prefix = address(0, 24), .gateway = address(1, 32), .dhcp = 1 };
	port.addrs[0] = address(5, 32);
	port.groups[0] = group.id;
	struct fh_uplink uplink = { .struct_size = sizeof uplink, .id = id_of(FH_KIND_UPLINK, 1), .generation = 1, .device = "up0" };
	struct fh_segment outside = { .struct_size = sizeof outside, .vni = 8, .id = id_of(FH_KIND_SEGMENT, 2), .generation = 1, .mtu = 1500, .n_subnets = 1,
				      .uplink = uplink.id, .transport = FH_TRANSPORT_VLAN, .vlan = 5, .flags = FH_SEGMENT_EXTERNAL };
	struct fh_router router = { .struct_size = sizeof router, .id = id_of(FH_KIND_ROUTER, 1), .generation = 1, .n_segments = 1, .n_routes = 1,
				    .segments = { segment.id }, .external = outside.id };
	struct fh_remote_port remote = { .struct_size = sizeof remote, .id = id_of(FH_KIND_REMOTE_PORT, 1), .segment = segment.id, .generation = 1,
					 .mac = { 2, 3 }, .n_addrs = 1 };
	uplink.address = address(200, 24);
	outside.subnets[0] = (struct fh_subnet){ .prefix = { 4, 24, { 0 }, { 198, 51, 100 } }, .gateway = { 4, 32, { 0 }, { 198, 51, 100, 1 } } };
	router.routes[0] = (struct fh_route){ .prefix = { 4, 16, { 0 }, { 192, 168 } } };
	segment.uplink = uplink.id;
	segment.transport = FH_TRANSPORT_VXLAN;
	remote.tunnel = address(201, 32);
	remote.addrs[0] = address(6, 32);
	port.n_public = 1;
	port.public_[0] = (struct fh_public){ .kind = FH_PUBLIC_FLOATING, .address = { 4, 32, { 0 }, { 198, 51, 100, 9 } }, .inside = address(5, 32) };
	return fh_wire_begin(b) && fh_wire_put_plain(b, FH_KIND_UPLINK, &uplink, sizeof uplink) &&
	       fh_wire_put_plain(b, FH_KIND_SEGMENT, &outside, sizeof outside) && fh_wire_put_plain(b, FH_KIND_ROUTER, &router, sizeof router) &&
	       fh_wire_put_plain(b, FH_KIND_REMOTE_PORT, &remote, sizeof remote) &&
	       fh_wire_put_plain(b, FH_KIND_SEGMENT, &segment, sizeof segment) && fh_wire_put_set(b, &set) &&
	       fh_wire_change_set(b, &change, members, members + 1) && fh_wire_put_group(b, &group) &&
	       fh_wire_put_plain(b, FH_KIND_PORT, &port, sizeof port);
}

static void request(FILE *f, uint8_t type, const void *payload, size_t len)
{
	uint8_t head[3] = { type, (uint8_t)(len >> 8), (uint8_t)len };
	MUST(fwrite(head, sizeof head, 1, f) == 1 && (!len || fwrite(payload, len, 1, f) == 1));
}

static void write_everything(FILE *f)
{
	struct fh_buffer b = { 0 };
	struct fh_wire_port_page page = { .page = { .count = 8, .element_size = 200 }, .port = id_of(FH_KIND_PORT, 1) };
	struct fh_wire_test test = { .port = page.port, .packet = { .struct_size = sizeof test.packet, .family = 4, .protocol = 6, .tcp_flags = 2, .dst_port = 80 } };
	struct fh_wire_flows flows = { .page = { .count = 8, .element_size = 200 }, .epoch = 1, .taken = 7 };
	struct fh_wire_kill kill = { .port = page.port, .all = 1 };
	MUST(everything(&b) && b.len < 65536);
	request(f, FH_WIRE_COMMIT, b.p, b.len);
	request(f, FH_WIRE_PREVIEW, b.p, b.len);
	request(f, FH_WIRE_INFO, NULL, 0);
	request(f, FH_WIRE_FLOWS, &flows, sizeof flows);
	for (uint8_t type = FH_WIRE_OBJECTS; type <= FH_WIRE_RULE_HITS; type++)
		request(f, type, &page.page, sizeof page.page);
	request(f, FH_WIRE_CONNECTIONS, &page, sizeof page);
	request(f, FH_WIRE_EXPORT, &page, sizeof page);
	request(f, FH_WIRE_TEST_PACKET, &test, sizeof test);
	request(f, FH_WIRE_KILL, &kill, sizeof kill);
	fh_buffer_free(&b);
}

/* --- the target --------------------------------------------------------------------------------------------------------------------- */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct fh_pol_hooks hooks = { .defer = model_defer };
	dp.n_workers = 1;
	dp.uplinks[dp.n_uplinks++] = &device;
	MUST(fh_hash_seed(&dp.hash) && (dp.rules = fh_pol_ctx_new(&hooks, 2)));
	model_init();
	corpus_begin("fuzz-control", argc, argv);
	corpus_add("everything", write_everything);
	return 0;
}

static uint8_t answer[FH_WIRE_MAX_REPLY];

static int ask(uint16_t type, const void *payload, size_t len)
{
	/* As the socket's buffer: nothing readable behind the payload. */
	uint8_t *exact = malloc(len ? len : 1);
	size_t out = 0;
	MUST(exact);
	memcpy(exact, payload, len);
	int rc = query_serve(type, exact, len, answer, sizeof answer, &out);
	MUST(out <= sizeof answer && rc <= FH_OK);
	free(exact);
	return rc;
}

static void replace_by(const void *payload, size_t len, uint32_t flags)
{
	struct fh_commit_result r;
	struct fh_wire_txn head;
	uint8_t *copy = malloc(len);
	MUST(copy && len >= sizeof head);
	memcpy(copy, payload, len);
	memcpy(&head, copy, sizeof head);
	head.flags |= flags;
	memcpy(copy, &head, sizeof head);
	MUST(model_commit(copy, len, false, &r) == FH_OK);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fh_wire_txn nothing;
	struct fh_buffer before = { 0 }, after = { 0 };
	while (size >= 3) {
		uint16_t type = data[0] % (FH_WIRE_PIN_WORKER + 2u);
		size_t len = (size_t)data[1] << 8 | data[2];
		data += 3;
		size -= 3;
		len = len < size ? len : size;
		if (type != FH_WIRE_PIN_WORKER)
			ask(type, data, len);
		data += len;
		size -= len;
	}
	model_tick();
	MUST(model_snapshot(&before));
	replace_by(&nothing, sizeof nothing, FH_WIRE_TXN_REPLACE_ALL);
	for (uint32_t i = 0; i < PORTS_MAX; i++)
		MUST(!ports[i]);
	replace_by(before.p, before.len, FH_WIRE_TXN_REPLACE_ALL);
	MUST(model_snapshot(&after));
	MUST(before.len == after.len);
	replace_by(&nothing, sizeof nothing, FH_WIRE_TXN_REPLACE_ALL);
	fh_buffer_free(&before);
	fh_buffer_free(&after);
	return 0;
}
