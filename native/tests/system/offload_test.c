/* Checksum and segmentation offload between guests that negotiated different things; several queue pairs. */
#include "env.h"

#include <signal.h>

#define PAYLOAD 20000u
#define MSS 1400u

static struct guest *rich, *other, *poor; /* with offloads, with offloads, without */
static struct host hr, ho, hp;
static struct frame f, got;
static uint8_t data[PAYLOAD];

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* As a guest's driver leaves it: the pseudo header's sum in the field. */
static void make_partial(struct frame *x, struct virtio_net_hdr *h, uint16_t gso)
{
	uint32_t l4 = (uint32_t)x->len - 34;
	uint8_t proto = x->b[23];
	put16(x->b + 34 + (proto == 6 ? 16 : 6), (uint16_t)~frame_checksum(NULL, 0, frame_pseudo(x->b + 14, false, proto, l4)));
	*h = (struct virtio_net_hdr){ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = proto == 6 ? 16 : 6 };
	if (gso) {
		h->gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		h->gso_size = gso;
		h->hdr_len = 54;
	}
}

static void handshake(struct guest *to, const struct host *ht)
{
	frame_tcp4(&f, &hr, ht, 4000, 80, 1000, 0, TCP_SYN, NULL, 0);
	env_send(rich, &f);
	env_expect(to, &f);
	frame_tcp4(&f, ht, &hr, 80, 4000, 9000, 1001, TCP_SYN | TCP_ACK, NULL, 0);
	env_send(to, &f);
	env_expect(rich, &f);
}

static void test_passes_through(void)
{
	struct virtio_net_hdr h, out;
	handshake(other, &ho);
	frame_tcp4(&f, &hr, &ho, 4000, 80, 1001, 9001, TCP_ACK, data, PAYLOAD);
	make_partial(&f, &h, MSS);
	CHECK(guest_send(rich, 0, &h, f.b, f.len), " ");
	got.len = guest_receive(other, got.b, sizeof got.b, &out, NULL, WAIT_MS);
	for (size_t i = 0; i < f.len; i++) /* librte_vhost writes a pseudo header's sum of its own (without the length) */
		CHECK(i == 50 || i == 51 || got.b[i] == f.b[i], "byte %zu is %02x instead of %02x", i, got.b[i], f.b[i]);
	CHECK(got.len == f.len, "%zu bytes arrived", got.len);
	CHECK(out.gso_type == VIRTIO_NET_HDR_GSO_TCPV4 && out.gso_size == MSS && (out.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) && out.csum_start == 34 &&
		      out.csum_offset == 16,
	      "the offload header is another");
	/* Billed as what it is on the wire; counted just after the guest could take it. */
	uint64_t end = env_now_ns() + WAIT_MS * 1000000ull, want = 1 + (PAYLOAD + MSS - 1) / MSS;
	while (env_status(6).tx_packets != want)
		CHECK(env_now_ns() < end, "%llu packets are billed", (unsigned long long)env_status(6).tx_packets);
}

static void test_fills_checksum(void)
{
	struct virtio_net_hdr h, out;
	frame_udp4(&f, &hr, &hp, 5, 6, data, 1001);
	struct frame *whole = &got;
	*whole = f;
	make_partial(&f, &h, 0);
	CHECK(guest_send(rich, 0, &h, f.b, f.len), " ");
	f = *whole;
	got.len = guest_receive(poor, got.b, sizeof got.b, &out, NULL, WAIT_MS);
	CHECK(got.len == f.len && memcmp(got.b, f.b, f.len) == 0 && out.flags == 0 && out.gso_type == 0, "not a finished checksum");
}

