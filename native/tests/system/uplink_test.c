/* Two dataplanes joined by VXLAN across network namespaces; a stranger on the link; VLAN and QinQ seen from the wire. */
#include "env.h"

#include <arpa/inet.h>
#include <signal.h>
#include <unistd.h>

#include "net.h"

enum { A, B };
static int ns[2];
static struct guest *a, *b, *c; /* a on A; b (without offloads) and c (with) on B */
static struct host ha, hb, hc, hd, gw1, gw2;
static struct frame f, got;
static uint64_t generation = 1;
static int wire; /* a raw socket at B's end of the link */

static void on(unsigned host)
{
	env_select(host);
}

/* --- building ------------------------------------------------------------------------------------------------------------ */
static struct fh_uplink uplink(unsigned host)
{
	struct fh_uplink u = { .struct_size = sizeof u, .id = env_id(FH_KIND_UPLINK, 1), .generation = generation++ };
	strcpy(u.device, host == A ? "upa" : "upb");
	u.address = env_addr(host == A ? "192.0.2.1/24" : "192.0.2.2/24");
	u.address.prefix_len = 24;
	return u;
}

static struct fh_segment segment(uint32_t n)
{
	struct fh_segment s = env_segment(n);
	s.uplink = env_id(FH_KIND_UPLINK, 1);
	s.transport = FH_TRANSPORT_VXLAN;
	return s;
}

static struct fh_remote_port remote(uint32_t seg, uint32_t n, const char *tunnel)
{
	struct host h = env_host(seg, n);
	struct fh_remote_port r = { .struct_size = sizeof r, .id = env_id(FH_KIND_REMOTE_PORT, n), .segment = env_id(FH_KIND_SEGMENT, seg),
				    .generation = generation++, .n_addrs = 2 };
	memcpy(r.mac, h.mac, 6);
	if (tunnel)
		r.tunnel = env_addr(tunnel);
	r.addrs[0] = (struct fh_addr){ .family = 4, .prefix_len = 32 };
	memcpy(r.addrs[0].b, h.ip4, 4);
	r.addrs[1] = (struct fh_addr){ .family = 6, .prefix_len = 128 };
	memcpy(r.addrs[1].b, h.ip6, 16);
	return r;
}

static void put_networks(fh_txn *t, unsigned host)
{
	struct fh_uplink u = uplink(host);
	CHECK(fh_txn_put_uplink(t, &u) == FH_OK, " ");
	for (uint32_t s = 1; s <= 2; s++) {
		struct fh_segment g = segment(s);
		CHECK(fh_txn_put_segment(t, &g) == FH_OK, " ");
	}
	struct fh_router r = { .struct_size = sizeof r, .id = env_id(FH_KIND_ROUTER, 1), .generation = generation++, .n_segments = 2,
			       .segments = { env_id(FH_KIND_SEGMENT, 1), env_id(FH_KIND_SEGMENT, 2) } };
	CHECK(fh_txn_put_router(t, &r) == FH_OK, " ");
}

static void put_remote(fh_txn *t, uint32_t seg, uint32_t n, const char *tunnel)
{
	struct fh_remote_port r = remote(seg, n, tunnel);
	CHECK(fh_txn_put_remote_port(t, &r) == FH_OK, " ");
}

static void set_up(void)
{
	struct fh_rule open = env_rule(1, FH_INGRESS, -1, -1, NULL);
	ns[A] = net_namespace();
	ns[B] = net_namespace();
	net_veth(ns[A], "upa", ns[B], "upb", 1500);
	wire = net_raw(ns[B], "upb");
	ha = env_host(1, 5);
	hb = env_host(1, 6);
	hc = env_host(1, 7);
	hd = env_host(2, 8);
	gw1 = env_gateway(1);
	gw2 = env_gateway(2);
	for (unsigned host = A; host <= B; host++) {
		on(host);
		env_netns = ns[host];
		env_uplinks[0] = host == A ? "upa:af_packet" : "upb:af_packet";
		env_start();
		fh_txn *t = fh_txn_new();
		put_networks(t, host);
		for (uint32_t n = 5; n <= 8; n++) {
			uint32_t seg = n == 8 ? 2 : 1;
			if ((n == 5) == (host == A)) {
				struct fh_port p = env_port(seg, n);
				env_put_group(t, n, &open, n != 5);
				env_put_port(t, &p);
			} else {
				put_remote(t, seg, n, host == A ? "192.0.2.2" : "192.0.2.1");
			}
		}
		env_must(t);
	}
	on(A);
	a = env_guest(5, GUEST_OFFLOADS);
	on(B);
	b = env_guest(6, 0);
	c = env_guest(7, GUEST_OFFLOADS);
}

