/* Frames for tests: built byte by byte, checksums included. */
#ifndef FH_TEST_FRAME_H
#define FH_TEST_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame {
	uint8_t b[70000];
	size_t len;
};

/* One end of a conversation. */
struct host {
	uint8_t mac[6];
	uint8_t ip4[4];
	uint8_t ip6[16];
};

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 };

void frame_eth(struct frame *f, const uint8_t dst[6], const uint8_t src[6], uint16_t type);
void frame_arp(struct frame *f, const struct host *from, uint16_t op, const uint8_t sender_mac[6], const uint8_t sender[4],
	       const uint8_t target[4]);
void frame_udp4(struct frame *f, const struct host *from, const struct host *to, uint16_t sport, uint16_t dport, const void *data,
		size_t len);
void frame_udp6(struct frame *f, const struct host *from, const struct host *to, uint16_t sport, uint16_t dport, const void *data,
		size_t len);
void frame_tcp4(struct frame *f, const struct host *from, const struct host *to, uint16_t sport, uint16_t dport, uint32_t seq,
		uint32_t ack, uint8_t flags, const void *data, size_t len);
void frame_echo4(struct frame *f, const struct host *from, const uint8_t dst_mac[6], const uint8_t dst[4], uint8_t type, uint16_t id);
/* An IPv4 fragment of a UDP datagram: off is in bytes. */
void frame_fragment4(struct frame *f, const struct host *from, const struct host *to, uint16_t id, uint16_t off, bool more,
		     const void *data, size_t len);
void frame_icmp6(struct frame *f, const uint8_t dst_mac[6], const uint8_t src_mac[6], const uint8_t src[16], const uint8_t dst[16],
		 const void *icmp, size_t len);
void frame_dhcp(struct frame *f, const struct host *from, uint8_t type, const uint8_t *requested);

uint16_t frame_checksum(const void *p, size_t len, uint32_t start);
/* Whether IPv4 header and L4 checksums hold (TCP, UDP with a sum, ICMP; both families). */
bool frame_valid(const uint8_t *b, size_t len);
uint32_t frame_pseudo(const uint8_t *ip, bool v6, uint8_t proto, uint32_t len);

#endif
