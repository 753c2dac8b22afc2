/*
 * Linux's nf_conntrack as an oracle: a network namespace that routes between two taps, with stateful nftables rules between them.
 *
 * Frames are written into the tap of one side and looked for at the other. Behind each goes a marker that is always let through, so that
 * a frame which did not come before its marker was dropped: no waiting, no guessing.
 */
#ifndef FH_ORACLE_KERNEL_H
#define FH_ORACLE_KERNEL_H

#include "frames.h"

#define ORACLE_GUEST4 0x0a000005u /* 10.0.0.5 */
#define ORACLE_FAR4 0xc0000209u   /* 192.0.2.9 */
#define ORACLE_GUEST6 5           /* 2001:db8::5, ::9: see ends6() */
#define ORACLE_FAR6 9

/* Moves this process into a namespace of its own. The guest may open anything, the far side TCP 80, UDP 53, SCTP 80 and echo.
 * Return: false with a message when the machine does not allow it. */
bool kernel_open(void);
/* Sends a frame from the guest's side (out) or to it; MACs and checksums are filled in, unless the checksum shall be wrong.
 * Return: bytes of IP payload that arrived at the other side, 0: dropped. */
uint32_t kernel_send(bool out, const uint8_t *frame, uint32_t len, bool spoil_checksum);

struct kernel_entry {
	bool found;
	uint8_t tcp_state; /* as enum fh_ct_state counts */
	bool replied;
	uint32_t seconds;  /* until it expires */
};
/* The connection with this tuple, in either direction. ICMP: the identifier is sport, type << 8 | code is dport. */
struct kernel_entry kernel_find(const struct ends *e, uint8_t proto);

/* IP and L4 checksums of a frame whose offsets are plain (no extension headers unless l4_off says where L4 begins). */
void oracle_checksums(uint8_t *frame, uint32_t len);

#endif