static struct fh_uplink_status status(unsigned host)
{
	static struct fh_uplink_status s[8];
	uint64_t cursor = 0;
	uint32_t n;
	unsigned before = env_select(host);
	s[0].struct_size = sizeof s[0];
	CHECK(fh_ctl_uplinks(env_ctl, 1000, &cursor, s, 8, &n) == FH_OK && n == 1, "%u uplinks", n);
	env_select(before);
	return s[0];
}

static void await_drops(unsigned host, enum fh_reason reason, uint64_t at_least)
{
	uint64_t end = env_now_ns() + WAIT_MS * 1000000ull;
	while (status(host).drops[reason] < at_least) {
		CHECK(env_now_ns() < end, "%s: %llu", fh_drop_reason_name(reason), (unsigned long long)status(host).drops[reason]);
		usleep(2000);
	}
}

/* --- through the tunnel ------------------------------------------------------------------------------------------------------ */
static void test_forwarding(void)
{
	/* The first packets go while next hops are being asked for. */
	uint64_t end = env_now_ns() + WAIT_MS * 1000000ull;
	while (status(A).neighbours_resolved < 1 || status(B).neighbours_resolved < 1)
		CHECK(env_now_ns() < end, "the tunnel ends do not find each other");
	on(A);
	frame_arp(&f, &ha, 1, ha.mac, ha.ip4, hb.ip4);
	env_send(a, &f);
	if (!env_receive(a, &got, 3 * WAIT_MS)) {
		env_explain();
		CHECK(false, "the request is not answered");
	}
	CHECK(memcmp(got.b + 22, hb.mac, 6) == 0, "not b's MAC");
	frame_udp4(&f, &ha, &hb, 4000, 53, "question", 8);
	env_send(a, &f);
	on(B);
	env_expect(b, &f);
	frame_udp4(&f, &hb, &ha, 53, 4000, "answer", 6);
	env_send(b, &f);
	on(A);
	env_expect(a, &f); /* a lets nobody in, but this is an answer */
	frame_udp6(&f, &ha, &hb, 4000, 53, "question", 8);
	env_send(a, &f);
	on(B);
	env_expect(b, &f);
	frame_udp6(&f, &hb, &ha, 53, 4000, "answer", 6);
	env_send(b, &f);
	on(A);
	env_expect(a, &f);
	uint64_t before = env_drops(5, FH_REASON_DEFAULT);
	frame_udp4(&f, &hb, &ha, 53, 4001, "unasked", 7);
	env_send(b, &f);
	env_await_drops(5, FH_REASON_DEFAULT, before + 1);
	env_expect_silence(a);
	/* More than a burst, in order. */
	for (unsigned i = 0; i < 48; i++) {
		frame_udp4(&f, &ha, &hb, 4000, 53, &i, sizeof i);
		env_send(a, &f);
	}
	on(B);
	for (unsigned i = 0; i < 48; i++) {
		frame_udp4(&f, &ha, &hb, 4000, 53, &i, sizeof i);
		env_expect(b, &f);
	}
}

static void test_routing_between_hosts(void)
{
	struct host to = hd;
	struct guest *d;
	on(B);
	d = env_guest(8, 0);
	memcpy(to.mac, gw1.mac, 6);
	frame_udp4(&f, &ha, &to, 4100, 9, "x", 1);
	env_send(a, &f);
	CHECK(env_receive(d, &got, WAIT_MS) && frame_valid(got.b, got.len) && got.b[22] == 63 && memcmp(got.b, hd.mac, 6) == 0 &&
		      memcmp(got.b + 6, gw2.mac, 6) == 0,
	      "not routed");
	struct host back = ha;
	memcpy(back.mac, gw2.mac, 6);
	frame_udp4(&f, &hd, &back, 9, 4100, "y", 1);
	env_send(d, &f);
	on(A);
	CHECK(env_receive(a, &got, WAIT_MS) && got.b[22] == 63 && memcmp(got.b + 6, gw1.mac, 6) == 0, "no answer");
	guest_free(d);
}

