/*
 * TCP: states and windows.
 *
 * Theory of operation
 * -------------------
 * The transitions are those of Linux's nf_conntrack: six kinds of segment, ten states, two directions; what differs:
 *   - an ACK in mid-stream opens nothing;
 *   - a reset must carry, exactly or off by one, the next sequence number of its sender or the last one that its receiver
 *     acknowledged (a blind reset inside the window changes nothing and is dropped);
 *   - a SYN that is let through without effect (the peer may have rebooted) is remembered by its end only; when the answering
 *     SYN/ACK acknowledges it, the connection starts over with the windows unknown on the first sender's side.
 *
 * Windows: for each side the highest byte sent (end), the highest that the receiver allows (maxend), the largest
 * window it advertised (maxwin), its highest acknowledgement (maxack). A segment is valid if
 *   1. it begins at or below what the receiver allows:        seq <= sender.maxend
 *   2. it ends within the window before the last byte sent:    end > sender.end - receiver.maxwin - 1
 *   3. its acknowledgement is of something sent:                ack <= receiver.end
 *   4. and not too old:                                         ack > receiver.end - max(sender.maxwin, 66000) - 1
 * (Van Rooij, "Real Stateful TCP Packet Filtering in IP Filter"). The right edge of the last SACK block counts for the acknowledgement.
 * A segment that fails 2 or 4 alone is old news, a retransmission or an ACK that was long under way: it passes and changes nothing,
 * because its receiver answers it with what it expects, and dropping it could leave both sides waiting for ever. So does one that fails 1
 * alone and ends within one window beyond.
 * While an entry relearns, an invalid segment resets its sender's side instead of being dropped.
 */
#include "ct_internal.h"

#define MAX_SCALE 14u
#define ACK_WINDOW 66000u
#define FAST_OPEN_MAX 16384u
#define RELEARN_WINDOW (64u << MAX_SCALE << 10) /* how far a reset may be off while the windows are unknown: 1 GB */

enum segment { SEG_SYN, SEG_SYNACK, SEG_FIN, SEG_ACK, SEG_RST, SEG_NONE, SEG_KINDS };

/* Transition targets that are no states. */
enum { IV = 0xfe, IG = 0xff };

#define SS FH_CT_S_SYN_SENT
#define SR FH_CT_S_SYN_RECV
#define ES FH_CT_S_ESTABLISHED
#define FW FH_CT_S_FIN_WAIT
#define CW FH_CT_S_CLOSE_WAIT
#define LA FH_CT_S_LAST_ACK
#define TW FH_CT_S_TIME_WAIT
#define CL FH_CT_S_CLOSE
#define S2 FH_CT_S_SYN_SENT2

static const uint8_t transition[2][SEG_KINDS][FH_CT_S_SYN_SENT2 + 1] = {
	{ /* in the direction of the first packet */
	  /*               -   SS  SR  ES  FW  CW  LA  TW  CL  S2 */
	  [SEG_SYN]    = { SS, SS, IG, IG, IG, IG, IG, SS, SS, S2 },
	  [SEG_SYNACK] = { IV, IV, SR, IV, IV, IV, IV, IV, IV, SR },
	  [SEG_FIN]    = { IV, IV, FW, FW, LA, LA, LA, TW, CL, IV },
	  [SEG_ACK]    = { IV, IV, ES, ES, CW, CW, TW, TW, CL, IV },
	  [SEG_RST]    = { IV, CL, CL, CL, CL, CL, CL, CL, CL, CL },
	  [SEG_NONE]   = { IV, IV, IV, IV, IV, IV, IV, IV, IV, IV } },
	{ /* against it */
	  [SEG_SYN]    = { IV, S2, IV, IV, IV, IV, IV, SS, IV, S2 },
	  [SEG_SYNACK] = { IV, SR, IG, IG, IG, IG, IG, IG, IG, SR },
	  [SEG_FIN]    = { IV, IV, FW, FW, LA, LA, LA, TW, CL, IV },
	  [SEG_ACK]    = { IV, IG, SR, ES, CW, CW, TW, TW, CL, IG },
	  [SEG_RST]    = { IV, CL, CL, CL, CL, CL, CL, CL, CL, CL },
	  [SEG_NONE]   = { IV, IV, IV, IV, IV, IV, IV, IV, IV, IV } },
};

static inline bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool after(uint32_t a, uint32_t b)
{
	return before(b, a);
}

static inline uint32_t window(const struct ct_peer *p)
{
	return p->maxwin & CT_PEER_WINDOW;
}

static inline void set_window(struct ct_peer *p, uint32_t w)
{
	p->maxwin = (p->maxwin & ~CT_PEER_WINDOW) | (w < CT_PEER_WINDOW ? w : CT_PEER_WINDOW);
}

