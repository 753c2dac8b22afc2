/*
 * libFuzzer targets of common/ and conntrack/. FH_FUZZ chooses one: parser, inner, fragments, sequence, image, import, rules.
 * Built with clang and ASan + UBSan; see meson.build. A longer run: FH_FUZZ=sequence ./fuzz_conntrack -max_total_time=600 corpus/
 */
#include "conntrack.h"
#include "frames.h"
#include "must.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECOND 1000000000ull
#define CAPACITY 64

/* --- input ----------------------------------------------------------------------------------------------------------------- */

struct input {
	const uint8_t *p;
	size_t left;
};

static uint8_t u8(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->p++;
}

static uint16_t u16(struct input *in)
{
	uint16_t hi = u8(in);

	return (uint16_t)(hi << 8 | u8(in));
}

static uint32_t u32(struct input *in)
{
	uint32_t hi = u16(in);

	return hi << 16 | u16(in);
}

/* --- a NIC ------------------------------------------------------------------------------------------------------------------- */

static struct fh_hash hash;
static struct fh_pol_ctx *rules;
static struct fh_pol_domain *domain;
static struct fh_pol_group *group;
static struct fh_pol_set *set;
static struct fh_policy *policy;
static struct fh_ct *ct;
static struct fh_ct_config cfg;
static void *image;
static size_t image_size;
static uint64_t now;

static void open_table(void)
{
	MUST(fh_ct_open(image, image_size, &cfg, now, &ct, NULL) == FH_OK);
}

