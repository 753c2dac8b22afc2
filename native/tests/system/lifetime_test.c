/*
 * Connections of every kind live on: over the death of the dataplane, into another table, through changes of their NIC's limits.
 *
 * Port 6 lets in a few services and nothing else, so what goes on towards port 5 or from a client's old port does so by its connection
 * alone.
 */
#include "env.h"

#include <signal.h>
#include <time.h>

enum { DNS = 53, DATABASE = 5432, SIGNALLING = 2905, SCTP = 132, HOURS = 3600 };

static struct guest *a, *b;
static struct host ha, hb;
static struct frame f;
static uint8_t records[1 << 20];

static void seal4(struct frame *frame)
{
	memset(frame->b + 24, 0, 2);
	uint16_t sum = frame_checksum(frame->b + 14, 20, 0);
	frame->b[24] = (uint8_t)(sum >> 8);
	frame->b[25] = (uint8_t)sum;
}

/* SCTP has its ports where UDP has them; what follows does not matter to anybody on the way. */
static void sctp4(struct frame *frame, const struct host *from, const struct host *to, uint16_t sport, uint16_t dport)
{
	frame_udp4(frame, from, to, sport, dport, "chunks of an association", 24);
	frame->b[23] = SCTP;
	seal4(frame);
}

/* Puts a destination options header of padding before what the frame carries. */
static void with_options(struct frame *frame)
{
	uint8_t *at = frame->b + 54;
	memmove(at + 8, at, frame->len - 54);
	memcpy(at, (uint8_t[8]){ frame->b[20], 0, 1, 4 }, 8);
	frame->b[20] = 60;
	frame->b[19] = (uint8_t)(frame->b[19] + 8);
	frame->len += 8;
}

static void passes(struct guest *from, struct guest *to)
{
	env_send(from, &f);
	env_expect(to, &f);
}

static void refused(uint32_t port, enum fh_reason reason)
{
	uint64_t before = env_drops(port, reason);
	env_send(a, &f);
	env_await_drops(port, reason, before + 1);
	env_expect_silence(b);
}

static struct fh_port port6(uint64_t incarnation, uint32_t established_s)
{
	struct fh_port p = env_port(1, 6);
	p.incarnation = incarnation;
	p.tcp_established_s = established_s;
	return p;
}

static void put(const struct fh_port *p)
{
	fh_txn *t = fh_txn_new();
	env_put_port(t, p);
	env_must(t);
}

static void setup(void)
{
	struct fh_rule services[] = {
		env_rule(1, FH_INGRESS, 17, DNS, NULL), env_rule(2, FH_INGRESS, 6, DATABASE, NULL), env_rule(3, FH_INGRESS, SCTP, SIGNALLING, NULL),
		env_rule(4, FH_INGRESS, 1, -1, NULL),
	};
	struct fh_segment s = env_segment(1);
	struct fh_port five = env_port(1, 5), six = env_port(1, 6);
	fh_txn *t = fh_txn_new();
	CHECK(fh_txn_put_segment(t, &s) == FH_OK, " ");
	env_put_group(t, 5, NULL, 0);
	env_put_group(t, 6, services, 4);
	env_put_port(t, &five);
	env_put_port(t, &six);
	env_must(t);
	a = env_guest(5, 0);
	b = env_guest(6, 0);
	ha = env_host(1, 5);
	hb = env_host(1, 6);
}

static void handshake(uint16_t sport)
{
	frame_tcp4(&f, &ha, &hb, sport, DATABASE, 1000, 0, TCP_SYN, NULL, 0);
	passes(a, b);
	frame_tcp4(&f, &hb, &ha, DATABASE, sport, 5000, 1001, TCP_SYN | TCP_ACK, NULL, 0);
	passes(b, a);
	frame_tcp4(&f, &ha, &hb, sport, DATABASE, 1001, 5001, TCP_ACK, NULL, 0);
	passes(a, b);
}

/* The server's next bytes, and the client's acknowledgement. */
static void row(uint16_t sport, uint32_t *sent)
{
	frame_tcp4(&f, &hb, &ha, DATABASE, sport, 5001 + *sent, 1001, TCP_ACK | TCP_PSH, "row", 3);
	passes(b, a);
	*sent += 3;
	frame_tcp4(&f, &ha, &hb, sport, DATABASE, 1001, 5001 + *sent, TCP_ACK, NULL, 0);
	passes(a, b);
}