static void test_segments_in_software(void)
{
	struct virtio_net_hdr h, out;
	uint32_t at = 0;
	handshake(poor, &hp);
	frame_tcp4(&f, &hr, &hp, 4000, 80, 1001, 9001, TCP_ACK | TCP_PSH, data, PAYLOAD);
	make_partial(&f, &h, MSS);
	CHECK(guest_send(rich, 0, &h, f.b, f.len), " ");
	while (at < PAYLOAD) {
		got.len = guest_receive(poor, got.b, sizeof got.b, &out, NULL, WAIT_MS);
		uint32_t want = PAYLOAD - at < MSS ? PAYLOAD - at : MSS;
		uint32_t seq = (uint32_t)got.b[38] << 24 | (uint32_t)got.b[39] << 16 | (uint32_t)got.b[40] << 8 | got.b[41];
		CHECK(got.len == 54 + want && seq == 1001 + at && memcmp(got.b + 54, data + at, want) == 0, "a piece of %zu bytes", got.len);
		CHECK(frame_valid(got.b, got.len) && out.flags == 0 && out.gso_type == 0, "the piece at %u is not valid", at);
		CHECK(!!(got.b[47] & TCP_PSH) == (at + want == PAYLOAD), "PSH");
		at += want;
	}
}

static void test_too_big(void)
{
	struct virtio_net_hdr h;
	uint64_t before = env_drops(6, FH_REASON_TOO_BIG);
	frame_udp4(&f, &hr, &ho, 5, 6, data, 1600);
	env_send(rich, &f);
	frame_tcp4(&f, &hr, &ho, 4000, 80, 1001 + PAYLOAD, 9001, TCP_ACK, data, PAYLOAD);
	make_partial(&f, &h, 3000); /* pieces above the MTU */
	CHECK(guest_send(rich, 0, &h, f.b, f.len), " ");
	env_await_drops(6, FH_REASON_TOO_BIG, before + 2);
	env_expect_silence(other);
}

/* Each queue pair carries; a connection keeps to one ring; connections spread over them. */
static void test_queue_pairs(void)
{
	struct guest *wide = guest_new(env_path("port8"), 4);
	struct host hw = env_host(1, 8);
	bool used[4] = { false };
	CHECK(wide && guest_start(wide, 0, WAIT_MS), "no back end for four queue pairs");
	env_await_state(8, FH_PORT_UP);
	for (uint16_t flow = 0; flow < 64; flow++) {
		unsigned first = 9, pair;
		for (unsigned i = 0; i < 3; i++) {
			frame_udp4(&f, &hr, &hw, (uint16_t)(100 + flow), 9, data, 20);
			env_send(rich, &f);
			got.len = guest_receive(wide, got.b, sizeof got.b, NULL, &pair, WAIT_MS);
			CHECK(got.len == f.len, " ");
			CHECK(i == 0 || pair == first, "a connection changes its ring");
			first = pair;
		}
		used[first] = true;
	}
	CHECK(used[0] && used[1] && used[2] && used[3], "a ring stays empty");
	for (unsigned pair = 0; pair < 4; pair++) {
		frame_udp4(&f, &hw, &hr, 9, (uint16_t)(100 + pair), data, 20);
		CHECK(guest_send(wide, pair, NULL, f.b, f.len), " ");
		env_expect(rich, &f);
	}
	guest_free(wide);
}

static void setup(void)
{
	struct fh_rule open = env_rule(1, FH_INGRESS, -1, -1, NULL);
	struct fh_segment s = env_segment(1);
	fh_txn *t = fh_txn_new();
	s.n_subnets = 1; /* no router advertisements in between */
	CHECK(fh_txn_put_segment(t, &s) == FH_OK, " ");
	for (uint32_t n = 5; n <= 8; n++) {
		struct fh_port p = env_port(1, n);
		p.queue_pairs = n == 8 ? 4 : 1;
		env_put_group(t, n, &open, 1);
		env_put_port(t, &p);
	}
	env_must(t);
	hr = env_host(1, 5);
	ho = env_host(1, 6);
	hp = env_host(1, 7);
	rich = env_guest(5, GUEST_OFFLOADS);
	other = env_guest(6, GUEST_OFFLOADS);
	poor = env_guest(7, 0);
	for (uint32_t i = 0; i < PAYLOAD; i++)
		data[i] = (uint8_t)(i * 31 >> 3);
}

int main(int argc, char *argv[])
{
	if (argc > 1)
		env_workers = argv[1];
	signal(SIGPIPE, SIG_IGN);
	env_start();
	setup();
	test_passes_through();
	test_fills_checksum();
	test_segments_in_software();
	test_too_big();
	test_queue_pairs();
	guest_free(rich);
	guest_free(other);
	guest_free(poor);
	return 0;
}
