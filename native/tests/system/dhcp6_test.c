/* DHCPv6: what guests ask and are told, in a subnet of 64 bits and in a longer one; what is refused or not answered. */
#include "env.h"

enum { SOLICIT = 1, ADVERTISE = 2, REQUEST = 3, CONFIRM = 4, RENEW = 5, REBIND = 6, REPLY = 7, RELEASE = 8, INFORMATION_REQUEST = 11 };
enum { CLIENT_ID = 1, SERVER_ID = 2, IA_NA = 3, ADDRESS = 5, STATUS = 13, RAPID_COMMIT = 14, DNS = 23 };
enum { MESSAGE = 62, OPTIONS = MESSAGE + 4 };

static const struct host all_servers = { .mac = { 0x33, 0x33, 0, 1, 0, 2 }, .ip6 = { 0xff, 2, [13] = 1, [15] = 2 } };
static struct guest *a, *b;
static struct host ha, hb; /* as DHCPv6 clients: with their link-local addresses */
static struct host own_a, own_b;
static struct frame f, got;

/* --- questions ------------------------------------------------------------------------------------------------------ */
struct message {
	uint8_t b[400];
	size_t len;
};

static struct message message(uint8_t type)
{
	return (struct message){ .b = { type, 0xab, 0xcd, 0xef }, .len = 4 };
}

static void add(struct message *m, uint8_t code, const void *value, size_t len)
{
	uint8_t *o = m->b + m->len;
	o[0] = 0;
	o[1] = code;
	o[2] = (uint8_t)(len >> 8);
	o[3] = (uint8_t)len;
	if (len)
		memcpy(o + 4, value, len);
	m->len += 4 + len;
}

static void add_client(struct message *m)
{
	add(m, CLIENT_ID, "\0\1\0\1client", 10);
}

static void add_server(struct message *m, uint32_t segment)
{
	uint8_t duid[10] = { 0, 3, 0, 1, 2, 0xfe, 0, 1, 0, (uint8_t)segment };
	add(m, SERVER_ID, duid, sizeof duid);
}

static void add_association(struct message *m, uint8_t iaid, const uint8_t *address)
{
	uint8_t ia[12 + 28] = { [3] = iaid };
	if (address) {
		ia[13] = ADDRESS;
		ia[15] = 24;
		memcpy(ia + 16, address, 16);
	}
	add(m, IA_NA, ia, address ? sizeof ia : 12);
}

static void ask(struct guest *g, const struct host *from, const struct message *m)
{
	frame_udp6(&f, from, &all_servers, 546, 547, m->b, m->len);
	env_send(g, &f);
}

/* --- answers -------------------------------------------------------------------------------------------------------- */
static const uint8_t *find(const uint8_t *o, const uint8_t *end, uint8_t code, uint32_t *len)
{
	for (; o + 4 <= end; o += 4 + *len) {
		*len = (uint32_t)o[2] << 8 | o[3];
		if (o[0] == 0 && o[1] == code)
			return o + 4;
	}
	return NULL;
}

static const uint8_t *option(uint8_t code, uint32_t *len)
{
	return find(got.b + OPTIONS, got.b + got.len, code, len);
}

static void receive(struct guest *g, const struct host *client, uint8_t type)
{
	uint32_t len;
	CHECK(env_receive(g, &got, WAIT_MS), "no answer");
	CHECK(got.b[MESSAGE] == type && memcmp(got.b + MESSAGE + 1, "\xab\xcd\xef", 3) == 0, "type %u", got.b[MESSAGE]);
	CHECK(got.b[55] == 0x23 && got.b[54] == 2 && got.b[57] == 0x22 && memcmp(got.b + 38, client->ip6, 16) == 0, "not to the client");
	CHECK(option(SERVER_ID, &len) && len == 10, "no server");
}

static bool gives(const uint8_t *address, uint32_t lifetime_at_least)
{
	uint32_t len, n;
	const uint8_t *ia = option(IA_NA, &len);
	for (const uint8_t *o = ia ? ia + 12 : NULL; o && (o = find(o, ia + len, ADDRESS, &n)) != NULL; o += n)
		if (memcmp(o, address, 16) == 0)
			return ((uint32_t)o[20] << 24 | (uint32_t)o[21] << 16 | (uint32_t)o[22] << 8 | o[23]) >= lifetime_at_least;
	return false;
}