/* --- tests ----------------------------------------------------------------------------------------------------------------------- */
static void test_extension_headers(void)
{
	frame_udp6(&f, &ha, &hb, 4000, DNS + 1, "question", 8);
	with_options(&f);
	refused(6, FH_REASON_DEFAULT);
	frame_udp6(&f, &ha, &hb, 4000, DNS, "question", 8);
	with_options(&f);
	passes(a, b);
	/* The answer belongs to it, with such a header or without. */
	frame_udp6(&f, &hb, &ha, DNS, 4000, "answer", 6);
	passes(b, a);
	with_options(&f);
	passes(b, a);
	uint64_t before = env_drops(5, FH_REASON_DEFAULT);
	frame_udp6(&f, &hb, &ha, DNS, 4001, "answer", 6);
	with_options(&f);
	env_send(b, &f);
	env_await_drops(5, FH_REASON_DEFAULT, before + 1);
}

static void test_sctp(void)
{
	sctp4(&f, &ha, &hb, 4100, SIGNALLING + 1);
	refused(6, FH_REASON_DEFAULT);
	sctp4(&f, &ha, &hb, 4100, SIGNALLING);
	passes(a, b);
	sctp4(&f, &hb, &ha, SIGNALLING, 4100);
	passes(b, a);
	uint64_t before = env_drops(5, FH_REASON_DEFAULT);
	sctp4(&f, &hb, &ha, SIGNALLING, 4101);
	env_send(b, &f);
	env_await_drops(5, FH_REASON_DEFAULT, before + 1);
}

static uint64_t seconds_left(uint32_t port, uint16_t sport)
{
	static struct fh_connection all[256];
	struct fh_id id = env_id(FH_KIND_PORT, port);
	uint64_t cursor = 0;
	uint32_t n;
	all[0].struct_size = sizeof all[0];
	CHECK(fh_ctl_connections(env_ctl, 1000, &id, &cursor, all, 256, &n) == FH_OK && cursor == 0, " ");
	for (uint32_t i = 0; i < n; i++)
		if (all[i].protocol == 6 && all[i].src_port == sport)
			return all[i].expires_in_ns / 1000000000u;
	return 0;
}

static void near(uint64_t left, uint64_t wanted, const char *what)
{
	CHECK(left <= wanted && left + 30 >= wanted, "%s: expires in %llu s, not %llu", what, (unsigned long long)left, (unsigned long long)wanted);
}

/* Each NIC has its own; a change holds from the next packet on, and cuts nothing, not even together with another size of the table. */
static void test_timeouts(void)
{
	uint32_t sent = 0;
	handshake(4200);
	near(seconds_left(5, 4200), 24 * HOURS, "as usual");
	near(seconds_left(6, 4200), 24 * HOURS, "as usual");
	struct fh_port p = port6(1, 2 * HOURS);
	put(&p);
	row(4200, &sent);
	near(seconds_left(6, 4200), 2 * HOURS, "the NIC that was changed");
	near(seconds_left(5, 4200), 24 * HOURS, "the other one");
	p = port6(1, 60);
	p.connection_quota *= 2;
	put(&p);
	near(seconds_left(6, 4200), 60, "in a table of another size");
	row(4200, &sent);
	p = port6(1, 0);
	put(&p);
	row(4200, &sent);
	near(seconds_left(6, 4200), 24 * HOURS, "back");
	for (unsigned bad = 0; bad < 2; bad++) {
		p = port6(1, bad ? 432001 : 59);
		fh_txn *t = fh_txn_new();
		env_put_port(t, &p);
		CHECK(env_commit(t, NULL) == FH_EINVAL, "a timeout of %u s is accepted", p.tcp_established_s);
	}
}

static void come_back(void)
{
	env_kill();
	env_start();
	CHECK(guest_start(a, 0, WAIT_MS) && guest_start(b, 0, WAIT_MS), "the dataplane does not come back");
	env_await_state(5, FH_PORT_UP);
	env_await_state(6, FH_PORT_UP);
}

/* Three times in a row, in the middle of everything. */
static void test_killed(void)
{
	uint32_t sent = 0;
	handshake(4300);
	frame_udp4(&f, &ha, &hb, 4301, DNS, "question", 8);
	passes(a, b);
	frame_udp6(&f, &ha, &hb, 4302, DNS, "question", 8);
	with_options(&f);
	passes(a, b);
	sctp4(&f, &ha, &hb, 4303, SIGNALLING);
	passes(a, b);
	frame_echo4(&f, &ha, hb.mac, hb.ip4, 8, 4304);
	passes(a, b);
	for (unsigned i = 0; i < 3; i++) {
		row(4300, &sent);
		come_back();
		row(4300, &sent);
		frame_udp4(&f, &hb, &ha, DNS, 4301, "answer", 6);
		passes(b, a);
		frame_udp6(&f, &hb, &ha, DNS, 4302, "answer", 6);
		passes(b, a);
		sctp4(&f, &hb, &ha, SIGNALLING, 4303);
		passes(b, a);
		frame_echo4(&f, &hb, ha.mac, ha.ip4, 0, 4304);
		passes(b, a);
	}
	near(seconds_left(6, 4300), 24 * HOURS, "after three deaths");
}

