#include "frame.h"

#include <string.h>

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint16_t frame_checksum(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *p = data;
	for (; len > 1; len -= 2, p += 2)
		sum += get16(p);
	if (len)
		sum += (uint32_t)p[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint32_t frame_pseudo(const uint8_t *ip, bool v6, uint8_t proto, uint32_t len)
{
	uint32_t sum = proto + (len >> 16) + (len & 0xffff);
	const uint8_t *a = ip + (v6 ? 8 : 12);
	for (unsigned i = 0; i < (v6 ? 32u : 8u); i += 2)
		sum += get16(a + i);
	return sum;
}

void frame_eth(struct frame *f, const uint8_t dst[6], const uint8_t src[6], uint16_t type)
{
	memcpy(f->b, dst, 6);
	memcpy(f->b + 6, src, 6);
	put16(f->b + 12, type);
	f->len = 14;
}

void frame_arp(struct frame *f, const struct host *from, uint16_t op, const uint8_t sender_mac[6], const uint8_t sender[4],
	       const uint8_t target[4])
{
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	frame_eth(f, all, from->mac, 0x0806);
	uint8_t *a = f->b + 14;
	memset(a, 0, 28);
	put16(a, 1);
	put16(a + 2, 0x0800);
	a[4] = 6;
	a[5] = 4;
	put16(a + 6, op);
	memcpy(a + 8, sender_mac, 6);
	memcpy(a + 14, sender, 4);
	memcpy(a + 24, target, 4);
	f->len = 42;
}

/* Return: where the L4 header goes. */
static uint8_t *ip4(struct frame *f, const uint8_t dst_mac[6], const uint8_t src_mac[6], const uint8_t src[4], const uint8_t dst[4],
		    uint8_t proto, size_t l4_len)
{
	frame_eth(f, dst_mac, src_mac, 0x0800);
	uint8_t *ip = f->b + 14;
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, (uint32_t)(20 + l4_len));
	ip[8] = 64;
	ip[9] = proto;
	memcpy(ip + 12, src, 4);
	memcpy(ip + 16, dst, 4);
	put16(ip + 10, frame_checksum(ip, 20, 0));
	f->len = 34 + l4_len;
	return ip + 20;
}

static uint8_t *ip6(struct frame *f, const uint8_t dst_mac[6], const uint8_t src_mac[6], const uint8_t src[16], const uint8_t dst[16],
		    uint8_t proto, uint8_t hops, size_t l4_len)
{
	frame_eth(f, dst_mac, src_mac, 0x86dd);
	uint8_t *ip = f->b + 14;
	memset(ip, 0, 40);
	ip[0] = 0x60;
	put16(ip + 4, (uint32_t)l4_len);
	ip[6] = proto;
	ip[7] = hops;
	memcpy(ip + 8, src, 16);
	memcpy(ip + 24, dst, 16);
	f->len = 54 + l4_len;
	return ip + 40;
}

static void udp(uint8_t *u, const uint8_t *ip, bool v6, uint16_t sport, uint16_t dport, const void *data, size_t len)
{
	put16(u, sport);
	put16(u + 2, dport);
	put16(u + 4, (uint32_t)(8 + len));
	put16(u + 6, 0);
	memcpy(u + 8, data, len);
	uint16_t sum = frame_checksum(u, 8 + len, frame_pseudo(ip, v6, 17, (uint32_t)(8 + len)));
	put16(u + 6, sum ? sum : 0xffff);
}

void frame_udp4(struct frame *f, const struct host *from, const struct host *to, uint16_t sport, uint16_t dport, const void *data,
		size_t len)
{
	uint8_t *u = ip4(f, to->mac, from->mac, from->ip4, to->ip4, 17, 8 + len);
	udp(u, f->b + 14, false, sport, dport, data, len);
}

void frame_udp6(struct frame *f, const struct host *from, const struct host *to, uint16_t sport, uint16_t dport, const void *data,
		size_t len)
{
	uint8_t *u = ip6(f, to->mac, from->mac, from->ip6, to->ip6, 17, 64, 8 + len);
	udp(u, f->b + 14, true, sport, dport, data, len);
}

void frame_tcp4(struct frame *f, const struct host *from, const struct host *to, uint16_t sport, uint16_t dport, uint32_t seq,
		uint32_t ack, uint8_t flags, const void *data, size_t len)
{
	uint8_t *t = ip4(f, to->mac, from->mac, from->ip4, to->ip4, 6, 20 + len);
	memset(t, 0, 20);
	put16(t, sport);
	put16(t + 2, dport);
	put32(t + 4, seq);
	put32(t + 8, ack);
	t[12] = 0x50;
	t[13] = flags;
	put16(t + 14, 65535);
	if (len)
		memcpy(t + 20, data, len);
	put16(t + 16, frame_checksum(t, 20 + len, frame_pseudo(f->b + 14, false, 6, (uint32_t)(20 + len))));
}

void frame_echo4(struct frame *f, const struct host *from, const uint8_t dst_mac[6], const uint8_t dst[4], uint8_t type, uint16_t id)
{
	uint8_t *i = ip4(f, dst_mac, from->mac, from->ip4, dst, 1, 16);
	memset(i, 0, 16);
	i[0] = type;
	put16(i + 4, id);
	put16(i + 6, 1);
	memcpy(i + 8, "freehold", 8);
	put16(i + 2, frame_checksum(i, 16, 0));
}

void frame_fragment4(struct frame *f, const struct host *from, const struct host *to, uint16_t id, uint16_t off, bool more,
		     const void *data, size_t len)
{
	uint8_t *p = ip4(f, to->mac, from->mac, from->ip4, to->ip4, 17, len);
	uint8_t *ip = f->b + 14;
	memcpy(p, data, len);
	put16(ip + 4, id);
	put16(ip + 6, (uint32_t)((more ? 0x2000 : 0) | off / 8));
	put16(ip + 10, 0);
	put16(ip + 10, frame_checksum(ip, 20, 0));
}

void frame_icmp6(struct frame *f, const uint8_t dst_mac[6], const uint8_t src_mac[6], const uint8_t src[16], const uint8_t dst[16],
		 const void *icmp, size_t len)
{
	uint8_t *i = ip6(f, dst_mac, src_mac, src, dst, 58, 255, len);
	memcpy(i, icmp, len);
	put16(i + 2, 0);
	put16(i + 2, frame_checksum(i, len, frame_pseudo(f->b + 14, true, 58, (uint32_t)len)));
}

void frame_dhcp(struct frame *f, const struct host *from, uint8_t type, const uint8_t *requested)
{
	static const uint8_t all_mac[6] = { 255, 255, 255, 255, 255, 255 }, all[4] = { 255, 255, 255, 255 }, none[4];
	uint8_t b[300] = { 1, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef }, *o = b + 240;
	memcpy(b + 28, from->mac, 6);
	put32(b + 236, 0x63825363);
	*o++ = 53;
	*o++ = 1;
	*o++ = type;
	if (requested) {
		*o++ = 50;
		*o++ = 4;
		memcpy(o, requested, 4);
		o += 4;
	}
	*o = 255;
	uint8_t *u = ip4(f, all_mac, from->mac, none, all, 17, 8 + sizeof b);
	udp(u, f->b + 14, false, 68, 67, b, sizeof b);
}

bool frame_valid(const uint8_t *b, size_t len)
{
	if (len < 34)
		return false;
	bool v6 = get16(b + 12) == 0x86dd;
	const uint8_t *ip = b + 14;
	uint32_t header = v6 ? 40 : (ip[0] & 15) * 4u, total = v6 ? 40u + get16(ip + 4) : get16(ip + 2);
	uint8_t proto = v6 ? ip[6] : ip[9];
	if (14 + total > len || total < header || (!v6 && frame_checksum(ip, header, 0) != 0))
		return false;
	const uint8_t *l4 = ip + header;
	uint32_t n = total - header;
	if (proto == 17 && get16(l4 + 6) == 0)
		return !v6;
	return frame_checksum(l4, n, proto == 1 ? 0 : frame_pseudo(ip, v6, proto, n)) == 0;
}
