/* The table against a reference map, and under several threads (build with -Db_sanitize=thread for the data races). */
#include "nic.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- sequential: each verdict must be the one that a map with unlimited patience would give --------------------------------- */

enum { FLOWS = 600, CAPACITY = 1024 };

struct ref {
	bool live, replied;
	uint64_t expires;
};

static void same_as_a_map(uint64_t seed)
{
	static struct ref map[FLOWS];
	struct nic n;
	uint64_t s = seed;
	struct fh_rule inbound = rule_allow(FH_INGRESS, FH_PROTO_UDP, 0, 0); /* unsolicited only to port 0, which no flow has */

	memset(map, 0, sizeof map);
	nic_open(&n, CAPACITY, 2);
	nic_rules(&n, &inbound, 1);
	/* Ticks are 134 ms: stay clear of the edge. */
	const uint64_t edge = SECOND;
	for (int step = 0; step < 200000; step++) {
		uint32_t f = (uint32_t)(rnd(&s) % FLOWS);
		struct ref *r = &map[f];
		struct ends e = f % 2 ? ends4(0x0a000005, (uint16_t)(1000 + f / 50), 0x0a000009 + f % 50, 53) : ends6(5, (uint16_t)(1000 + f), 9, 53);
		bool was = r->live && n.now + edge < r->expires, gone = !r->live || n.now > r->expires + edge;
		uint64_t what = rnd(&s) % 100;

		if (what < 45) {
			struct fh_ct_verdict v = nic_udp(&n, FH_EGRESS, e);
			CHECK(passes(v));
			if (was)
				CHECK_EQ(v.class_, FH_CT_ESTABLISHED);
			if (gone)
				CHECK_EQ(v.class_, FH_CT_NEW);
			if (v.class_ == FH_CT_NEW)
				*r = (struct ref){ .live = true };
			r->expires = n.now + (r->replied ? 120 : 30) * SECOND;
		} else if (what < 85) {
			struct fh_ct_verdict v = nic_udp(&n, FH_INGRESS, reversed(e));
			if (was)
				CHECK(passes(v));
			if (gone)
				CHECK(v.action == FH_CT_DROP);
			if (passes(v))
				*r = (struct ref){ true, true, n.now + 120 * SECOND };
			else
				r->live = false;
		} else if (what < 95) {
			n.now += rnd(&s) % (SECOND / 4);
		} else if (what < 99) {
			fh_ct_sweep(n.ct, 0, n.now, 50);
		} else {
			struct fh_ct_info info;
			uint32_t cursor = (uint32_t)(rnd(&s) % CAPACITY);
			if (fh_ct_next(n.ct, n.now, &cursor, &info)) {
				CHECK(fh_ct_kill(n.ct, 1, &info, n.now));
				uint32_t k = info.v6 ? (uint32_t)(info.src_port - 1000u) : 0;
				for (uint32_t i = 0; !info.v6 && i < FLOWS; i++) {
					if (i % 2 && info.src_port == 1000 + i / 50 && fh_be32(info.dst) == 0x0a000009 + i % 50)
						k = i;
				}
				map[k].live = false;
			}
		}
	}
	/* What is listed is what is live. */
	uint32_t listed = 0, cursor = 0, expected = 0, maybe = 0;
	struct fh_ct_info info;
	while (fh_ct_next(n.ct, n.now, &cursor, &info))
		listed++;
	for (uint32_t i = 0; i < FLOWS; i++) {
		expected += map[i].live && n.now + edge < map[i].expires;
		maybe += map[i].live && n.now < map[i].expires + edge;
	}
	CHECK(listed >= expected && listed <= maybe);
	nic_close(&n);
}