/* What is in the journal was done by a process before, and is not done again: each change was of another table. */
static void test_changed_and_killed(void)
{
	uint32_t sent = 0;
	struct fh_port six = port6(1, 0);
	uint64_t epoch;
	six.connection_quota *= 2;
	put(&six);
	handshake(4310);
	come_back();
	row(4310, &sent);
	fh_txn *t = fh_txn_new();
	CHECK(fh_txn_remove(t, FH_KIND_PORT, &six.id) == FH_OK, " ");
	env_must(t);
	six = port6(1, 0);
	put(&six);
	CHECK(guest_start(b, 0, WAIT_MS), " ");
	env_await_state(6, FH_PORT_UP);
	sent = 0;
	handshake(4311);
	row(4311, &sent);
	epoch = env_status(6).traffic_epoch;
	come_back();
	row(4311, &sent);
	CHECK(env_status(6).traffic_epoch == epoch, "what it has sent is not counted on");
}

/* Appends what the port has seen since; returns the length. */
static uint32_t export(uint64_t since_ns, uint32_t at)
{
	struct fh_id id = env_id(FH_KIND_PORT, 6);
	uint64_t cursor = 0;
	uint32_t len;
	do {
		/* Small pages: nobody has room for a million connections at once. */
		CHECK(fh_ctl_export_connections(env_ctl, 1000, &id, since_ns, &cursor, records + at, 4096, &len) == FH_OK, " ");
		at += len;
	} while (cursor);
	return at;
}

static uint32_t import(uint32_t from, uint32_t to)
{
	struct fh_id id = env_id(FH_KIND_PORT, 6);
	uint32_t imported, no;
	CHECK(fh_ctl_import_connections(env_ctl, 1000, &id, records + from, to - from, &imported, &no) == FH_OK && no == 0, "%u refused", no);
	return imported;
}

static uint64_t unix_ns(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* A NIC moves: all its connections while it runs, what changed since once it stands; then it is another incarnation with an empty table. */
static void test_migration(void)
{
	enum { QUIET = 100 };
	uint32_t sent[2] = { 0, 0 };
	for (uint16_t i = 0; i < QUIET; i++) {
		frame_udp4(&f, &ha, &hb, (uint16_t)(20000 + i), DNS, "question", 8);
		passes(a, b);
	}
	handshake(4400);
	uint32_t bulk = export(0, 0);
	struct timespec apart = { .tv_nsec = 600000000 }; /* connections remember eighths of a second */
	uint64_t since = unix_ns();
	nanosleep(&apart, NULL);
	since += 300000000;
	row(4400, &sent[0]);
	handshake(4401);
	uint32_t all = export(since, bulk);
	CHECK(bulk > QUIET * 64 && all > bulk && all - bulk < bulk / 4, "%u bytes, then %u more", bulk, all - bulk);

	struct fh_port p = port6(2, 0);
	put(&p);
	frame_tcp4(&f, &ha, &hb, 4400, DATABASE, 1001, 5001 + sent[0], TCP_ACK, NULL, 0);
	refused(6, FH_REASON_CT_NO_CONNECTION);
	uint32_t imported = import(0, bulk);
	CHECK(imported > QUIET && import(bulk, all) >= 2, "%u imported", imported);
	row(4400, &sent[0]);
	row(4401, &sent[1]);
	frame_udp4(&f, &hb, &ha, DNS, 20000 + QUIET - 1, "answer", 6);
	passes(b, a);
	/* Judged by the rules of where it is now. */
	fh_txn *t = fh_txn_new();
	env_put_group(t, 6, NULL, 0);
	env_must(t);
	frame_tcp4(&f, &ha, &hb, 4400, DATABASE, 1001, 5001 + sent[0], TCP_ACK, NULL, 0);
	refused(6, FH_REASON_REVOKED);
}

int main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
		{ "extension headers", test_extension_headers }, { "SCTP", test_sctp }, { "timeouts", test_timeouts }, { "killed", test_killed },
		{ "changed and killed", test_changed_and_killed },
		{ "migration", test_migration },
	};
	if (argc > 1)
		env_workers = argv[1];
	signal(SIGPIPE, SIG_IGN);
	env_start();
	setup();
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
		tests[i].run();
		printf("ok %s\n", tests[i].name);
		fflush(stdout);
	}
	guest_free(a);
	guest_free(b);
	return 0;
}