static inline unsigned scale(const struct ct_entry *e, unsigned dir)
{
	unsigned s = e->wscale >> (4 * dir) & 15;

	return s == CT_NO_SCALE ? 0 : s;
}

static inline void set_scale(struct ct_entry *e, unsigned dir, unsigned s)
{
	e->wscale = (uint8_t)((e->wscale & ~(15u << (4 * dir))) | s << (4 * dir));
}

static enum segment segment_of(uint8_t flags)
{
	if (flags & FH_TCP_RST)
		return SEG_RST;
	if (flags & FH_TCP_SYN)
		return flags & FH_TCP_ACK ? SEG_SYNACK : SEG_SYN;
	if (flags & FH_TCP_FIN)
		return SEG_FIN;
	return flags & FH_TCP_ACK ? SEG_ACK : SEG_NONE;
}

/* First byte after the segment in sequence space. A first fragment does not know how long its datagram is: the most
 * that it can be. */
static uint32_t segment_end(const struct fh_pkt *p)
{
	uint32_t header = (uint32_t)(p->payload_off - p->l4_off);
	uint32_t len = p->flags & FH_PKT_FRAG_MORE ? 65535u : p->l4_len;

	return p->seq + (len > header ? len - header : 0) + !!(p->tcp_flags & FH_TCP_SYN) + !!(p->tcp_flags & FH_TCP_FIN);
}

static struct fh_view options(const struct fh_pkt *p, const uint8_t *data, uint32_t seg_len)
{
	struct fh_view all = { data, data ? seg_len : 0 };
	const uint8_t *o = fh_view_at(all, (uint32_t)p->l4_off + 20, p->tcp_opt_len);

	return (struct fh_view){ o, o ? p->tcp_opt_len : 0 };
}

/* Steps through TCP options. Return: kind, 0 at the end. *at is the option's offset, *len its length. */
static uint8_t next_option(struct fh_view v, uint32_t *at, uint32_t *len)
{
	uint32_t i = *at + *len;

	while (i < v.len && v.p[i] == 1)
		i++;
	if (i + 1 >= v.len || v.p[i] == 0 || v.p[i + 1] < 2 || v.p[i + 1] > v.len - i)
		return 0;
	*at = i;
	*len = v.p[i + 1];
	return v.p[i];
}

/* What a SYN offers. */
static void read_offers(struct ct_entry *e, unsigned dir, const struct fh_pkt *p, const uint8_t *data, uint32_t seg_len)
{
	struct fh_view v = options(p, data, seg_len);
	uint32_t at = 0, len = 0;
	uint8_t kind;

	set_scale(e, dir, CT_NO_SCALE);
	e->peer[dir].maxwin &= ~CT_PEER_SACK;
	while ((kind = next_option(v, &at, &len))) {
		if (kind == 3 && len == 3)
			set_scale(e, dir, v.p[at + 2] < MAX_SCALE ? v.p[at + 2] : MAX_SCALE);
		else if (kind == 4 && len == 2)
			e->peer[dir].maxwin |= CT_PEER_SACK;
	}
}

/* Right edge of the last byte selectively acknowledged, or ack. */
static uint32_t sack_edge(const struct fh_pkt *p, const uint8_t *data, uint32_t seg_len)
{
	struct fh_view v = options(p, data, seg_len);
	uint32_t at = 0, len = 0, edge = p->ack;
	uint8_t kind;

	/* By far the most common: a timestamp and nothing else. */
	if (v.len == 12 && fh_be32(v.p) == 0x0101080a)
		return edge;
	while ((kind = next_option(v, &at, &len))) {
		if (kind != 5)
			continue;
		for (uint32_t i = 2; i + 8 <= len; i += 8) {
			uint32_t right = fh_be32(v.p + at + i + 4);
			if (after(right, edge))
				edge = right;
		}
	}
	return edge;
}

/* The side begins (again) with this SYN. */
static void begin_side(struct ct_entry *e, unsigned dir, const struct fh_pkt *p, const uint8_t *data, uint32_t seg_len)
{
	struct ct_peer *s = &e->peer[dir];

	s->end = s->maxend = segment_end(p);
	set_window(s, p->win ? p->win : 1);
	read_offers(e, dir, p, data, seg_len);
}

/* Both sides must offer scaling, or neither scales. Called when the second SYN was read. */
static void settle_scale(struct ct_entry *e)
{
	if ((e->wscale & 15) == CT_NO_SCALE || e->wscale >> 4 == CT_NO_SCALE)
		e->wscale = CT_NO_SCALE | CT_NO_SCALE << 4;
}

