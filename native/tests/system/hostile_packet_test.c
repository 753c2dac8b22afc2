/*
 * A guest whose rings are fine and whose packets are not: malformed, forged, far too many. See hostile.h.
 */
#include "hostile.h"

#include <unistd.h>

#define QUOTA 4096 /* env_port()'s */

static struct frame f, got;
static uint8_t data[65536];

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void reseal(void)
{
	memset(f.b + 24, 0, 2);
	put16(f.b + 24, frame_checksum(f.b + 14, (f.b[14] & 15) * 4u, 0));
}

/* Sends f; it must be dropped for that reason and not arrive. */
static void refused(uint32_t port, enum fh_reason reason, const char *what)
{
	uint64_t before = env_drops(port, reason);
	hostile_send(&f);
	for (unsigned i = 0; env_drops(port, reason) == before; i++) {
		CHECK(i < 1500, "%s is not counted as %s", what, fh_drop_reason_name(reason));
		usleep(2000);
	}
}

static void tcp_syn(void)
{
	frame_tcp4(&f, &he, &hb, 100, 200, 1, 0, TCP_SYN, NULL, 0);
}

/* 4: each malformation by itself, with the reason that it must have. */
static void attack_malformed(void)
{
	hostile_drain(b);
	tcp_syn();
	f.b[14] = 0x44;
	refused(HOSTILE, FH_REASON_IP_HEADER, "IHL 4");
	tcp_syn();
	f.b[14] = 0x4f; /* options reach beyond the packet */
	refused(HOSTILE, FH_REASON_IP_HEADER, "IHL 15 in 40 bytes");
	tcp_syn();
	f.b[14] = 0x65;
	refused(HOSTILE, FH_REASON_IP_HEADER, "version 6 in IPv4");
	tcp_syn();
	put16(f.b + 16, 2000);
	refused(HOSTILE, FH_REASON_IP_HEADER, "longer than its frame");
	tcp_syn();
	put16(f.b + 16, 30);
	reseal();
	refused(HOSTILE, FH_REASON_L4_HEADER, "TCP of 10 bytes");
	tcp_syn();
	f.b[46] = 0x40;
	refused(HOSTILE, FH_REASON_L4_HEADER, "data offset 4");
	tcp_syn();
	f.b[46] = 0xf0;
	refused(HOSTILE, FH_REASON_L4_HEADER, "data offset beyond the packet");
	tcp_syn();
	f.b[47] = TCP_SYN | TCP_FIN;
	refused(HOSTILE, FH_REASON_TCP_FLAGS, "SYN and FIN");
	tcp_syn();
	f.len = 20;
	refused(HOSTILE, FH_REASON_SHORT_FRAME, "20 bytes");
	tcp_syn();
	put16(f.b + 12, 0x8100);
	refused(HOSTILE, FH_REASON_VLAN_TAGGED, "a VLAN tag");
	tcp_syn();
	put16(f.b + 12, 0x88a8);
	put16(f.b + 16, 0x8100);
	refused(HOSTILE, FH_REASON_VLAN_TAGGED, "a stack of VLAN tags");
	tcp_syn();
	put16(f.b + 12, 0x8035);
	refused(HOSTILE, FH_REASON_FORGED_CONTROL, "RARP");
	frame_udp4(&f, &he, &hb, 1, 2, data, 20);
	put16(f.b + 38, 200);
	refused(HOSTILE, FH_REASON_L4_HEADER, "UDP longer than its packet");
	frame_udp6(&f, &he, &hb, 1, 2, data, 400);
	f.b[20] = 0;
	for (unsigned i = 0; i < 40; i++) { /* hop-by-hop headers without end */
		f.b[54 + 8 * i] = 60;
		f.b[55 + 8 * i] = 0;
	}
	refused(HOSTILE, FH_REASON_IP_OPTIONS, "a chain of 40 extension headers");
	frame_udp6(&f, &he, &hb, 1, 2, data, 64);
	f.b[20] = 43;
	f.b[54] = 17;
	f.b[55] = 0;
	f.b[56] = 0; /* routing type 0 */
	f.b[57] = 1;
	refused(HOSTILE, FH_REASON_IP_OPTIONS, "source routing");
	frame_udp6(&f, &he, &hb, 1, 2, data, 64);
	f.b[20] = 60;
	f.b[55] = 200; /* ends beyond the packet */
	refused(HOSTILE, FH_REASON_IP_OPTIONS, "an extension header beyond the packet");
	frame_udp4(&f, &he, &hb, 1, 2, data, 20);
	memset(f.b + 26, 127, 1);
	reseal();
	refused(HOSTILE, FH_REASON_BAD_ADDRESS, "from 127.0.0.0/8");
	env_expect_silence(b);
}

