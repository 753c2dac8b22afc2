/* Address translation: tuples, ports, checksums, errors, restart. */
#include "nic.h"

#define GUEST 0x0a000005u
#define PUBLIC 0xc6336401u /* 198.51.100.1 */
#define SERVER 0xcb007105u
#define ROUTER 0xcb007101u

/* --- whole checksums, computed the slow way ------------------------------------------------------------------------------- */

static uint32_t sum(const uint8_t *p, uint32_t len)
{
	uint32_t s = 0;

	for (uint32_t i = 0; i + 1 < len; i += 2)
		s += fh_be16(p + i);
	if (len % 2)
		s += (uint32_t)p[len - 1] << 8;
	return s;
}

static uint16_t finish(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

static uint32_t pseudo(const uint8_t *ip, uint32_t len)
{
	return sum(ip + 12, 8) + ip[9] + len;
}

static uint8_t *csum_of(uint8_t *ip)
{
	return ip + 20 + (ip[9] == 6 ? 16 : ip[9] == 17 ? 6 : 2);
}

static void set_checksums(uint8_t *ip)
{
	uint32_t len = fh_be16(ip + 2) - 20u;
	uint8_t *c = csum_of(ip);

	fh_put_be16(ip + 10, 0);
	fh_put_be16(ip + 10, finish(sum(ip, 20)));
	fh_put_be16(c, 0);
	fh_put_be16(c, finish(sum(ip + 20, len) + (ip[9] == 1 ? 0 : pseudo(ip, len))));
}

static bool checksums_right(const uint8_t *ip)
{
	uint32_t len = fh_be16(ip + 2) - 20u;

	return finish(sum(ip, 20)) == 0 && finish(sum(ip + 20, len) + (ip[9] == 1 ? 0 : pseudo(ip, len))) == 0;
}

/* --- a frame that crosses the public border ---------------------------------------------------------------------------------- */

static struct fh_ct_verdict cross(struct nic *n, enum fh_direction dir, uint8_t *f, uint32_t len)
{
	const uint8_t *data = f;
	struct fh_pkt pkt, *p = &pkt;
	uint16_t seg_len = (uint16_t)len;
	struct fh_ct_verdict v;

	set_checksums(f + 14);
	REQUIRE(fh_pkt_parse(f, len, len, p));
	pkt.flags |= FH_PKT_TRANSLATE;
	fh_hash_burst(&n->hash, &p, 1);
	fh_ct_burst(n->ct, 0, n->policy, dir, n->now, &p, &data, &seg_len, &v, 1);
	if (v.action == FH_CT_PASS) {
		CHECK(v.flags & FH_CT_V_TRANSLATE);
		CHECK(fh_ct_translate(n->ct, dir, &pkt, &v, f, seg_len, false));
		CHECK(checksums_right(f + 14));
	}
	return v;
}

static uint32_t src_of(const uint8_t *f)
{
	return fh_be32(f + 26);
}

static uint32_t dst_of(const uint8_t *f)
{
	return fh_be32(f + 30);
}

static void open_nat(struct nic *n, enum fh_nat_kind kind)
{
	struct fh_nat nat = { .kind = kind, .inside_addr = GUEST, .public_addr = PUBLIC, .port_min = 2000, .port_max = 2009 };

	nic_open(n, 1024, 2);
	REQUIRE(fh_ct_set_nat(n->ct, &nat, 1) == FH_OK);
}

static void many_share_an_address(void)
{
	struct nic n;
	uint8_t f[256];
	bool used[10] = { false };
	struct ends e, back;

	open_nat(&n, FH_NAT_SOURCE);
	for (uint16_t i = 0; i < 10; i++) {
		e = ends4(GUEST, (uint16_t)(50000 + i), SERVER, 80);
		CHECK(passes(cross(&n, FH_EGRESS, f, frame_udp(f, &e, 11))));
		CHECK_EQ(src_of(f), PUBLIC);
		uint16_t port = fh_be16(f + 34);
		REQUIRE(port >= 2000 && port <= 2009);
		CHECK(!used[port - 2000]);
		used[port - 2000] = true;
		/* Its answer comes to the guest, at the port that it used. */
		back = ends4(SERVER, 80, PUBLIC, port);
		struct fh_ct_verdict v = cross(&n, FH_INGRESS, f, frame_udp(f, &back, 5));
		CHECK(passes(v) && v.class_ == FH_CT_ESTABLISHED && v.flags & FH_CT_V_REPLY);
		CHECK_EQ(dst_of(f), GUEST);
		CHECK_EQ(fh_be16(f + 36), 50000 + i);
		/* The same packet again keeps its port. */
		CHECK(passes(cross(&n, FH_EGRESS, f, frame_udp(f, &e, 11))));
		CHECK_EQ(fh_be16(f + 34), port);
	}
	e = ends4(GUEST, 60000, SERVER, 80);
	CHECK(dropped_for(cross(&n, FH_EGRESS, f, frame_udp(f, &e, 11)), FH_DROP_NAT_PORTS));
	/* Towards another remote end the ports are free; a port inside the block stays what it is. */
	e = ends4(GUEST, 2003, SERVER, 81);
	CHECK(passes(cross(&n, FH_EGRESS, f, frame_udp(f, &e, 11))));
	CHECK_EQ(fh_be16(f + 34), 2003);
	/* Nobody gets in uninvited. */
	back = ends4(SERVER, 99, PUBLIC, 2000);
	CHECK(dropped_for(cross(&n, FH_INGRESS, f, frame_udp(f, &back, 5)), FH_DROP_CT_NO_CONNECTION));
	/* A port is free again when its connection is over. */
	n.now += 200 * SECOND;
	fh_ct_sweep(n.ct, 0, n.now, 1024);
	e = ends4(GUEST, 60000, SERVER, 80);
	CHECK(passes(cross(&n, FH_EGRESS, f, frame_udp(f, &e, 11))));
	struct fh_ct_info info;
	uint32_t cursor = 0;
	REQUIRE(fh_ct_next(n.ct, n.now, &cursor, &info));
	CHECK(info.translated && fh_be32(info.public_addr) == PUBLIC && info.public_port == fh_be16(f + 34) && info.src_port == 60000);
	nic_close(&n);
}

static void tcp_and_ping_cross(void)
{
	struct nic n;
	uint8_t f[256];
	struct ends e = ends4(GUEST, 50000, SERVER, 443), ping = ends4(GUEST, 0, SERVER, 0), back;

	open_nat(&n, FH_NAT_SOURCE);
	CHECK(passes(cross(&n, FH_EGRESS, f, frame_tcp(f, &e, &(struct seg){ .flags = FH_TCP_SYN, .seq = 1000, .win = 500 }))));
	back = ends4(SERVER, 443, PUBLIC, fh_be16(f + 34));
	CHECK(passes(cross(&n, FH_INGRESS, f, frame_tcp(f, &back, &(struct seg){ .flags = FH_TCP_SYN | FH_TCP_ACK, .seq = 5000, .ack = 1001, .win = 500 }))));
	CHECK(passes(cross(&n, FH_EGRESS, f, frame_tcp(f, &e, &(struct seg){ .flags = FH_TCP_ACK, .seq = 1001, .ack = 5001, .win = 500, .payload = 33 }))));
	CHECK(dropped_for(cross(&n, FH_INGRESS, f, frame_tcp(f, &back, &(struct seg){ .flags = FH_TCP_RST, .seq = 77 })), FH_DROP_CT_TCP_RESET));
	CHECK_EQ(nic_state(&n, 0), FH_CT_S_ESTABLISHED);

	CHECK(passes(cross(&n, FH_EGRESS, f, frame_icmp(f, &ping, 8, 0, 7, (const uint8_t *)"abc", 3))));
	uint16_t ident = fh_be16(f + 38);
	CHECK(ident >= 2000 && ident <= 2009);
	back = ends4(SERVER, 0, PUBLIC, 0);
	CHECK(passes(cross(&n, FH_INGRESS, f, frame_icmp(f, &back, 0, 0, ident, (const uint8_t *)"abc", 3))));
	CHECK_EQ(fh_be16(f + 38), 7);
	CHECK_EQ(dst_of(f), GUEST);
	nic_close(&n);
}

static void errors_come_home(void)
{
	struct nic n;
	uint8_t f[256], sent[128];
	struct ends e = ends4(GUEST, 50000, SERVER, 80), router = ends4(ROUTER, 0, PUBLIC, 0);

	open_nat(&n, FH_NAT_SOURCE);
	uint32_t len = frame_udp(sent, &e, 10);
	CHECK(passes(cross(&n, FH_EGRESS, sent, len)));
	/* The router quotes what it saw, the public tuple. */
	struct fh_ct_verdict v = cross(&n, FH_INGRESS, f, frame_icmp(f, &router, 3, 4, 0, sent + 14, len - 14));
	CHECK(passes(v) && v.class_ == FH_CT_RELATED);
	CHECK_EQ(dst_of(f), GUEST);
	CHECK_EQ(src_of(f), ROUTER);
	CHECK_EQ(fh_be32(f + 42 + 12), GUEST);
	CHECK_EQ(fh_be16(f + 42 + 20), 50000);
	CHECK(checksums_right(f + 42)); /* the quoted packet is whole again too */
	/* One that quotes a tuple nobody has is dropped. */
	fh_put_be16(sent + 34, (uint16_t)(fh_be16(sent + 34) ^ 1));
	CHECK(dropped_for(cross(&n, FH_INGRESS, f, frame_icmp(f, &router, 3, 4, 0, sent + 14, len - 14)), FH_DROP_ICMP_UNRELATED));
	nic_close(&n);
}

static void floating_address_is_open_both_ways(void)
{
	struct nic n;
	uint8_t f[256];
	struct fh_rule ssh = rule_allow(FH_INGRESS, FH_PROTO_TCP, 22, 22);
	struct ends in = ends4(SERVER, 999, PUBLIC, 22), inside = ends4(GUEST, 22, SERVER, 999), closed = ends4(SERVER, 999, PUBLIC, 23);
	struct ends out = ends4(GUEST, 4000, SERVER, 80);

	open_nat(&n, FH_NAT_FLOATING);
	nic_rules(&n, &ssh, 1);
	CHECK(dropped_for(cross(&n, FH_INGRESS, f, frame_tcp(f, &closed, &(struct seg){ .flags = FH_TCP_SYN, .win = 9 })), FH_DROP_DEFAULT));
	CHECK(passes(cross(&n, FH_INGRESS, f, frame_tcp(f, &in, &(struct seg){ .flags = FH_TCP_SYN, .seq = 1000, .win = 9 }))));
	CHECK_EQ(dst_of(f), GUEST);
	CHECK(passes(cross(&n, FH_EGRESS, f, frame_tcp(f, &inside, &(struct seg){ .flags = FH_TCP_SYN | FH_TCP_ACK, .seq = 5000, .ack = 1001, .win = 9 }))));
	CHECK_EQ(src_of(f), PUBLIC);
	CHECK_EQ(fh_be16(f + 34), 22);
	CHECK(passes(cross(&n, FH_EGRESS, f, frame_udp(f, &out, 4))));
	CHECK_EQ(fh_be16(f + 34), 4000);
	/* A revoked rule cuts here as well. */
	nic_rules(&n, NULL, 0);
	CHECK(dropped_for(cross(&n, FH_INGRESS, f, frame_tcp(f, &in, &(struct seg){ .flags = FH_TCP_ACK, .seq = 1001, .ack = 5001, .win = 9 })), FH_DROP_REVOKED));
	nic_close(&n);
}

static void translation_survives(void)
{
	struct nic n, m;
	uint8_t f[256], buf[FH_CT_RECORD_SIZE];
	struct ends e = ends4(GUEST, 50000, SERVER, 80);
	uint32_t kept, cursor = 0, refused;

	open_nat(&n, FH_NAT_SOURCE);
	open_nat(&m, FH_NAT_SOURCE);
	CHECK(passes(cross(&n, FH_EGRESS, f, frame_udp(f, &e, 11))));
	struct ends back = ends4(SERVER, 80, PUBLIC, fh_be16(f + 34));
	CHECK_EQ(fh_ct_export(n.ct, n.now, 0, &cursor, buf, sizeof buf), 1);
	CHECK_EQ(fh_ct_import(m.ct, 1, m.now, buf, sizeof buf, &refused), 1);
	CHECK(passes(cross(&m, FH_INGRESS, f, frame_udp(f, &back, 5))));
	CHECK_EQ(fh_be16(f + 36), 50000);
	fh_ct_close(n.ct);
	REQUIRE(fh_hash_seed(&n.hash));
	REQUIRE(fh_ct_open(n.mem, n.size, &n.cfg, n.now, &n.ct, &kept) == FH_OK);
	CHECK_EQ(kept, 1);
	CHECK(passes(cross(&n, FH_INGRESS, f, frame_udp(f, &back, 5))));
	CHECK_EQ(dst_of(f), GUEST);
	/* Both places go with the connection. */
	CHECK_EQ(fh_ct_flush(n.ct, 1, n.now), 1);
	CHECK(dropped_for(cross(&n, FH_INGRESS, f, frame_udp(f, &back, 5)), FH_DROP_CT_NO_CONNECTION));
	nic_close(&n);
	nic_close(&m);
}

static void partial_checksums_stay_partial(void)
{
	struct nic n;
	uint8_t f[256];
	struct ends e = ends4(GUEST, 2001, SERVER, 80);
	uint32_t len;
	struct fh_pkt pkt, *p = &pkt;
	const uint8_t *data = f;
	struct fh_ct_verdict v;

	open_nat(&n, FH_NAT_SOURCE);
	len = frame_tcp(f, &e, &(struct seg){ .flags = FH_TCP_SYN, .win = 1, .payload = 40 });
	set_checksums(f + 14);
	fh_put_be16(f + 34 + 16, (uint16_t)~finish(pseudo(f + 14, len - 34)));
	uint16_t seg_len = (uint16_t)len;
	REQUIRE(fh_pkt_parse(f, len, len, p));
	pkt.flags |= FH_PKT_TRANSLATE;
	fh_hash_burst(&n.hash, &p, 1);
	fh_ct_burst(n.ct, 0, n.policy, FH_EGRESS, n.now, &p, &data, &seg_len, &v, 1);
	CHECK(fh_ct_translate(n.ct, FH_EGRESS, p, &v, f, seg_len, true));
	CHECK_EQ(fh_be16(f + 34 + 16), (uint16_t)~finish(pseudo(f + 14, len - 34)));
	nic_close(&n);
}

int main(void)
{
	many_share_an_address();
	tcp_and_ping_cross();
	errors_come_home();
	floating_address_is_open_both_ways();
	translation_survives();
	partial_checksums_stay_partial();
	return check_result();
}