static void test_too_big(void)
{
	static const uint8_t data[1500];
	on(A);
	frame_udp4(&f, &ha, &hb, 4200, 9, data, 1500 - 28);
	env_send(a, &f);
	CHECK(env_receive(a, &got, WAIT_MS) && frame_valid(got.b, got.len) && got.b[34] == 3 && got.b[35] == 4 && (got.b[40] << 8 | got.b[41]) == 1450,
	      "no fragmentation-needed with 1450");
	CHECK(memcmp(got.b + 42, f.b + 14, 40) == 0, "not about that packet");
	frame_udp6(&f, &ha, &hb, 4200, 9, data, 1500 - 48);
	env_send(a, &f);
	CHECK(env_receive(a, &got, WAIT_MS) && frame_valid(got.b, got.len) && got.b[54] == 2 && (got.b[60] << 8 | got.b[61]) == 1450,
	      "no packet-too-big with 1450");
	frame_udp4(&f, &ha, &hb, 4200, 9, data, 1450 - 28);
	env_send(a, &f);
	on(B);
	env_expect(b, &f);
	frame_udp6(&f, &ha, &hb, 4200, 9, data, 1450 - 48);
	env_send(a, &f);
	env_expect(b, &f);
}

/* --- large segments ------------------------------------------------------------------------------------------------------------ */
#define PAYLOAD 20000u
#define MSS 1380u /* fits the tunnel with either header */

static uint8_t data[PAYLOAD];

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A TCP packet of either family, as a driver with offloads hands it over. */
static void large_frame(bool v6, const struct host *to, uint16_t sport, uint32_t seq, struct virtio_net_hdr *h)
{
	frame_tcp4(&f, &ha, to, sport, 80, seq, 9001, TCP_ACK | TCP_PSH, data, PAYLOAD);
	f.b[20] = 0x40; /* do not fragment, as TCP says everywhere */
	f.b[24] = f.b[25] = 0;
	uint16_t header = frame_checksum(f.b + 14, 20, 0);
	f.b[24] = (uint8_t)(header >> 8);
	f.b[25] = (uint8_t)header;
	*h = (struct virtio_net_hdr){ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 16, .gso_size = MSS,
				      .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .hdr_len = 54 };
	if (v6) {
		memmove(f.b + 54, f.b + 34, 20 + PAYLOAD);
		f.len += 20;
		f.b[12] = 0x86;
		f.b[13] = 0xdd;
		memset(f.b + 14, 0, 40);
		f.b[14] = 0x60;
		f.b[18] = (uint8_t)((20 + PAYLOAD) >> 8);
		f.b[19] = (uint8_t)(20 + PAYLOAD);
		f.b[20] = 6;
		f.b[21] = 64;
		memcpy(f.b + 22, ha.ip6, 16);
		memcpy(f.b + 38, to->ip6, 16);
		h->csum_start = 54;
		h->gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
		h->hdr_len = 74;
	}
	uint16_t sum = (uint16_t)~frame_checksum(NULL, 0, frame_pseudo(f.b + 14, v6, 6, 20 + PAYLOAD));
	f.b[h->csum_start + 16u] = (uint8_t)(sum >> 8);
	f.b[h->csum_start + 17u] = (uint8_t)sum;
}

static void tcp6(struct frame *x, const struct host *from, const struct host *to, uint16_t sport, uint16_t dport, uint32_t seq, uint32_t ack, uint8_t flags)
{
	uint8_t t[20] = { (uint8_t)(sport >> 8), (uint8_t)sport, (uint8_t)(dport >> 8), (uint8_t)dport, [12] = 0x50, [13] = flags, [14] = 255, [15] = 255 };
	put32(t + 4, seq);
	put32(t + 8, ack);
	frame_icmp6(x, to->mac, from->mac, from->ip6, to->ip6, t, 20);
	x->b[20] = 6;
	x->b[21] = 64;
	x->b[56] = t[2]; /* where frame_icmp6() put its checksum */
	x->b[57] = t[3];
	x->b[70] = x->b[71] = 0;
	uint16_t sum = frame_checksum(x->b + 54, 20, frame_pseudo(x->b + 14, true, 6, 20));
	x->b[70] = (uint8_t)(sum >> 8);
	x->b[71] = (uint8_t)sum;
}