/* 5: names and addresses of others. */
static void attack_spoofing(void)
{
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	struct host liar = he;
	memcpy(liar.mac, ha.mac, 6);
	frame_udp4(&f, &liar, &hb, 1, 2, "x", 1);
	refused(HOSTILE, FH_REASON_SPOOFED_MAC, "another's MAC");
	liar = he;
	memcpy(liar.ip4, ha.ip4, 4);
	frame_udp4(&f, &liar, &hb, 1, 2, "x", 1);
	refused(HOSTILE, FH_REASON_SPOOFED_IP, "another's IPv4 address");
	memcpy(liar.ip6, ha.ip6, 16);
	frame_udp6(&f, &liar, &hb, 1, 2, "x", 1);
	refused(HOSTILE, FH_REASON_SPOOFED_IP, "another's IPv6 address");
	frame_arp(&f, &he, 2, he.mac, ha.ip4, hb.ip4);
	refused(HOSTILE, FH_REASON_SPOOFED_NEIGHBOUR, "ARP for another's address");
	frame_arp(&f, &he, 1, ha.mac, he.ip4, hb.ip4);
	refused(HOSTILE, FH_REASON_SPOOFED_NEIGHBOUR, "ARP with another's MAC");
	frame_udp4(&f, &he, &hb, 67, 68, data, 300);
	refused(HOSTILE, FH_REASON_FORGED_CONTROL, "a DHCP answer");
	frame_udp6(&f, &he, &hb, 547, 546, data, 60);
	refused(HOSTILE, FH_REASON_FORGED_CONTROL, "a DHCPv6 answer");
	uint8_t ra[16] = { 134 };
	frame_icmp6(&f, hb.mac, he.mac, he.ip6, hb.ip6, ra, sizeof ra);
	refused(HOSTILE, FH_REASON_FORGED_CONTROL, "a router advertisement");
	struct host everybody = hb;
	memcpy(everybody.mac, all, 6);
	frame_udp4(&f, &he, &everybody, 1, 2, "x", 1);
	refused(HOSTILE, FH_REASON_NO_ROUTE, "a broadcast");
	env_expect_silence(b);
}

static void open_tcp(uint16_t sport)
{
	frame_tcp4(&f, &ha, &hb, sport, 80, 1000, 0, TCP_SYN, NULL, 0);
	env_send(a, &f);
	env_expect(b, &f);
	frame_tcp4(&f, &hb, &ha, 80, sport, 5000, 1001, TCP_SYN | TCP_ACK, NULL, 0);
	env_send(b, &f);
	env_expect(a, &f);
	frame_tcp4(&f, &ha, &hb, sport, 80, 1001, 5001, TCP_ACK, NULL, 0);
	env_send(a, &f);
	env_expect(b, &f);
}

static void still_open(uint16_t sport, uint32_t *sent)
{
	frame_tcp4(&f, &ha, &hb, sport, 80, 1001 + *sent, 5001, TCP_ACK | TCP_PSH, "data", 4);
	*sent += 4;
	env_send(a, &f);
	env_expect(b, &f);
	frame_tcp4(&f, &hb, &ha, 80, sport, 5001, 1001 + *sent, TCP_ACK, NULL, 0);
	env_send(b, &f);
	env_expect(a, &f);
}

