#include "hostile.h"

#include <signal.h>
#include <unistd.h>

struct guest *a, *b, *evil;
struct host ha, hb, he;

#define JOIN_MS 15000 /* the dataplane lets a front end rest that comes and goes all the time */

static struct frame f;
static uint32_t seed = 1;

uint32_t hostile_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed;
}

void hostile_others_still_talk(void)
{
	static uint16_t port = 1000; /* not 67: only the dataplane speaks DHCP */
	for (unsigned i = 0; i < 4; i++) {
		frame_udp4(&f, &ha, &hb, port++, 7, "still here", 10);
		env_send(a, &f);
		env_expect(b, &f);
	}
}

static bool is_up(unsigned wait_ms)
{
	for (unsigned i = 0; i < wait_ms / 10; i++) {
		if (env_status(HOSTILE).state == FH_PORT_UP)
			return true;
		usleep(10000);
	}
	return false;
}

void hostile_rejoin(void)
{
	guest_free(evil);
	evil = guest_new(env_path("port9"), 1);
	CHECK(evil, " ");
	/* A rest may begin just when the new front end has been found. */
	for (unsigned i = 0; !guest_start(evil, GUEST_OFFLOADS, JOIN_MS) || !is_up(1000); i++)
		CHECK(i < 3, "the dataplane does not come back to the hostile port");
}

unsigned hostile_drain(struct guest *g)
{
	unsigned n = 0;
	while (guest_receive(g, f.b, sizeof f.b, NULL, NULL, 50))
		n++;
	return n;
}

void hostile_send(const struct frame *frame)
{
	for (unsigned i = 0; !guest_send(evil, 0, NULL, frame->b, frame->len); i++) {
		CHECK(i < 100000, "the hostile guest's ring is not emptied any more");
		usleep(50);
	}
}

static void setup(void)
{
	struct fh_rule open = env_rule(1, FH_INGRESS, -1, -1, NULL);
	struct fh_segment s = env_segment(1);
	fh_txn *t = fh_txn_new();
	CHECK(fh_txn_put_segment(t, &s) == FH_OK, " ");
	static const uint32_t ports[] = { 5, 6, HOSTILE };
	for (unsigned i = 0; i < 3; i++) {
		struct fh_port p = env_port(1, ports[i]);
		env_put_group(t, ports[i], &open, 1);
		env_put_port(t, &p);
	}
	env_must(t);
	ha = env_host(1, 5);
	hb = env_host(1, 6);
	he = env_host(1, HOSTILE);
	a = env_guest(5, 0);
	b = env_guest(6, 0);
	evil = env_guest(HOSTILE, GUEST_OFFLOADS);
}

int hostile_run(int argc, char *argv[], const struct attack attacks[], size_t n)
{
	if (argc > 1)
		seed = (uint32_t)atoi(argv[1]);
	signal(SIGPIPE, SIG_IGN);
	env_start();
	setup();
	for (size_t i = 0; i < n; i++) {
		if (argc > 2 && !strstr(attacks[i].name, argv[2]))
			continue;
		attacks[i].run();
		hostile_drain(b);
		hostile_others_still_talk();
		hostile_rejoin();
		printf("ok %s\n", attacks[i].name);
		fflush(stdout);
	}
	guest_free(evil);
	guest_free(a);
	guest_free(b);
	return 0;
}