static void setup(void)
{
	hash.algo = fh_hash_best();
	memset(hash.key.b, 0x5a, sizeof hash.key.b); /* the same in each run */
	MUST((rules = fh_pol_ctx_new(NULL, 2)) && (domain = fh_pol_domain_new(rules)) && (group = fh_pol_group_new(domain)));
	MUST((policy = fh_policy_new(domain)) && (set = fh_pol_set_new(domain)));
	MUST(fh_policy_attach(policy, &group, 1) == FH_OK);
	cfg = (struct fh_ct_config){ .capacity = CAPACITY, .workers = 2, .rules = rules, .hash = &hash };
	fh_ct_default_timeouts(&cfg.timeouts);
	image_size = fh_ct_image_size(CAPACITY);
	image = mmap(NULL, image_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(image != MAP_FAILED);
}

/* An empty table, without rules. */
static void fresh(void)
{
	now = 1000 * SECOND;
	if (ct)
		fh_ct_close(ct);
	memset(image, 0, image_size);
	open_table();
	MUST(fh_pol_group_set(group, NULL, NULL, 0, 0, 0, NULL) == FH_OK);
	MUST(fh_pol_set_replace(set, NULL, 0) == FH_OK);
}

static struct fh_ct_verdict judge(enum fh_direction dir, uint8_t *frame, uint32_t len, uint8_t extra)
{
	const uint8_t *data = frame;
	struct fh_pkt pkt, *p = &pkt;
	uint16_t seg_len = (uint16_t)len;
	struct fh_ct_verdict v = { .action = FH_CT_DROP };

	fh_pkt_parse(frame, len, len, p);
	if (p->kind == FH_PKT_ARP || p->kind == FH_PKT_ND || p->kind == FH_PKT_MLD || p->kind == FH_PKT_FRAGMENT)
		return v;
	p->flags |= extra;
	fh_hash_burst(&hash, &p, 1);
	fh_ct_prefetch(ct, &p, 1);
	fh_ct_burst(ct, 0, policy, dir, now, &p, &data, &seg_len, &v, 1);
	MUST(v.action == FH_CT_PASS || v.action == FH_CT_DROP);
	MUST((v.action == FH_CT_PASS) == (v.reason == FH_DROP_NONE));
	MUST(v.entry == FH_CT_NONE || v.entry < CAPACITY);
	if (v.action == FH_CT_PASS && v.flags & FH_CT_V_TRANSLATE)
		fh_ct_translate(ct, dir, p, &v, frame, seg_len, extra & 1);
	return v;
}

/* Counters and entries agree, and each entry can be removed and used again. */
static void check_table(void)
{
	struct fh_ct_info info;
	struct fh_ct_stats s;
	uint32_t cursor = 0, listed = 0;

	fh_ct_sweep(ct, 0, now, 2 * CAPACITY);
	while (fh_ct_next(ct, now, &cursor, &info))
		listed++;
	fh_ct_stats(ct, &s);
	MUST(s.live == listed && listed <= CAPACITY);
	MUST(fh_ct_flush(ct, 1, now) == listed);
	MUST(fh_pol_group_set(group, NULL, NULL, 0, 0, 0, NULL) == FH_OK);
	for (uint16_t i = 0; i < CAPACITY; i++) {
		struct ends e = ends4(0x0a000005, i, 0x0a000009, 7);
		uint8_t f[128];
		struct fh_ct_verdict v = judge(FH_EGRESS, f, frame_udp(f, &e, 4), 0);
		MUST(v.action == FH_CT_PASS && v.class_ == FH_CT_NEW);
	}
}

/* --- targets --------------------------------------------------------------------------------------------------------------------- */

/* A well-formed frame, for the fuzzer to spoil. */
static uint32_t template(uint8_t which, uint8_t *f)
{
	struct ends e = which & 1 ? ends6(1, 2, 3, 4) : ends4(0x0a000005, 1, 0x0a000009, 2);
	uint8_t quoted[128];
	uint32_t len, at;

	switch (which >> 1 & 7) {
	case 0:
		return frame_udp(f, &e, 30);
	case 1:
		return frame_tcp(f, &e, &(struct seg){ .flags = FH_TCP_ACK, .payload = 9, .opt_len = 12 });
	case 2:
		return frame_icmp(f, &e, which & 1 ? 128 : 8, 0, 7, NULL, 0);
	case 3:
		len = frame_tcp(quoted, &e, &(struct seg){ .flags = FH_TCP_ACK });
		return frame_icmp(f, &e, which & 1 ? 2 : 3, 4, 7, quoted + 14, len - 14);
	case 4: /* options, extension headers */
		at = frame_ip(f, &e, which & 1 ? 0 : FH_PROTO_UDP, 64);
		memset(f + at, 0, 64);
		if (which & 1)
			f[at] = 60;
		else
			f[14] = 0x4a;
		return at + 64;
	case 5: /* a fragment */
		at = frame_ip(f, &e, which & 1 ? 44 : FH_PROTO_UDP, 64);
		memset(f + at, 17, 64);
		f[20] = which & 1 ? 44 : 0x20;
		return at + 64;
	case 6:
		at = frame_ip(f, &e, FH_PROTO_SCTP, 40);
		memset(f + at, 0, 40);
		return at + 40;
	default:
		memset(f, 0, 60);
		memcpy(f + 12, (uint8_t[]){ 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 }, 10);
		return 60;
	}
}

/* Lays the input over bytes that are right: where and what. */
static void spoil(struct input *in, uint8_t *at, uint32_t len)
{
	while (in->left >= 3 && len) {
		uint32_t where = u16(in) % len;
		at[where] ^= u8(in);
	}
}

static void parser(struct input *in)
{
	uint8_t frame[512];
	struct fh_pkt p, inner;
	uint32_t frame_len = template(u8(in), frame), seg;
	uint8_t *copy;

	seg = u8(in) % 4 ? frame_len : u16(in) % (frame_len + 1);
	spoil(in, frame, frame_len);
	/* On the heap and of exactly that size, so that ASan sees every byte read beyond. */
	MUST((copy = malloc(seg ? seg : 1)));
	memcpy(copy, frame, seg);
	if (fh_pkt_parse(copy, seg, frame_len, &p)) {
		MUST(p.reason == FH_DROP_NONE && p.kind != FH_PKT_BAD);
		MUST(p.kind == FH_PKT_ARP || (uint32_t)p.l3_off + p.ip_len <= frame_len);
		MUST(p.l4_off <= seg && p.payload_off <= seg && p.l4_off <= p.payload_off);
		MUST(p.proto != FH_PROTO_TCP || p.kind != FH_PKT_FLOW || (uint32_t)p.l4_off + 20 + p.tcp_opt_len <= seg);
		if (p.kind == FH_PKT_FLOW && !(p.proto == FH_PROTO_ICMP || p.proto == FH_PROTO_ICMP6)) {
			uint8_t src[16], dst[16];
			struct fh_pkt q;

			fh_pkt_addrs(&p, src, dst);
			fh_pkt_from_tuple(&q, p.flags & FH_PKT_V6, p.proto, src, dst, p.src_port, p.dst_port);
			MUST(!memcmp(p.key, q.key, sizeof p.key));
		}
		if (p.kind == FH_PKT_ICMP_ERROR)
			fh_pkt_parse_inner(copy, seg, &p, &inner);
	} else {
		MUST(p.reason != FH_DROP_NONE && p.reason < FH_DROP_REASON_COUNT && p.kind == FH_PKT_BAD);
	}
	free(copy);
}

static void inner(struct input *in)
{
	static const struct fh_nat nat = { .kind = FH_NAT_SOURCE, .public_addr = 0xc6336401, .port_min = 2000, .port_max = 2009 };
	struct ends tcp = ends4(0x0a000005, 4000, 0x0a000009, 80), udp = ends6(5, 4000, 9, 53), out = ends4(0x0a000005, 2000, 0x08080808, 53);
	uint8_t f[2048], quoted[1500];
	bool v6 = u8(in) & 1, translate = u8(in) & 1;
	struct ends router = v6 ? ends6(1, 0, 5, 0) : ends4(0x0a000001, 0, translate ? 0xc6336401 : 0x0a000005, 0);

	fresh();
	MUST(fh_ct_set_nat(ct, &nat, 1) == FH_OK);
	judge(FH_EGRESS, f, frame_tcp(f, &tcp, &(struct seg){ .flags = FH_TCP_SYN, .seq = 1000, .win = 500 }), 0);
	judge(FH_EGRESS, f, frame_udp(f, &udp, 4), 0);
	judge(FH_EGRESS, f, frame_udp(f, &out, 4), FH_PKT_TRANSLATE);
	/* A plausible quotation with fuzzed bytes laid over it. */
	uint32_t len = v6 ? frame_udp(f, &udp, 20) : frame_tcp(f, &tcp, &(struct seg){ .flags = FH_TCP_ACK, .seq = 1000 });
	uint32_t n = len - 14;
	memcpy(quoted, f + 14, n);
	for (uint32_t i = 0; i < n && in->left; i++)
		quoted[i] ^= u8(in);
	uint32_t at = frame_icmp(f, &router, v6 ? 1 : 3, 4, 0, quoted, in->left ? n : u8(in) % (n + 1));
	judge(FH_INGRESS, f, at, translate ? FH_PKT_TRANSLATE : 0);
	struct fh_ct_stats s;
	fh_ct_stats(ct, &s);
	MUST(s.live == 3); /* an error opens nothing and ends nothing */
	check_table();
}

static void fragments(struct input *in)
{
	struct fh_frag *frags = fh_frag_new();
	static uint8_t cookies[4096];
	unsigned held = 0, back = 0;
	uint8_t reason;

	MUST(frags);
	fresh();
	while (in->left && held < 4000) {
		struct fh_pkt p;
		uint8_t what = u8(in);

		if (what % 16 == 15) {
			now += u8(in) * SECOND / 8;
			while (fh_frag_next_held(frags, now, &reason))
				back++;
			continue;
		}
		fh_pkt_from_tuple(&p, what & 16, FH_PROTO_UDP, (uint8_t[16]){ 10, 0, 0, 1 }, (uint8_t[16]){ 10, 0, 0, 2 }, 1, 2);
		p.kind = FH_PKT_FRAGMENT;
		p.frag_kind = FH_PKT_FLOW;
		p.frag_id = u8(in) % 80;
		p.frag_off = (uint16_t)(u16(in) & 0xfff8);
		p.l4_len = 1 + u16(in) % (65535u - p.frag_off > 1 ? 65535u - p.frag_off : 1);
		if (what & 32)
			p.flags |= FH_PKT_FRAG_MORE;
		if (what & 64 || p.frag_off == 0) {
			p.frag_off = 0;
			p.flags |= FH_PKT_FRAG_FIRST;
		}
		switch (fh_frag_input(frags, &p, now, &cookies[held], &reason)) {
		case FH_FRAG_JUDGE: {
			struct fh_ct_verdict v = { .action = what & 128 ? FH_CT_DROP : FH_CT_PASS, .reason = what & 128 ? FH_DROP_RULE : FH_DROP_NONE };
			MUST(p.kind == FH_PKT_FLOW);
			fh_frag_decide(frags, &p, &v);
			break;
		}
		case FH_FRAG_HELD:
			held++;
			break;
		case FH_FRAG_PASS:
		case FH_FRAG_DROP:
			break;
		}
	}
	now += 60 * SECOND;
	while (fh_frag_next_held(frags, now, &reason))
		back++;
	MUST(held == back); /* each held packet comes back exactly once */
	fh_frag_free(frags, NULL, NULL);
}

static void rule_from(struct input *in, struct fh_rule *r)
{
	memset(r, 0, sizeof *r);
	r->id.b[15] = (uint8_t)(16 + u8(in) % 64);
	r->direction = u8(in) % 3;
	r->ethertype = u8(in) % 7;
	r->action = u8(in) % 3;
	r->remote = u8(in) % 4;
	r->protocol = u8(in) % 4 ? (uint16_t[]){ 6, 17, 1, 58, 132, 0xffff }[u8(in) % 6] : u16(in);
	r->port_min = u16(in);
	r->port_max = u16(in);
	r->icmp_type = u8(in) % 2 ? FH_ICMP_ANY : u8(in);
	r->icmp_code = u8(in) % 2 ? FH_ICMP_ANY : u8(in);
	r->prefix.family = u8(in) % 8;
	r->prefix.prefix_len = u8(in);
	for (int i = 0; i < 16; i++)
		r->prefix.b[i] = i < 4 || r->prefix.family == 6 ? u8(in) : 0;
	if (u8(in) % 4 == 0)
		r->valid_until = u8(in);
}

static bool rules_from(struct input *in, uint32_t n)
{
	static struct fh_rule list[128];
	static struct fh_pol_set *sets[128];

	for (uint32_t i = 0; i < n; i++) {
		rule_from(in, &list[i]);
		sets[i] = set;
	}
	return fh_pol_group_set(group, list, sets, n, u8(in) & 1, u8(in), NULL) == FH_OK;
}

static void members_from(struct input *in)
{
	struct fh_addr a[4], b[4];

	for (int i = 0; i < 4; i++) {
		a[i] = (struct fh_addr){ .family = 4, .prefix_len = u8(in) % 34, .b = { 10, 0, 0, u8(in) } };
		b[i] = (struct fh_addr){ .family = u8(in) % 2 ? 6 : 4, .prefix_len = u8(in) % 33, .b = { 10, 0, 0, u8(in) } };
	}
	fh_pol_set_change(set, a, u8(in) % 5, b, u8(in) % 5);
}

static void rules_target(struct input *in)
{
	fresh();
	while (in->left > 8) {
		uint8_t f[256];
		struct ends e = ends4(0x0a000000 | u8(in), u16(in), 0x0a000100 | u8(in), u16(in));

		switch (u8(in) % 4) {
		case 0:
			rules_from(in, u8(in) % 128);
			break;
		case 1:
			members_from(in);
			break;
		case 2:
			fh_pol_tick(rules, u8(in));
			break;
		default:
			judge(u8(in) & 1, f, frame_udp(f, &e, 4), 0);
		}
	}
	check_table();
}

/* (packet, time, policy) in any order. */
static void sequence(struct input *in)
{
	static const struct fh_nat nats[2] = { { .kind = FH_NAT_SOURCE, .public_addr = 0xc6336401, .port_min = 2000, .port_max = 2003 },
					       { .kind = FH_NAT_FLOATING, .inside_addr = 0x0a000006, .public_addr = 0xc6336402 } };

	fresh();
	MUST(fh_ct_set_nat(ct, nats, 2) == FH_OK);
	while (in->left > 4) {
		uint8_t f[256], what = u8(in), who = u8(in);
		bool back = what & 0x40, v6 = what & 0x20;
		struct ends e = v6 ? ends6((uint16_t)(1 + who % 2), (uint16_t)(who >> 4), (uint16_t)(9 + (who >> 1) % 2), 80)
				   : ends4(0x0a000005 + who % 2, (uint16_t)(who >> 4), 0x08080808 + (who >> 1) % 2, 80);
		uint8_t extra = what & 0x80 && !v6 ? FH_PKT_TRANSLATE : 0;
		enum fh_direction dir = back ? FH_INGRESS : FH_EGRESS;

		if (back) {
			e = reversed(e);
			if (extra) {
				fh_put_be32(e.dst, 0xc6336401 + who % 2);
				e.dport = (uint16_t)(who % 2 ? e.dport : 2000 + (who >> 4) % 4);
			}
		}
		switch (what % 16) {
		case 0: case 1: case 2: case 3: case 4: {
			struct seg s = { .flags = u8(in), .seq = u32(in) & 0xff0fffff, .ack = u32(in) & 0xff0fffff, .win = u16(in), .payload = u8(in) % 40, .opt_len = (uint8_t)(u8(in) % 11 * 4) };
			for (int i = 0; i < s.opt_len; i++)
				s.options[i] = u8(in);
			judge(dir, f, frame_tcp(f, &e, &s), extra);
			break;
		}
		case 5: case 6: case 7: case 8:
			judge(dir, f, frame_udp(f, &e, 4), extra);
			break;
		case 9: case 10:
			judge(dir, f, frame_icmp(f, &e, u8(in), u8(in) % 2, who, NULL, 0), extra);
			break;
		case 11:
			now += u8(in) * SECOND;
			break;
		case 12:
			fh_ct_sweep(ct, 0, now, u8(in));
			break;
		case 13:
			rules_from(in, u8(in) % 20);
			break;
		case 14:
			members_from(in);
			break;
		case 15: /* the process dies and comes back */
			fh_ct_close(ct);
			open_table();
			MUST(fh_ct_set_nat(ct, nats, 2) == FH_OK);
			break;
		}
	}
	check_table();
}

/* One connection of each kind. */
static void populate(void)
{
	static const struct fh_nat nat = { .kind = FH_NAT_SOURCE, .public_addr = 0xc6336401, .port_min = 2000, .port_max = 2009 };
	struct ends e4 = ends4(0x0a000005, 4000, 0x0a000009, 80), e6 = ends6(5, 1, 9, 2), out = ends4(0x0a000005, 2000, 0x08080808, 53);
	struct ends back = reversed(e4);
	uint8_t f[256];

	MUST(fh_ct_set_nat(ct, &nat, 1) == FH_OK);
	judge(FH_EGRESS, f, frame_tcp(f, &e4, &(struct seg){ .flags = FH_TCP_SYN, .seq = 1000, .win = 500 }), 0);
	judge(FH_INGRESS, f, frame_tcp(f, &back, &(struct seg){ .flags = FH_TCP_SYN | FH_TCP_ACK, .seq = 5000, .ack = 1001, .win = 500 }), 0);
	judge(FH_EGRESS, f, frame_udp(f, &e6, 4), 0);
	judge(FH_EGRESS, f, frame_icmp(f, &e4, 8, 0, 3, NULL, 0), 0);
	judge(FH_EGRESS, f, frame_udp(f, &out, 4), FH_PKT_TRANSLATE);
	judge(FH_EGRESS, f, frame_icmp(f, &out, 8, 0, 2003, NULL, 0), FH_PKT_TRANSLATE);
}

/* Whatever stands in the memory of a dead process. */
static void image_target(struct input *in)
{
	fresh();
	populate();
	uint8_t *entries = (uint8_t *)image + image_size - ((CAPACITY * 128 + 4095) & ~4095u);
	spoil(in, entries, 16 * 128);
	if (u8(in) % 4 == 0)
		spoil(in, (uint8_t *)image + 64, 4); /* where unused entries begin */
	fh_ct_close(ct);
	open_table();
	for (uint16_t i = 0; i < 50; i++) {
		struct ends e = ends4(0x0a000005, i, 0x0a000009, 7);
		uint8_t f[128];
		judge(i & 1, f, frame_udp(f, &e, 4), 0);
	}
	check_table();
}

static void import_target(struct input *in)
{
	uint32_t refused;

	fresh();
	uint8_t copy[FH_CT_RECORD_SIZE * 8 + 1];
	uint32_t cursor = 0;
	populate();
	size_t n = (size_t)fh_ct_export(ct, now, 0, &cursor, copy, sizeof copy) * FH_CT_RECORD_SIZE;
	n -= u8(in) % 4 ? 0 : u8(in);
	spoil(in, copy, (uint32_t)n);
	uint32_t got = fh_ct_import(ct, 1, now, copy, n, &refused);
	MUST(got + refused == n / FH_CT_RECORD_SIZE + (n % FH_CT_RECORD_SIZE != 0));
	check_table();
}

static void (*target)(struct input *in);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct {
		const char *name;
		void (*run)(struct input *in);
	} targets[] = { { "parser", parser }, { "inner", inner },	  { "fragments", fragments }, { "sequence", sequence },
			{ "image", image_target }, { "import", import_target }, { "rules", rules_target } };
	const char *name = getenv("FH_FUZZ");

	(void)argc;
	(void)argv;
	for (size_t i = 0; name && i < sizeof targets / sizeof targets[0]; i++) {
		if (!strcmp(name, targets[i].name))
			target = targets[i].run;
	}
	if (!target) {
		fprintf(stderr, "Set FH_FUZZ to parser, inner, fragments, sequence, image, import or rules.\n");
		exit(2);
	}
	setup();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	target(&in);
	return 0;
}