static void handshake(bool v6, struct guest *g, const struct host *to, uint16_t sport)
{
	if (v6)
		tcp6(&f, &ha, to, sport, 80, 1000, 0, TCP_SYN);
	else
		frame_tcp4(&f, &ha, to, sport, 80, 1000, 0, TCP_SYN, NULL, 0);
	env_send(a, &f);
	on(B);
	env_expect(g, &f);
	if (v6)
		tcp6(&f, to, &ha, 80, sport, 9000, 1001, TCP_SYN | TCP_ACK);
	else
		frame_tcp4(&f, to, &ha, 80, sport, 9000, 1001, TCP_SYN | TCP_ACK, NULL, 0);
	env_send(g, &f);
	on(A);
	env_expect(a, &f);
	on(B);
}

/* Cut on A, for the wire; put together again on B, for a guest that takes large segments. */
static void test_large_segments(bool v6, struct guest *g, const struct host *to, bool merged, uint16_t sport)
{
	struct virtio_net_hdr h, out;
	uint32_t l4 = v6 ? 54 : 34, largest = 0, frames = 0;
	handshake(v6, g, to, sport);
	large_frame(v6, to, sport, 1001, &h);
	/* So that all of it has come when B looks: merging is for what waits together. */
	kill((pid_t)env_pid(), SIGSTOP);
	CHECK(guest_send(a, 0, &h, f.b, f.len), " ");
	usleep(50000);
	kill((pid_t)env_pid(), SIGCONT);
	for (uint32_t at = 0; at < PAYLOAD; frames++) {
		got.len = guest_receive(g, got.b, sizeof got.b, &out, NULL, WAIT_MS);
		if (got.len <= l4 + 20)
			env_explain();
		CHECK(got.len > l4 + 20, "%u bytes came, IPv%d, %s", at, v6 ? 6 : 4, merged ? "merged" : "as cut");
		uint32_t n = (uint32_t)got.len - l4 - 20;
		CHECK(get32(got.b + l4 + 4) == 1001 + at && memcmp(got.b + l4 + 20, data + at, n) == 0, "wrong bytes at %u", at);
		CHECK(!!(got.b[l4 + 13] & TCP_PSH) == (at + n == PAYLOAD), "PSH at %u", at);
		if (out.gso_type == VIRTIO_NET_HDR_GSO_NONE)
			CHECK(frame_valid(got.b, got.len) && n <= MSS, "the piece at %u is not valid", at);
		else
			CHECK(merged && out.gso_size == MSS && out.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && out.csum_start == l4, "offloads at %u", at);
		if (!v6)
			CHECK(frame_checksum(got.b + 14, 20, 0) == 0 && (uint32_t)(got.b[16] << 8 | got.b[17]) == n + 40, "IP header at %u", at);
		else
			CHECK((uint32_t)(got.b[18] << 8 | got.b[19]) == n + 20, "IP header at %u", at);
		largest = n > largest ? n : largest;
		at += n;
	}
	CHECK(merged ? largest >= 4 * MSS : largest == MSS, "the largest has %u bytes, %u frames", largest, frames);
}

static void test_fragments(void)
{
	static struct frame first, second;
	uint8_t bytes[2000];
	memset(bytes, 7, sizeof bytes);
	frame_udp4(&f, &ha, &hb, 4400, 900, bytes, sizeof bytes - 8);
	memcpy(bytes, f.b + 34, 8);
	frame_fragment4(&first, &ha, &hb, 42, 0, true, bytes, 1200);
	frame_fragment4(&second, &ha, &hb, 42, 1200, false, bytes + 1200, 800);
	env_send(a, &second);
	env_send(a, &first);
	on(B);
	env_expect(b, &first);
	env_expect(b, &second);
}