/* 6: far more new connections than anybody may have, TCP and UDP; what is established elsewhere goes on. */
static void attack_flood(void)
{
	uint32_t sent = 0;
	open_tcp(6000);
	for (uint32_t i = 0; i < 8 * QUOTA; i++) {
		if (i % 2)
			frame_udp4(&f, &he, &hb, (uint16_t)(1024 + i % 60000), (uint16_t)(100 + i / 60000), "x", 1);
		else
			frame_tcp4(&f, &he, &hb, (uint16_t)(1024 + i % 60000), (uint16_t)(100 + i / 60000), i, 0, TCP_SYN, NULL, 0);
		hostile_send(&f);
		if (i % 64 == 0)
			while (guest_receive(b, got.b, sizeof got.b, NULL, NULL, 0))
				;
	}
	hostile_drain(b);
	struct fh_port_status s = env_status(HOSTILE), victim = env_status(6), bystander = env_status(5);
	CHECK(s.connections <= s.connection_quota && victim.connections <= victim.connection_quota, "%llu and %llu connections",
	      (unsigned long long)s.connections, (unsigned long long)victim.connections);
	CHECK(bystander.connections < 100, "the bystander's table has %llu connections", (unsigned long long)bystander.connections);
	still_open(6000, &sent);
	still_open(6000, &sent);
}

/* 7: fragments that never become a datagram, that overlap, that hide the ports. */
static void attack_fragments(void)
{
	uint64_t limit = env_drops(HOSTILE, FH_REASON_FRAGMENT_LIMIT);
	for (uint32_t i = 0; i < 4000; i++) {
		frame_fragment4(&f, &he, &hb, (uint16_t)i, 800, i % 3, data, 400);
		hostile_send(&f);
	}
	env_await_drops(HOSTILE, FH_REASON_FRAGMENT_LIMIT, limit + 1000);
	/* Somebody else's datagrams are put together all the while. */
	uint8_t udp[808] = { 0, 7, 0, 9, 3, 40 };
	frame_fragment4(&f, &ha, &hb, 7, 0, true, udp, 800);
	env_send(a, &f);
	env_expect(b, &f);
	frame_fragment4(&f, &ha, &hb, 7, 800, false, udp + 800, 8);
	env_send(a, &f);
	env_expect(b, &f);
	hostile_rejoin();
	/* The flood fills its own places for as long as pieces are waited for. */
	usleep(1200000);
	/* A first piece that ends before the ports do. */
	frame_fragment4(&f, &he, &hb, 60000, 0, true, udp, 0);
	refused(HOSTILE, FH_REASON_FRAGMENT_INVALID, "a first fragment without a header");
	/* The second piece overlaps the first. */
	frame_fragment4(&f, &he, &hb, 60001, 0, true, udp, 800);
	hostile_send(&f);
	hostile_drain(b);
	frame_fragment4(&f, &he, &hb, 60001, 0, true, udp, 800);
	put16(f.b + 34, 22); /* another port than the one that was judged */
	refused(HOSTILE, FH_REASON_FRAGMENT_INVALID, "a fragment that overlaps another");
	frame_fragment4(&f, &he, &hb, 60002, 65000, true, udp, 800);
	refused(HOSTILE, FH_REASON_FRAGMENT_INVALID, "a datagram above 64 KB");
}

static void forged_error(const uint8_t *quoted, size_t len)
{
	uint8_t *icmp = f.b + 34;
	frame_echo4(&f, &he, ha.mac, ha.ip4, 3, 0);
	icmp[0] = 3;
	icmp[1] = 1;
	memset(icmp + 2, 0, 6);
	memcpy(icmp + 8, quoted, len);
	f.len = 34 + 8 + len;
	put16(f.b + 16, (uint32_t)(20 + 8 + len));
	reseal();
	put16(icmp + 2, frame_checksum(icmp, 8 + len, 0));
}