/* The side's windows as if this segment were its first. */
static void learn_side(struct ct_entry *e, unsigned dir, const struct fh_pkt *p, uint32_t end)
{
	struct ct_peer *s = &e->peer[dir];
	uint32_t win = (uint32_t)p->win << scale(e, dir);

	s->end = end;
	set_window(s, win ? win : 1);
	s->maxend = end + window(s);
	s->maxack = p->ack;
	if (window(&e->peer[!dir]) == 0) {
		/* Nothing known of the other side: all that is certain is what was acknowledged to it. */
		e->peer[!dir].end = p->ack;
		e->peer[!dir].maxend = p->ack + (win ? win : 1);
	}
}

bool ct_tcp_open(struct ct_entry *e, const struct fh_pkt *p, const uint8_t *data, uint32_t seg_len)
{
	if (segment_of(p->tcp_flags) != SEG_SYN)
		return false;
	memset(e->peer, 0, sizeof e->peer);
	e->wscale = CT_NO_SCALE | CT_NO_SCALE << 4;
	begin_side(e, 0, p, data, seg_len);
	return true;
}

static bool near(uint32_t a, uint32_t b)
{
	return a - b + 1 <= 2;
}

/* May this reset close the connection? */
static bool reset_matches(const struct ct_entry *e, unsigned dir, const struct fh_pkt *p, bool relearn)
{
	const struct ct_peer *s = &e->peer[dir], *r = &e->peer[!dir];

	if (window(s) == 0) {
		/* The sender was never heard: it refuses a SYN, and must acknowledge exactly that. */
		if (p->tcp_flags & FH_TCP_ACK && near(p->ack, r->end))
			return true;
		return relearn;
	}
	if (near(p->seq, s->end) || (r->maxack && near(p->seq, r->maxack)))
		return true;
	return relearn && p->seq - s->end + RELEARN_WINDOW <= 2 * RELEARN_WINDOW;
}

enum fit { FIT_OK, FIT_IGNORED, FIT_INVALID };

/* Some send more than they may. Up to a window more passes, and only its end is noted: it may be acknowledged. */
static enum fit too_far(struct ct_peer *s, const struct ct_peer *r, uint32_t end)
{
	if (window(r) == 0 || end - s->maxend + 1 > window(r))
		return FIT_INVALID;
	if (after(end, s->end))
		s->end = end;
	return FIT_IGNORED;
}

/* Checks and, if the segment fits, updates the windows; else nothing changed. */
static enum fit windows(struct ct_entry *e, unsigned dir, const struct fh_pkt *p, const uint8_t *data, uint32_t seg_len, bool relearn)
{
	struct ct_peer *s = &e->peer[dir], *r = &e->peer[!dir];
	bool syn = p->tcp_flags & FH_TCP_SYN, has_ack = p->tcp_flags & FH_TCP_ACK;
	uint32_t seq = p->seq, end = segment_end(p), ack = p->ack, sack = ack, win = p->win;

	if (has_ack && r->maxwin & CT_PEER_SACK)
		sack = sack_edge(p, data, seg_len);

	if (fh_unlikely(window(s) == 0)) {
		if (syn) {
			/* At most the data that the SYN carried (fast open) may be unacknowledged. An answer to an older SYN passes, so
			 * that its receiver can refuse it (RFC 9293, 3.5.1). */
			if (has_ack && r->end - ack > FAST_OPEN_MAX)
				return after(ack, r->end) ? FIT_INVALID : FIT_IGNORED;
			begin_side(e, dir, p, data, seg_len);
			settle_scale(e);
			if (!has_ack)
				return FIT_OK; /* simultaneous open */
		} else {
			learn_side(e, dir, p, end);
		}
	} else if (fh_unlikely(syn) && after(end, s->end) &&
		   ((ct_state(e) == SS && dir == 0) || (ct_state(e) == SR && dir == 1))) {
		/* Repeated with another initial sequence number. */
		begin_side(e, dir, p, data, seg_len);
		if (dir == 1)
			settle_scale(e);
	}
	if (!has_ack)
		ack = sack = r->end;

	uint32_t back = window(s) > ACK_WINDOW ? window(s) : ACK_WINDOW;
	bool allowed = before(seq, s->maxend + 1), known = before(sack, r->end + 1);
	bool recent = (window(r) == 0 || after(end, s->end - window(r) - 1)) && after(sack, r->end - back - 1);
	if (fh_unlikely(!allowed || !known || !recent)) {
		if (!relearn)
			return known && recent ? too_far(s, r, end) : allowed && known ? FIT_IGNORED : FIT_INVALID;
		learn_side(e, dir, p, end);
		if (after(sack, r->end))
			r->end = sack;
	}