/* --- the link ---------------------------------------------------------------------------------------------------------------------- */
/* An Ethernet frame in VXLAN as it is on the link, from B's end towards A. */
static size_t tunnelled(uint8_t *o, const uint8_t src[4], uint32_t vni, const struct frame *inner)
{
	struct fh_uplink_status to = status(A), from = status(B);
	size_t len = 20 + 8 + 8 + inner->len;
	memset(o, 0, 50);
	memcpy(o, to.mac, 6);
	memcpy(o + 6, from.mac, 6);
	o[12] = 8;
	o[14] = 0x45;
	o[16] = (uint8_t)(len >> 8);
	o[17] = (uint8_t)len;
	o[22] = 64;
	o[23] = 17;
	memcpy(o + 26, src, 4);
	memcpy(o + 30, "\xc0\x00\x02\x01", 4);
	uint16_t sum = frame_checksum(o + 14, 20, 0);
	o[24] = (uint8_t)(sum >> 8);
	o[25] = (uint8_t)sum;
	o[34] = 0xcc;
	o[36] = 4789 >> 8;
	o[37] = 4789 & 255;
	o[38] = (uint8_t)((len - 20) >> 8);
	o[39] = (uint8_t)(len - 20);
	o[42] = 8;
	put32(o + 46, vni << 8);
	memcpy(o + 50, inner->b, inner->len);
	return 50 + inner->len;
}

static void test_strangers(void)
{
	static const uint8_t known[4] = { 192, 0, 2, 2 }, stranger[4] = { 192, 0, 2, 66 };
	static uint8_t o[2000];
	struct fh_rule open = env_rule(1, FH_INGRESS, -1, -1, NULL);
	on(A);
	fh_txn *t = fh_txn_new();
	env_put_group(t, 5, &open, 1); /* so that nothing but the tunnel's checks is in the way */
	env_must(t);
	frame_udp4(&f, &hb, &ha, 1, 2, "hello", 5);
	size_t n = tunnelled(o, known, 1, &f);
	CHECK(net_raw_send(wire, o, n), " ");
	env_expect(a, &f);
	struct fh_uplink_status before = status(A);
	tunnelled(o, stranger, 1, &f);
	CHECK(net_raw_send(wire, o, n), " ");
	await_drops(A, FH_REASON_SPOOFED_IP, before.drops[FH_REASON_SPOOFED_IP] + 1);
	tunnelled(o, known, 99, &f);
	CHECK(net_raw_send(wire, o, n), " ");
	await_drops(A, FH_REASON_NO_ROUTE, before.drops[FH_REASON_NO_ROUTE] + 1);
	/* Another tenant's network does not help: a is not in it. */
	tunnelled(o, known, 2, &f);
	CHECK(net_raw_send(wire, o, n), " ");
	await_drops(A, FH_REASON_SPOOFED_MAC, before.drops[FH_REASON_SPOOFED_MAC] + 1);
	/* Nobody is a NIC of this host but that NIC, and nobody unknown is anybody. */
	struct host liar = ha;
	frame_udp4(&f, &liar, &ha, 1, 2, "hello", 5);
	liar.ip4[3] = 77;
	frame_udp4(&f, &liar, &ha, 1, 2, "hello", 5);
	n = tunnelled(o, known, 1, &f);
	CHECK(net_raw_send(wire, o, n), " ");
	await_drops(A, FH_REASON_SPOOFED_MAC, before.drops[FH_REASON_SPOOFED_MAC] + 2);
	/* Each truncation of a good frame, each byte of its headers turned: nothing bad happens, and nothing reaches a that was not meant to. */
	frame_udp4(&f, &hb, &ha, 1, 2, "hello", 5);
	n = tunnelled(o, known, 1, &f);
	for (size_t i = 1; i < n; i++)
		net_raw_send(wire, o, i < 15 ? 15 : i);
	for (size_t i = 14; i < 50; i++) {
		o[i] ^= 0xff;
		net_raw_send(wire, o, n);
		o[i] ^= 0xff;
	}
	while (env_receive(a, &got, SILENCE_MS))
		CHECK(got.len == f.len && memcmp(got.b, f.b, f.len) == 0, "%zu other bytes arrived", got.len);
	t = fh_txn_new();
	env_put_group(t, 5, NULL, 0);
	env_must(t);
}

