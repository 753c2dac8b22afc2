/*
 * Two well-behaved guests, a and b, and one that is not, in one segment; everybody lets everybody in.
 *
 * After each attack the dataplane must live, and a and b must still talk. Run under ASan this is where memory errors show. What is
 * tried, by the numbers that the tests' names begin with (R: hostile_test.c, P: hostile_packet_test.c, M: hostile_message_test.c):
 *
 *    1 R  one chain over the whole ring, chains that loop, lengths whose sum wraps
 *    2 R  heads beyond the ring, an index that runs ahead, rings that promise and never deliver, addresses outside the memory
 *    3 R  offload headers that lie; headers that change while they are read
 *    4 RP bytes that are hardly a packet; each malformation with its own reason
 *    5 P  MAC, IP, ARP and ND of others; router advertisements, DHCP answers
 *    6 P  floods of new connections
 *    7 P  fragments: floods, overlaps, ports hidden
 *    8 P  ICMP errors and resets about others' connections
 *    9 P  goes on after its rule was revoked
 *   10 R  never gives receive buffers back; receive rings that point anywhere
 *   11 R  kicks for nothing, queues on and off
 *   12 R  segments of one byte
 *   13 P  VXLAN of its own making, towards tunnel end points and neighbours
 *   14 M  a QEMU taken over: messages of all kinds, descriptors that block, linger or are none of ours, memory and logs that shrink or are not all
 *         there, rings without end, unread answers, half messages
 */
#ifndef FH_TEST_HOSTILE_H
#define FH_TEST_HOSTILE_H

#include "env.h"

#define HOSTILE 9 /* the port */

extern struct guest *a, *b, *evil;
extern struct host ha, hb, he;

struct attack {
	const char *name;
	void (*run)(void);
};

/* Starts everything, runs the attacks one after another and stops. Arguments of the program: a seed; then only attacks with that in their name.
 * Return: exit status. */
int hostile_run(int argc, char *argv[], const struct attack attacks[], size_t n);

uint32_t hostile_random(void);
void hostile_others_still_talk(void);
/* Takes what arrived at the guest. Return: how many frames. */
unsigned hostile_drain(struct guest *g);
/* Another front end behind the hostile port's socket. */
void hostile_rejoin(void);
/* Sends from the hostile guest, waiting for room. */
void hostile_send(const struct frame *f);

#endif