/* 8: errors and resets about a connection that is none of its business. */
static void attack_forged_signals(void)
{
	struct frame quoted;
	uint32_t sent = 0;
	open_tcp(6100);
	frame_tcp4(&quoted, &ha, &hb, 6100, 80, 1001, 5001, TCP_ACK, NULL, 0);
	forged_error(quoted.b + 14, 28);
	refused(HOSTILE, FH_REASON_ICMP_UNRELATED, "an ICMP error about others' connection");
	/* A reset with the addresses of the two is a spoofed packet; with its own address it has no connection. */
	struct host liar = he;
	memcpy(liar.ip4, hb.ip4, 4);
	frame_tcp4(&f, &liar, &ha, 80, 6100, 5001, 0, TCP_RST, NULL, 0);
	refused(HOSTILE, FH_REASON_SPOOFED_IP, "a reset in another's name");
	frame_tcp4(&f, &he, &ha, 80, 6100, 5001, 0, TCP_RST, NULL, 0);
	refused(HOSTILE, FH_REASON_CT_NO_CONNECTION, "a reset without a connection");
	still_open(6100, &sent);
	/* b itself, taken over, resets with a guessed number: nothing changes. */
	frame_tcp4(&f, &hb, &ha, 80, 6100, 5001 + 3000, 0, TCP_RST, NULL, 0);
	uint64_t resets = env_drops(6, FH_REASON_CT_TCP_RESET);
	env_send(b, &f);
	env_await_drops(6, FH_REASON_CT_TCP_RESET, resets + 1);
	still_open(6100, &sent);
}

/* 9: a connection whose rule is taken away in the middle of its transfer. */
static void attack_keeps_a_revoked_connection(void)
{
	struct fh_rule open = env_rule(1, FH_INGRESS, -1, -1, NULL);
	frame_udp4(&f, &he, &hb, 4000, 4001, "in time", 7);
	hostile_send(&f);
	env_expect(b, &f);
	fh_txn *t = fh_txn_new();
	env_put_group(t, 6, NULL, 0);
	env_must(t);
	refused(6, FH_REASON_REVOKED, "a packet of a connection whose rule is gone");
	refused(6, FH_REASON_DEFAULT, "the next one");
	env_expect_silence(b);
	t = fh_txn_new();
	env_put_group(t, 6, &open, 1);
	env_must(t);
}

/* 13: tunnel packets of its own making: the hosts' network is out of reach, and a neighbour gets them as the UDP that they are. */
static void attack_tunnels(void)
{
	static const uint8_t end_point[4] = { 192, 168, 0, 2 }, vxlan[8] = { 0x08, 0, 0, 0, 0, 0, 1, 0 };
	struct host beyond = env_gateway(1);
	struct frame inner;
	frame_udp4(&inner, &ha, &hb, 1, 7, "from a", 6);
	memcpy(data, vxlan, sizeof vxlan);
	memcpy(data + sizeof vxlan, inner.b, inner.len);
	memcpy(beyond.ip4, end_point, 4);
	frame_udp4(&f, &he, &beyond, 4789, 4789, data, sizeof vxlan + inner.len);
	refused(HOSTILE, FH_REASON_NO_ROUTE, "VXLAN towards a tunnel end point");
	frame_udp4(&f, &he, &hb, 4789, 4789, data, sizeof vxlan + inner.len);
	hostile_send(&f);
	env_expect(b, &f);
	env_expect_silence(b);
	memset(data, 0, sizeof data);
}

int main(int argc, char *argv[])
{
	static const struct attack attacks[] = {
		{ "4: malformed", attack_malformed },
		{ "5: spoofing", attack_spoofing },
		{ "6: flood", attack_flood },
		{ "7: fragments", attack_fragments },
		{ "8: forged signals", attack_forged_signals },
		{ "9: a revoked connection", attack_keeps_a_revoked_connection },
		{ "13: tunnels", attack_tunnels },
	};
	return hostile_run(argc, argv, attacks, sizeof attacks / sizeof attacks[0]);
}