/* Attack 13: the underlay is not reachable from within, whatever is sent. */
static void test_underlay_is_out_of_reach(void)
{
	struct host end = hb;
	struct fh_uplink_status s = status(A);
	on(A);
	memcpy(end.ip4, "\xc0\x00\x02\x02", 4);
	memcpy(end.mac, gw1.mac, 6);
	frame_udp4(&f, &ha, &end, 50000, 4789, "\x08\0\0\0\0\0\2\0 and a frame", 20);
	env_send(a, &f);
	CHECK(env_receive(a, &got, WAIT_MS) && got.b[34] == 3 && got.b[35] == 0, "the gateway knows the underlay");
	struct fh_uplink_status peer = status(B);
	memcpy(end.mac, peer.mac, 6);
	frame_udp4(&f, &ha, &end, 50000, 4789, "\x08\0\0\0\0\0\2\0 and a frame", 20);
	uint64_t before = env_drops(5, FH_REASON_NO_ROUTE);
	env_send(a, &f);
	env_await_drops(5, FH_REASON_NO_ROUTE, before + 1);
	usleep(50000);
	CHECK(status(A).tx_packets == s.tx_packets, "a frame left");
	while (net_raw_receive(wire, got.b, sizeof got.b, 0))
		;
}

static void test_restart(void)
{
	on(B);
	env_netns = ns[B];
	/* Without its device: who is on this host talks on, who is not is not reached. */
	env_uplinks[0] = "gone0";
	env_kill();
	env_start();
	CHECK(guest_start(b, 0, WAIT_MS) && guest_start(c, GUEST_OFFLOADS, WAIT_MS), "the dataplane does not come back without its uplink");
	env_await_state(6, FH_PORT_UP);
	env_await_state(7, FH_PORT_UP);
	frame_udp4(&f, &hb, &ha, 1, 2, "is anybody there", 16);
	env_send(b, &f);
	frame_udp4(&f, &hb, &hc, 1, 2, "neighbour", 9);
	env_send(b, &f);
	env_expect(c, &f);
	struct fh_rule open = env_rule(1, FH_INGRESS, -1, -1, NULL);
	fh_txn *t = fh_txn_new();
	env_put_group(t, 6, &open, 1);
	env_must(t); /* other changes go on */
	env_uplinks[0] = "upb:af_packet";
	env_kill();
	env_start();
	CHECK(guest_start(b, 0, WAIT_MS) && guest_start(c, GUEST_OFFLOADS, WAIT_MS), "the dataplane does not come back");
	env_await_state(6, FH_PORT_UP);
	struct fh_info info = { .struct_size = sizeof info };
	CHECK(fh_ctl_info(env_ctl, 1000, &info) == FH_OK && info.n_uplinks == 1 && info.n_remotes == 1, " ");
	uint64_t end = env_now_ns() + WAIT_MS * 1000000ull;
	while (status(B).neighbours_resolved < 1)
		CHECK(env_now_ns() < end, "the next hop is not found again");
	frame_udp4(&f, &ha, &hb, 4000, 53, "again", 5);
	on(A);
	env_send(a, &f);
	on(B);
	env_expect(b, &f);
}

static void test_references(void)
{
	struct fh_commit_result r;
	on(A);
	fh_txn *t = fh_txn_new();
	struct fh_uplink u = uplink(A);
	u.id = env_id(FH_KIND_UPLINK, 2);
	strcpy(u.device, "upa");
	CHECK(fh_txn_put_uplink(t, &u) == FH_OK && env_commit(t, &r) == FH_EINVAL, "one device, two uplinks: %s", r.message);
	t = fh_txn_new();
	struct fh_segment s = segment(3);
	s.vni = 1;
	CHECK(fh_txn_put_segment(t, &s) == FH_OK && env_commit(t, &r) == FH_EINVAL, "a VNI twice: %s", r.message);
	t = fh_txn_new();
	struct fh_id id = env_id(FH_KIND_UPLINK, 1);
	CHECK(fh_txn_remove(t, FH_KIND_UPLINK, &id) == FH_OK && env_commit(t, &r) == FH_EREF, "an uplink in use goes: %s", r.message);
	t = fh_txn_new();
	put_remote(t, 1, 30, NULL);
	CHECK(env_commit(t, &r) == FH_EREF, "a remote without tunnel: %s", r.message);
	/* A new NIC elsewhere, then it is here. */
	t = fh_txn_new();
	put_remote(t, 1, 30, "192.0.2.2");
	env_must(t);
	struct host h = env_host(1, 30);
	frame_arp(&f, &ha, 1, ha.mac, ha.ip4, h.ip4);
	env_send(a, &f);
	CHECK(env_receive(a, &got, WAIT_MS) && memcmp(got.b + 22, h.mac, 6) == 0, "the new NIC is not known");
	t = fh_txn_new();
	id = env_id(FH_KIND_REMOTE_PORT, 30);
	CHECK(fh_txn_remove(t, FH_KIND_REMOTE_PORT, &id) == FH_OK, " ");
	env_must(t);
	env_send(a, &f);
	env_expect_silence(a);
}