/* Chains longer than a bucket, built and taken apart, with nothing lost: a full table has some. */
static void full_index_loses_nothing(void)
{
	enum { N = 20000 };
	struct nic n;

	nic_open(&n, N, 2);
	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < N; i++)
			CHECK(passes(nic_udp(&n, FH_EGRESS, ends4(0x0a000005, (uint16_t)i, 0x0b000000 + (i >> 10), 53))));
		for (uint32_t i = 0; i < N; i++)
			CHECK(passes(nic_udp(&n, FH_INGRESS, reversed(ends4(0x0a000005, (uint16_t)i, 0x0b000000 + (i >> 10), 53)))));
		struct fh_ct_stats st;
		fh_ct_stats(n.ct, &st);
		CHECK_EQ(st.live, N);
		CHECK_EQ(st.denied_full, 0);
		CHECK_EQ(fh_ct_flush(n.ct, 1, n.now), N);
	}
	nic_close(&n);
}

static size_t file_bytes(int fd)
{
	struct stat st;

	REQUIRE(fstat(fd, &st) == 0);
	return (size_t)st.st_blocks * 512;
}

/* A host has a thousand NICs, most of them with few connections: their tables' files cost what is used, also after a restart. */
static void image_costs_what_is_used(void)
{
	enum { N = 100000, LITTLE = 64 << 10 };
	struct nic n;
	uint32_t kept;

	nic_open(&n, N, 2);
	int fd = memfd_create("connections", MFD_CLOEXEC);
	REQUIRE(fd >= 0 && ftruncate(fd, (off_t)n.size) == 0);
	fh_ct_close(n.ct);
	munmap(n.mem, n.size);
	n.mem = mmap(NULL, n.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	REQUIRE(n.mem != MAP_FAILED);
	REQUIRE(fh_ct_open(n.mem, n.size, &n.cfg, n.now, &n.ct, &kept) == FH_OK);
	for (uint16_t i = 0; i < 3; i++)
		CHECK(passes(nic_udp(&n, FH_EGRESS, ends4(0x0a000005, i, 0x0b000000, 53))));
	CHECK(file_bytes(fd) < LITTLE);
	for (int restart = 0; restart < 2; restart++) {
		fh_ct_close(n.ct);
		REQUIRE(fh_ct_open(n.mem, n.size, &n.cfg, n.now, &n.ct, &kept) == FH_OK);
		CHECK_EQ(kept, 3);
		CHECK(file_bytes(fd) < LITTLE);
	}
	/* Another owner's image goes away whole. */
	n.cfg.incarnation++;
	fh_ct_close(n.ct);
	REQUIRE(fh_ct_open(n.mem, n.size, &n.cfg, n.now, &n.ct, &kept) == FH_OK);
	CHECK_EQ(kept, 0);
	CHECK(file_bytes(fd) <= 4096);
	nic_close(&n);
	close(fd);
}

/* --- threads -------------------------------------------------------------------------------------------------------------------- */

enum { WORKERS = 3, PACKETS = 60000 };

struct shared {
	struct nic n;
	uint64_t now;
	unsigned control_id;
	bool stop;
	/* Deferred frees: until all threads are done, which is a grace period if there ever was one. */
	struct {
		void (*fn)(void *);
		void *p;
	} deferred[200000];
	uint32_t n_deferred;
	uint64_t passed[WORKERS];
};

static struct shared S;

static void defer(void *arg, void (*fn)(void *), void *p)
{
	struct shared *s = arg;

	REQUIRE(s->n_deferred < sizeof s->deferred / sizeof s->deferred[0]);
	s->deferred[s->n_deferred].fn = fn;
	s->deferred[s->n_deferred++].p = p;
}

struct thread_arg {
	unsigned id;
	uint64_t seed;
};

static void *work(void *p)
{
	struct thread_arg *a = p;
	uint64_t s = a->seed;

	for (int i = 0; i < PACKETS; i += 16) {
		uint8_t frames[16][128];
		const uint8_t *data[16];
		uint16_t len[16];
		struct fh_pkt pkt[16], *ptr[16];
		struct fh_ct_verdict v[16];
		enum fh_direction dir = rnd(&s) % 2 ? FH_EGRESS : FH_INGRESS;

		for (int k = 0; k < 16; k++) {
			uint32_t f = (uint32_t)(rnd(&s) % 200);
			struct ends e = f % 3 ? ends4(0x0a000005, (uint16_t)f, 0x0a000009, (uint16_t)(50 + f % 5)) : ends6(5, (uint16_t)f, 9, 53);
			static const uint8_t flags[] = { FH_TCP_SYN, FH_TCP_SYN | FH_TCP_ACK, FH_TCP_ACK, FH_TCP_ACK, FH_TCP_FIN | FH_TCP_ACK, FH_TCP_RST };
			bool reply = dir == FH_INGRESS;

			if (reply)
				e = reversed(e);
			uint8_t fl = flags[rnd(&s) % 6];
			len[k] = (uint16_t)(f % 2 ? frame_udp(frames[k], &e, 8)
						  : frame_tcp(frames[k], &e, &(struct seg){ .flags = fl, .seq = (reply ? 5000 : 1000) + !(fl & FH_TCP_SYN),
											      .ack = reply ? 1001 : 5001, .win = 1000 }));
			data[k] = frames[k];
			ptr[k] = &pkt[k];
			fh_pkt_parse(data[k], len[k], len[k], &pkt[k]);
		}
		uint64_t now = fh_load(&S.now);
		fh_hash_burst(&S.n.hash, ptr, 16);
		fh_ct_prefetch(S.n.ct, ptr, 16);
		fh_ct_burst(S.n.ct, a->id, S.n.policy, dir, now, ptr, data, len, v, 16);
		for (int k = 0; k < 16; k++)
			S.passed[a->id] += v[k].action == FH_CT_PASS;
		if (i % 64 == 0)
			fh_ct_sweep(S.n.ct, a->id, now, 16);
	}
	return NULL;
}

static void *control(void *p)
{
	uint64_t s = *(uint64_t *)p;
	struct fh_rule rules[40];
	struct fh_pol_set *sets[40], *set = fh_pol_set_new(S.n.domain);
	static uint8_t buf[FH_CT_RECORD_SIZE * 64];
	uint32_t cursor, refused;

	REQUIRE(set);
	for (int i = 0; i < 40; i++) {
		rules[i] = rule_allow(i % 2 ? FH_EGRESS : FH_INGRESS, FH_PROTO_ANY, 0, 0);
		rules[i].remote = FH_REMOTE_SET;
		sets[i] = set;
	}
	while (!fh_load_acquire(&S.stop)) {
		struct fh_addr a = { .family = 4, .prefix_len = (uint8_t)(24 + rnd(&s) % 9), .b = { 10, 0, 0, 9 } };
		struct fh_ct_info info;

		fh_store(&S.now, fh_load(&S.now) + SECOND / 2);
		switch (rnd(&s) % 8) {
		case 0:
			CHECK_EQ(fh_pol_group_set(S.n.group, rules, sets, (uint32_t)(rnd(&s) % 41), rnd(&s) % 2 ? FH_GROUP_EGRESS_DROP : 0, 0, NULL), FH_OK);
			break;
		case 1:
			CHECK_EQ(fh_pol_set_change(set, &a, 1, NULL, 0), FH_OK);
			break;
		case 2:
			CHECK_EQ(fh_pol_set_change(set, NULL, 0, &a, 1), FH_OK);
			break;
		case 3:
			fh_ct_flush(S.n.ct, S.control_id, fh_load(&S.now));
			break;
		case 4:
			cursor = 0;
			while (fh_ct_next(S.n.ct, fh_load(&S.now), &cursor, &info)) {
				if (rnd(&s) % 8 == 0)
					fh_ct_kill(S.n.ct, S.control_id, &info, fh_load(&S.now));
			}
			break;
		case 5:
			cursor = 0;
			uint32_t n = fh_ct_export(S.n.ct, fh_load(&S.now), 0, &cursor, buf, sizeof buf);
			fh_ct_import(S.n.ct, S.control_id, fh_load(&S.now), buf, (size_t)n * FH_CT_RECORD_SIZE, &refused);
			break;
		case 6:
			fh_ct_preview(S.n.ct, S.n.policy, fh_load(&S.now), NULL, NULL);
			break;
		case 7: {
			struct fh_pol_counters c[64] = { 0 };
			fh_ct_rule_live(S.n.ct, c, 64);
			break;
		}
		}
		if (S.n_deferred > 190000)
			break;
	}
	fh_pol_set_unref(set);
	return NULL;
}

static void workers_and_control_together(uint64_t seed, unsigned workers)
{
	pthread_t threads[WORKERS], ctl;
	struct thread_arg args[WORKERS];
	struct fh_pol_hooks hooks = { .defer = defer, .arg = &S };
	struct fh_ct_stats st;
	uint64_t passed = 0;

	memset(&S, 0, sizeof S);
	nic_open(&S.n, 128, workers + 1); /* fewer than the flows: eviction too */
	/* The same NIC again, with objects that wait for the grace period. */
	fh_policy_free(S.n.policy);
	fh_pol_group_unref(S.n.group);
	fh_pol_domain_free(S.n.domain);
	struct fh_pol_ctx *ctx = S.n.rules;
	REQUIRE((S.n.rules = fh_pol_ctx_new(&hooks, workers + 1)));
	REQUIRE((S.n.domain = fh_pol_domain_new(S.n.rules)) && (S.n.group = fh_pol_group_new(S.n.domain)) && (S.n.policy = fh_policy_new(S.n.domain)));
	REQUIRE(fh_policy_attach(S.n.policy, &S.n.group, 1) == FH_OK);
	S.n.cfg.rules = S.n.rules;
	fh_ct_close(S.n.ct);
	memset(S.n.mem, 0, S.n.size);
	REQUIRE(fh_ct_open(S.n.mem, S.n.size, &S.n.cfg, S.n.now, &S.n.ct, NULL) == FH_OK);
	fh_pol_ctx_free(ctx);
	S.now = S.n.now;
	S.control_id = workers;

	REQUIRE(!pthread_create(&ctl, NULL, control, &seed));
	for (unsigned i = 0; i < workers; i++) {
		args[i] = (struct thread_arg){ i, seed + i + 1 };
		REQUIRE(!pthread_create(&threads[i], NULL, work, &args[i]));
	}
	for (unsigned i = 0; i < workers; i++)
		pthread_join(threads[i], NULL);
	fh_store_release(&S.stop, true);
	pthread_join(ctl, NULL);

	/* Nothing lost, nothing twice: after a flush every entry is free again, and can be used. */
	for (unsigned i = 0; i < workers; i++)
		passed += S.passed[i];
	CHECK(passed > 0);
	S.n.now = S.now;
	uint32_t listed = 0, cursor = 0;
	struct fh_ct_info info;
	fh_ct_sweep(S.n.ct, 0, S.n.now, 1000);
	while (fh_ct_next(S.n.ct, S.n.now, &cursor, &info))
		listed++;
	fh_ct_stats(S.n.ct, &st);
	CHECK_EQ(st.live, listed);
	CHECK_EQ(fh_ct_flush(S.n.ct, workers, S.n.now), listed);
	CHECK_EQ(fh_pol_group_set(S.n.group, NULL, NULL, 0, 0, 0, NULL), FH_OK);
	for (uint16_t i = 0; i < 128; i++)
		CHECK(nic_udp(&S.n, FH_EGRESS, ends4(0x0a000005, i, 0x0a000009, 7)).class_ == FH_CT_NEW);
	fh_ct_stats(S.n.ct, &st);
	CHECK_EQ(st.live, 128);
	fh_ct_close(S.n.ct);
	munmap(S.n.mem, S.n.size);
	fh_policy_free(S.n.policy);
	fh_pol_group_unref(S.n.group);
	fh_pol_domain_free(S.n.domain);
	for (uint32_t i = 0; i < S.n_deferred; i++)
		S.deferred[i].fn(S.deferred[i].p);
	fh_pol_ctx_free(S.n.rules);
}

int main(void)
{
	uint64_t seed = check_seed(777);

	same_as_a_map(seed);
	full_index_loses_nothing();
	image_costs_what_is_used();
	workers_and_control_together(seed, WORKERS);
	workers_and_control_together(seed + 9, 1);
	return check_result();
}