	if (!syn)
		win <<= scale(e, dir);
	uint32_t reach = win + (sack - ack);
	if (window(s) < reach)
		set_window(s, reach);
	if (after(end, s->end))
		s->end = end;
	if (has_ack && (s->maxack == 0 || after(ack, s->maxack)))
		s->maxack = ack;
	if (window(r) != 0 && after(end, s->maxend)) {
		set_window(r, window(r) + (end - s->maxend));
		/* The receiver took more than it had allowed; nothing more to learn from that. */
	}
	if (after(sack + win, r->maxend - 1)) {
		r->maxend = sack + win;
		if (win == 0)
			r->maxend++;
	}
	return FIT_OK;
}

/* A SYN/ACK that answers a SYN let through earlier: the two begin anew. */
static void start_over(struct ct_entry *e, const struct fh_pkt *p, const uint8_t *data, uint32_t seg_len)
{
	uint32_t syn_end = e->tcp_counts.syn_end;

	memset(e->peer, 0, sizeof e->peer);
	e->peer[0].end = e->peer[0].maxend = syn_end;
	set_window(&e->peer[0], 1);
	e->wscale = MAX_SCALE; /* what the SYN offered was not kept: assume the most */
	begin_side(e, 1, p, data, seg_len);
	settle_scale(e);
	e->peer[0].maxend = syn_end + p->win;
	e->peer[1].maxack = p->ack;
	e->peer[1].maxend = e->peer[1].end + 65535;
	e->tcp_counts.syn_end = 0;
	fh_store(&e->state, SR);
	fh_store(&e->flags, (uint8_t)(e->flags & ~CT_F_ASSURED));
}

enum ct_tcp_result ct_tcp_packet(struct ct_entry *e, unsigned dir, const struct fh_pkt *p, const uint8_t *data, uint32_t seg_len,
				 bool relearn, uint8_t *reason)
{
	enum segment kind = segment_of(p->tcp_flags);
	uint8_t old = ct_state(e), new = transition[dir][kind][old];

	if (fh_unlikely(new == IV)) {
		*reason = FH_DROP_CT_TCP_STATE;
		return CT_TCP_DROP;
	}
	if (fh_unlikely(new == SS && old != SS))
		return CT_TCP_REOPEN;
	if (fh_unlikely(new == IG)) {
		if (kind == SEG_SYN) {
			e->tcp_counts.syn_end = segment_end(p);
		} else if (kind == SEG_SYNACK && e->tcp_counts.syn_end && p->ack == e->tcp_counts.syn_end) {
			start_over(e, p, data, seg_len);
			return CT_TCP_OK;
		}
		return CT_TCP_IGNORED;
	}
	if (fh_unlikely(new == TW && old == LA && kind == SEG_ACK && dir == 1 && e->tcp_counts.syn_end)) {
		/* The answer to that SYN (RFC 5961's challenge), not the acknowledgement of the last FIN. */
		e->tcp_counts.syn_end = 0;
		return CT_TCP_IGNORED;
	}
	if (fh_unlikely(kind == SEG_RST)) {
		if (!reset_matches(e, dir, p, relearn)) {
			*reason = FH_DROP_CT_TCP_RESET;
			return CT_TCP_DROP;
		}
		if (old != CL && after(p->seq, e->peer[dir].end))
			e->peer[dir].end = p->seq;
	} else {
		enum fit fit = windows(e, dir, p, data, seg_len, relearn);

		if (fh_unlikely(fit == FIT_IGNORED))
			return CT_TCP_IGNORED;
		if (fh_unlikely(fit == FIT_INVALID)) {
			*reason = FH_DROP_CT_TCP_WINDOW;
			return CT_TCP_DROP;
		}
	}
	if (fh_unlikely(new != old)) {
		if (new == FW)
			e->peer[dir].maxwin |= CT_PEER_CLOSED;
		if (new == LA)
			e->tcp_counts.syn_end = 0; /* one that comes now will be answered by a challenge, see above */
		if (new == ES && e->flags & CT_F_REPLY)
			fh_store(&e->flags, (uint8_t)(e->flags | CT_F_ASSURED));
		fh_store(&e->state, new);
	}
	return CT_TCP_OK;
}

bool ct_tcp_plausible(const struct ct_entry *e, unsigned dir, uint32_t seq)
{
	const struct ct_peer *s = &e->peer[dir], *r = &e->peer[!dir];
	uint32_t back = window(r) > ACK_WINDOW ? window(r) : ACK_WINDOW;

	if (window(s) == 0)
		return false;
	return !after(seq, s->end) && !before(seq, s->end - back);
}