/* --- VLAN and QinQ ------------------------------------------------------------------------------------------------------------------ */
static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* A frame as it is with tags (outer 0: one tag). Return: its length. */
static size_t tagged(uint8_t *o, const struct frame *x, uint16_t outer, uint16_t inner)
{
	size_t at = 12;
	memcpy(o, x->b, 12);
	if (outer) {
		put16(o + at, 0x88a8);
		put16(o + at + 2, outer);
		at += 4;
	}
	put16(o + at, 0x8100);
	put16(o + at + 2, inner);
	memcpy(o + at + 4, x->b + 12, x->len - 12);
	return at + 4 + x->len - 12;
}

static bool from_wire(const uint8_t *expected, size_t len)
{
	static uint8_t o[70000];
	size_t n;
	while ((n = net_raw_receive(wire, o, sizeof o, 500)))
		if (n == len && memcmp(o, expected, len) == 0)
			return true;
	return false;
}

static void test_vlan(uint32_t seg, uint16_t outer, uint16_t vlan)
{
	static uint8_t o[2000];
	struct fh_rule open = env_rule(1, FH_INGRESS, -1, -1, NULL);
	struct host local = env_host(seg, 40 + seg), far = env_host(seg, 60 + seg);
	struct fh_segment s = segment(seg);
	struct fh_port p = env_port(seg, 40 + seg);
	on(A);
	s.transport = outer ? FH_TRANSPORT_QINQ : FH_TRANSPORT_VLAN;
	s.vlan = vlan;
	s.outer_vlan = outer;
	snprintf(p.socket_path, sizeof p.socket_path, "%s", env_path(outer ? "portq" : "portv"));
	fh_txn *t = fh_txn_new();
	CHECK(fh_txn_put_segment(t, &s) == FH_OK, " ");
	env_put_group(t, 40 + seg, &open, 1);
	env_put_port(t, &p);
	put_remote(t, seg, 60 + seg, NULL);
	env_must(t);
	struct guest *g = guest_new(p.socket_path, 1);
	CHECK(g && guest_start(g, 0, WAIT_MS), "no back end");
	env_await_state(40 + seg, FH_PORT_UP);
	frame_udp4(&f, &local, &far, 1, 2, "out", 3);
	env_send(g, &f);
	CHECK(from_wire(o, tagged(o, &f, outer, vlan)), "not on the wire");
	frame_udp4(&f, &far, &local, 3, 4, "in", 2);
	net_raw_send(wire, o, tagged(o, &f, outer, vlan));
	env_expect(g, &f);
	/* Another tag is another network; none is none. */
	net_raw_send(wire, o, tagged(o, &f, outer, (uint16_t)(vlan + 1)));
	net_raw_send(wire, o, tagged(o, &f, outer ? (uint16_t)(outer + 1) : 9, vlan));
	net_raw_send(wire, f.b, f.len);
	env_expect_silence(g);
	/* Who is asked for on the VLAN is told by this host if it is here. */
	frame_arp(&f, &far, 1, far.mac, far.ip4, local.ip4);
	net_raw_send(wire, o, tagged(o, &f, outer, vlan));
	struct frame answer;
	memset(&answer, 0, sizeof answer);
	frame_arp(&answer, &local, 2, local.mac, local.ip4, far.ip4);
	memcpy(answer.b, far.mac, 6);
	memcpy(answer.b + 32, far.mac, 6);
	CHECK(from_wire(o, tagged(o, &answer, outer, vlan)), "ARP is not answered");
	uint8_t nd[32] = { 135 };
	memcpy(nd + 8, local.ip6, 16);
	nd[24] = 1;
	nd[25] = 1;
	memcpy(nd + 26, far.mac, 6);
	uint8_t group_mac[6] = { 0x33, 0x33, 0xff, local.ip6[13], local.ip6[14], local.ip6[15] };
	frame_icmp6(&f, group_mac, far.mac, far.ip6, local.ip6, nd, sizeof nd);
	net_raw_send(wire, o, tagged(o, &f, outer, vlan));
	nd[0] = 136;
	nd[4] = 0x60;
	nd[24] = 2;
	memcpy(nd + 26, local.mac, 6);
	frame_icmp6(&answer, far.mac, local.mac, local.ip6, far.ip6, nd, sizeof nd);
	CHECK(from_wire(o, tagged(o, &answer, outer, vlan)), "a neighbour solicitation is not answered");
	guest_free(g);
}