static int status_of(const uint8_t *o, const uint8_t *end)
{
	uint32_t len;
	const uint8_t *s = find(o, end, STATUS, &len);
	return s ? s[0] << 8 | s[1] : -1;
}

/* --- tests ---------------------------------------------------------------------------------------------------------- */
static void start(void)
{
	fh_txn *t = fh_txn_new();
	struct fh_segment one = env_segment(1), two = env_segment(2);
	one.subnets[1].dns[0] = env_addr("2001:db8::53");
	one.subnets[1].n_dns = 1;
	two.subnets[1].prefix = env_addr("fd00:2::/96");
	struct fh_port p5 = env_port(1, 5), p6 = env_port(2, 6);
	p6.addrs[1] = env_addr("fd00:2::6");
	CHECK(fh_txn_put_segment(t, &one) == FH_OK && fh_txn_put_segment(t, &two) == FH_OK, " ");
	env_put_group(t, 5, NULL, 0);
	env_put_group(t, 6, NULL, 0);
	env_put_port(t, &p5);
	env_put_port(t, &p6);
	env_must(t);
	own_a = ha = env_host(1, 5);
	own_b = hb = env_host(2, 6);
	memcpy(own_b.ip6, p6.addrs[1].b, 16);
	for (struct host *h = &ha; h; h = h == &ha ? &hb : NULL) {
		uint8_t link_local[16] = { 0xfe, 0x80, [8] = h->mac[0] ^ 2, h->mac[1], h->mac[2], 0xff, 0xfe, h->mac[3], h->mac[4], h->mac[5] };
		memcpy(h->ip6, link_local, 16);
	}
	a = env_guest(5, 0);
	b = env_guest(6, 0);
}

static void test_advertisements_say_who_has_to_ask(void)
{
	static const uint8_t all_routers[16] = { 0xff, 2, [15] = 2 }, all_routers_mac[6] = { 0x33, 0x33, 0, 0, 0, 2 };
	struct guest *guests[] = { a, b };
	const struct host *hosts[] = { &ha, &hb };
	static const uint8_t flags[] = { 0x40, 0x80 }; /* name servers; addresses */
	for (unsigned i = 0; i < 2; i++) {
		uint8_t rs[8] = { 133 };
		frame_icmp6(&f, all_routers_mac, hosts[i]->mac, hosts[i]->ip6, all_routers, rs, sizeof rs);
		env_send(guests[i], &f);
		got.len = guest_receive(guests[i], got.b, sizeof got.b, NULL, NULL, WAIT_MS);
		CHECK(got.len && got.b[54] == 134 && (got.b[59] & 0xc0) == flags[i], "flags %02x", got.b[59]);
	}
}

static void test_solicit_and_request(void)
{
	uint32_t len;
	struct message m = message(SOLICIT);
	add_client(&m);
	add_association(&m, 7, NULL);
	ask(b, &hb, &m);
	receive(b, &hb, ADVERTISE);
	CHECK(gives(own_b.ip6, 3600) && memcmp(option(CLIENT_ID, &len), "\0\1\0\1client", 10) == 0, "not b's address");
	CHECK(option(IA_NA, &len)[3] == 7, "another association");
	add(&m, RAPID_COMMIT, NULL, 0);
	ask(b, &hb, &m);
	receive(b, &hb, REPLY);
	CHECK(option(RAPID_COMMIT, &len) && gives(own_b.ip6, 3600), "no rapid commit");

	m = message(REQUEST);
	add_client(&m);
	add_server(&m, 2);
	add_association(&m, 7, own_b.ip6);
	add_association(&m, 8, NULL);
	ask(b, &hb, &m);
	receive(b, &hb, REPLY);
	CHECK(gives(own_b.ip6, 3600), "not b's address");
	const uint8_t *first = option(IA_NA, &len);
	const uint8_t *second = find(first + len, got.b + got.len, IA_NA, &len);
	CHECK(second && second[3] == 8 && status_of(second + 12, second + len) == 2, "a second address");

	/* Also where guests form their address themselves it is this one; with the name server. */
	m = message(SOLICIT);
	add_client(&m);
	add_association(&m, 1, NULL);
	ask(a, &ha, &m);
	receive(a, &ha, ADVERTISE);
	CHECK(gives(own_a.ip6, 3600) && option(DNS, &len) && len == 16, "not a's address with the name server");
}

