/*
 * Where our engine and Linux's nf_conntrack differ, and why that is meant. The test fails for any other difference, and for one listed
 * here that it does not meet.
 *
 * X(identifier, name, explanation)
 */
#ifndef FH_ORACLE_DIFFERENCES_H
#define FH_ORACLE_DIFFERENCES_H

#define DIFFERENCES(X) \
	X(BLIND_RESET, "blind-reset", \
	  "A reset must carry the number that its receiver expects next, exactly or off by one, and one that refuses a SYN must acknowledge " \
	  "that SYN. Linux closes for any number as long as the receiver has acknowledged nothing, and forgets a connection whose SYN is " \
	  "refused, whatever the number: who guesses addresses and ports could cut other people's connections.") \
	X(RESET_HELD_BACK, "reset-held-back", \
	  "Linux lets a reset with a doubtful number pass, keeps the connection and waits for the challenge ACK of its receiver; ours drops it.") \
	X(RESET_CLOSES, "reset-closes", \
	  "The number that follows the sender's last byte closes, although the receiver has not acknowledged all before it: an end that " \
	  "aborts does just that. Linux closes in this case only if the sender's own segment came directly before.") \
	X(RESET_ACK, "reset-ack", \
	  "A reset is judged by its sequence number alone, as its receiver will (RFC 9293, 3.10.7.4). Linux drops one with an exact number whose " \
	  "acknowledgement is out of place, and then keeps a connection that is dead at one end.") \
	X(REFUSED, "refused", \
	  "A refused SYN leaves a closed connection for 10 s, which the next SYN opens anew. Linux forgets it at once. No packet fares differently.") \
	X(REOPENED, "reopened", \
	  "A SYN after a reset is a new connection and judged by the rules of now. Linux lets it pass within the dead one, and starts over when the " \
	  "answer comes, unless it was the same side that had reset.") \
	X(STRAY_SYN, "stray-syn", \
	  "A SYN inside an open connection passes without effect (one end may have rebooted), and the SYN/ACK that acknowledges it starts the " \
	  "connection over; a SYN/ACK for an older SYN passes so that its receiver can refuse it. Linux does the same by other marks: the two must " \
	  "follow one another directly, it keeps what the SYN offered where ours assumes the largest windows, and takes a SYN/ACK that is up to " \
	  "66,000 too low as the answer.") \
	X(TRACES, "traces", \
	  "Windows are not learnt from resets, nor from anything that is dropped. Linux does both, and judges the answer to a SYN and the " \
	  "stragglers of a closed connection by them.") \
	X(CHECKSUM, "checksum", \
	  "Linux takes packets with a wrong checksum as invalid. Guests hand over partial checksums and the dataplane never touches a payload " \
	  "it does not have to: the receiver checks.") \
	X(SCTP_TUPLE, "sctp-by-tuple", \
	  "SCTP is followed by addresses and ports alone, so data without an INIT opens a connection if a rule allows it, and there is no state.") \
	X(UDP_STREAM, "udp-stream", \
	  "An answered UDP flow stays for 120 s at once. Linux gives 30 s until the flow is two seconds old.") \
	X(UNACKNOWLEDGED, "unacknowledged", \
	  "Linux shortens the time of a connection whose data is not acknowledged (300 s), or sent three times over; ours keeps the " \
	  "configured time, because under pressure only unanswered and closing connections are evicted.") \
	X(IPV6_OPTIONS, "ipv6-options", "A source-routing header (type 0) is dropped, as RFC 5095 asks. Linux's forwarding passes it on.")

enum difference {
	SAME = 0,
#define DIFFERENCE_ENUM(id, name, text) DIFFERS_##id,
	DIFFERENCES(DIFFERENCE_ENUM)
#undef DIFFERENCE_ENUM
	DIFFERENCE_COUNT
};

#endif