/* Desired state names a device that the dataplane was not started with: what hangs on it leads nowhere, all else goes on. */
static void test_missing_device(void)
{
	struct fh_uplink u = uplink(A);
	struct fh_segment outside = env_segment(9);
	struct fh_port p = env_port(1, 5);
	struct fh_router r = { .struct_size = sizeof r, .id = env_id(FH_KIND_ROUTER, 1), .generation = generation++, .n_segments = 2,
			       .segments = { env_id(FH_KIND_SEGMENT, 1), env_id(FH_KIND_SEGMENT, 2) } };
	on(A);
	u.id = outside.uplink = env_id(FH_KIND_UPLINK, 2);
	strcpy(u.device, "nope0");
	outside.flags = FH_SEGMENT_EXTERNAL;
	outside.transport = FH_TRANSPORT_VLAN;
	r.external = outside.id;
	p.generation = 100000 + generation++;
	p.public_[p.n_public++] = (struct fh_public){ .kind = FH_PUBLIC_FLOATING, .address = env_addr("10.9.0.20"), .inside = p.addrs[0] };
	fh_txn *t = fh_txn_new();
	CHECK(fh_txn_put_uplink(t, &u) == FH_OK && fh_txn_put_segment(t, &outside) == FH_OK && fh_txn_put_router(t, &r) == FH_OK, " ");
	env_put_port(t, &p);
	env_must(t);
	uint64_t before = env_drops(5, FH_REASON_NO_ROUTE);
	struct host far = gw1;
	inet_pton(AF_INET, "10.9.0.77", far.ip4);
	frame_udp4(&f, &ha, &far, 1, 2, "out", 3);
	env_send(a, &f);
	env_await_drops(5, FH_REASON_NO_ROUTE, before + 1);
	frame_udp4(&f, &ha, &hb, 4001, 53, "inside", 6);
	env_send(a, &f);
	on(B);
	env_expect(b, &f);
	/* The uplink in use becomes one that is missing, and comes back. */
	on(A);
	for (int missing = 1; missing >= 0; missing--) {
		u = uplink(A);
		u.generation += 100000;
		if (missing)
			strcpy(u.device, "nope1");
		t = fh_txn_new();
		CHECK(fh_txn_put_uplink(t, &u) == FH_OK, " ");
		env_must(t);
		if (missing) {
			env_send(a, &f);
			on(B);
			env_expect_silence(b);
			on(A);
		}
	}
	uint64_t end = env_now_ns() + WAIT_MS * 1000000ull;
	while (status(A).neighbours_resolved < 1)
		CHECK(env_now_ns() < end, "the next hop is not found again");
	env_send(a, &f);
	on(B);
	env_expect(b, &f);
}

int main(int argc, char *argv[])
{
	if (argc > 1)
		env_workers = argv[1];
	signal(SIGPIPE, SIG_IGN);
	for (uint32_t i = 0; i < PAYLOAD; i++)
		data[i] = (uint8_t)(i * 31 >> 3);
	net_isolate();
	set_up();
	test_forwarding();
	test_routing_between_hosts();
	test_too_big();
	test_large_segments(false, b, &hb, false, 4300);
	test_large_segments(false, c, &hc, true, 4301);
	test_large_segments(true, b, &hb, false, 4302);
	test_large_segments(true, c, &hc, true, 4303);
	test_fragments();
	test_strangers();
	test_underlay_is_out_of_reach();
	test_restart();
	test_references();
	test_vlan(3, 0, 100);
	test_vlan(4, 200, 100);
	test_missing_device();
	guest_free(a);
	guest_free(b);
	guest_free(c);
	return 0;
}