static void test_renewal_ends_what_is_not_its_own(void)
{
	static const uint8_t other[16] = { 0xfd, 0, 0, 2, [15] = 99 };
	for (uint8_t type = RENEW; type <= REBIND; type++) {
		struct message m = message(type);
		add_client(&m);
		if (type == RENEW)
			add_server(&m, 2);
		add_association(&m, 7, other);
		ask(b, &hb, &m);
		receive(b, &hb, REPLY);
		CHECK(gives(own_b.ip6, 3600) && gives(other, 0) && !gives(other, 1), "the other address lives on");
	}
}

static void test_confirm_release_information(void)
{
	static const uint8_t elsewhere[16] = { 0xfd, 0, 0, 9, [15] = 1 };
	uint32_t len;
	struct message m = message(CONFIRM);
	add_client(&m);
	add_association(&m, 7, own_b.ip6);
	ask(b, &hb, &m);
	receive(b, &hb, REPLY);
	CHECK(status_of(got.b + OPTIONS, got.b + got.len) == 0, "its own address is not on the link");
	m = message(CONFIRM);
	add_client(&m);
	add_association(&m, 7, elsewhere);
	ask(b, &hb, &m);
	receive(b, &hb, REPLY);
	CHECK(status_of(got.b + OPTIONS, got.b + got.len) == 4, "an address of elsewhere is on the link");
	m = message(RELEASE);
	add_client(&m);
	add_server(&m, 2);
	add_association(&m, 7, own_b.ip6);
	ask(b, &hb, &m);
	receive(b, &hb, REPLY);
	CHECK(status_of(got.b + OPTIONS, got.b + got.len) == 0 && !option(IA_NA, &len), "no plain success");
	m = message(INFORMATION_REQUEST);
	ask(a, &ha, &m);
	receive(a, &ha, REPLY);
	CHECK(option(DNS, &len) && memcmp(option(DNS, &len), "\x20\1\x0d\xb8", 4) == 0 && !option(CLIENT_ID, &len), "no name server");
}

/* RFC 8415 section 16, and malformed ones. */
static void test_what_is_discarded(void)
{
	struct message m = message(SOLICIT); /* nobody's */
	add_association(&m, 7, NULL);
	ask(b, &hb, &m);
	m = message(SOLICIT); /* names a server */
	add_client(&m);
	add_server(&m, 2);
	ask(b, &hb, &m);
	m = message(REQUEST); /* another server's */
	add_client(&m);
	add_server(&m, 1);
	add_association(&m, 7, NULL);
	ask(b, &hb, &m);
	m = message(CONFIRM); /* of nothing */
	add_client(&m);
	ask(b, &hb, &m);
	m = message(REPLY); /* a guest that plays server */
	add_client(&m);
	ask(b, &hb, &m);
	m = message(12); /* a relay */
	ask(b, &hb, &m);
	env_expect_silence(b);
	uint64_t before = env_drops(6, FH_REASON_L4_HEADER);
	m = message(SOLICIT); /* an option longer than the message */
	add_client(&m);
	m.b[7] = 200;
	ask(b, &hb, &m);
	m = message(SOLICIT); /* an association without its head */
	add_client(&m);
	add(&m, IA_NA, "abc", 3);
	ask(b, &hb, &m);
	m = message(SOLICIT); /* an address that is cut off */
	add_client(&m);
	add_association(&m, 7, own_b.ip6);
	m.len -= 4;
	m.b[4 + 14 + 3] -= 4;
	ask(b, &hb, &m);
	env_await_drops(6, FH_REASON_L4_HEADER, before + 3);
	env_expect_silence(b);
}

int main(void)
{
	env_start();
	start();
	test_advertisements_say_who_has_to_ask();
	test_solicit_and_request();
	test_renewal_ends_what_is_not_its_own();
	test_confirm_release_information();
	test_what_is_discarded();
	guest_free(a);
	guest_free(b);
	return 0;
}
