/* What bills and flow logs are made from: traffic by class, flow records; over kills of the dataplane, and to readers that die. */
#include "env.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

#include "flows_file.h"

static struct guest *a, *b;
static struct host ha, hb;
static struct frame f;

static void set_up(void)
{
	struct fh_rule open = env_rule(1, FH_INGRESS, -1, -1, NULL);
	struct fh_segment s = env_segment(1);
	struct fh_port pa = env_port(1, 5), pb = env_port(1, 6);
	fh_txn *t = fh_txn_new();
	CHECK(fh_txn_put_segment(t, &s) == FH_OK, " ");
	env_put_group(t, 5, NULL, 0);
	env_put_group(t, 6, &open, 1);
	env_put_port(t, &pa);
	env_put_port(t, &pb);
	env_must(t);
	ha = env_host(1, 5);
	hb = env_host(1, 6);
	a = env_guest(5, 0);
	b = env_guest(6, 0);
}

static void say(uint16_t sport)
{
	frame_udp4(&f, &ha, &hb, sport, 53, "a question of some length to count", 34);
	env_send(a, &f);
	env_expect(b, &f);
}

/* The first records that are there once there are n; waits for the control thread's round. */
static uint32_t flows(uint64_t epoch, uint64_t taken, struct fh_flow_stream *stream, struct fh_flow_record *out, uint32_t capacity, uint32_t at_least)
{
	uint64_t end = env_now_ns() + WAIT_MS * 1000000ull;
	uint32_t n;
	for (;;) {
		*stream = (struct fh_flow_stream){ .struct_size = sizeof *stream };
		for (uint32_t i = 0; i < capacity; i++)
			out[i].struct_size = sizeof out[i];
		CHECK(fh_ctl_flows(env_ctl, 1000, epoch, taken, stream, out, capacity, &n) == FH_OK, " ");
		if (n >= at_least)
			return n;
		CHECK(env_now_ns() < end, "%u of %u records", n, at_least);
	}
}

static void kill_all(uint32_t port, uint32_t expected)
{
	struct fh_id id = env_id(FH_KIND_PORT, port);
	uint32_t killed;
	CHECK(fh_ctl_kill(env_ctl, 1000, &id, NULL, &killed) == FH_OK && killed == expected, "%u killed", killed);
}

static void test_traffic_by_class(void)
{
	struct fh_port_status a0 = env_status(5), b0 = env_status(6);
	say(4000);
	uint64_t size = f.len;
	frame_arp(&f, &ha, 1, ha.mac, ha.ip4, hb.ip4);
	env_send(a, &f);
	struct frame got;
	CHECK(env_receive(a, &got, WAIT_MS), "no ARP answer");
	/* A worker counts right after the guest has the packet. */
	struct fh_port_status a1 = env_await_traffic(5, true, FH_TRAFFIC_SERVICE, a0.to_guest[FH_TRAFFIC_SERVICE].packets + 1);
	struct fh_port_status b1 = env_await_traffic(6, true, FH_TRAFFIC_NETWORK, b0.to_guest[FH_TRAFFIC_NETWORK].packets + 1);
	CHECK(a1.traffic_epoch && a1.traffic_epoch == a0.traffic_epoch, " ");
	CHECK(a1.from_guest[FH_TRAFFIC_NETWORK].packets == a0.from_guest[FH_TRAFFIC_NETWORK].packets + 1 &&
		      a1.from_guest[FH_TRAFFIC_NETWORK].bytes == a0.from_guest[FH_TRAFFIC_NETWORK].bytes + size,
	      "from a: %llu bytes", (unsigned long long)a1.from_guest[FH_TRAFFIC_NETWORK].bytes);
	CHECK(b1.to_guest[FH_TRAFFIC_NETWORK].packets == b0.to_guest[FH_TRAFFIC_NETWORK].packets + 1 &&
		      b1.to_guest[FH_TRAFFIC_NETWORK].bytes == b0.to_guest[FH_TRAFFIC_NETWORK].bytes + size,
	      " ");
	CHECK(a1.from_guest[FH_TRAFFIC_SERVICE].packets == a0.from_guest[FH_TRAFFIC_SERVICE].packets + 1, " ");
	/* Every packet that reached a guest has a class. */
	uint64_t classes = 0;
	for (unsigned c = 0; c < FH_TRAFFIC_CLASSES; c++)
		classes += b1.to_guest[c].packets;
	CHECK(classes == b1.tx_packets, "%llu of %llu", (unsigned long long)classes, (unsigned long long)b1.tx_packets);
	/* What the sender's rules stop is not billed. */
	uint64_t before = env_drops(5, FH_REASON_SPOOFED_IP);
	struct host nobody = ha;
	nobody.ip4[3] = 99;
	frame_udp4(&f, &nobody, &hb, 4000, 53, "x", 1);
	env_send(a, &f);
	env_await_drops(5, FH_REASON_SPOOFED_IP, before + 1);
	struct fh_port_status a2 = env_status(5);
	CHECK(memcmp(a2.from_guest, a1.from_guest, sizeof a1.from_guest) == 0, "a spoofed packet is billed");
}

static void test_records_stay_until_they_are_taken(void)
{
	struct fh_flow_stream s, again;
	struct fh_flow_record r[8], r2[8];
	struct fh_id id = env_id(FH_KIND_PORT, 5);
	kill_all(5, 1);
	uint32_t n = flows(0, 0, &s, r, 8, 1);
	CHECK(n == 1 && s.epoch && r[0].sequence == 1, "%u records", n);
	CHECK(memcmp(&r[0].port, &id, sizeof id) == 0 && r[0].family == 4 && r[0].protocol == 17 && r[0].direction == FH_EGRESS &&
		      r[0].src_port == 4000 && r[0].dst_port == 53 && memcmp(r[0].src, ha.ip4, 4) == 0 && memcmp(r[0].dst, hb.ip4, 4) == 0,
	      "another connection");
	CHECK(r[0].end == FH_FLOW_FORCED && r[0].packets[0] == 1 && r[0].bytes[0] == 62 && r[0].packets[1] == 0, "end %u, %llu bytes", r[0].end,
	      (unsigned long long)r[0].bytes[0]);
	CHECK(r[0].rule.b[15] == FH_RULE_DEFAULT_EGRESS_ALLOW, "not the rule that allowed it");
	CHECK(r[0].start_ns <= r[0].end_ns && r[0].end_ns < env_now_ns() + 1000000000ull && r[0].start_ns + 60000000000ull > env_now_ns(), "not now");
	CHECK(flows(0, 0, &again, r2, 8, 1) == 1 && memcmp(r, r2, sizeof r[0]) == 0, "the second reading differs");
	CHECK(flows(s.epoch + 1, 1, &again, r2, 8, 1) == 1, "taken for another epoch");
	CHECK(flows(s.epoch, 2, &again, r2, 8, 1) == 1, "taken what was never told");
	CHECK(flows(s.epoch, 1, &again, r2, 8, 0) == 0 && again.lost == 0, "it is still there");
}

/* As a process leaves the file that is killed between two stores: the last record is in the outbox, and still in its ring. */
static void untake(void)
{
	int fd = openat(AT_FDCWD, env_path("state/flows"), O_RDWR | O_CLOEXEC);
	struct flows_file *file = mmap(NULL, sizeof *file, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(fd >= 0 && file != MAP_FAILED, "no file");
	CHECK(file->moving && file->moving + 1 == file->next, "the last record is %llu", (unsigned long long)file->moving);
	CHECK(file->rings[file->moving_ring].tail == file->moving_tail + 1, " ");
	file->rings[file->moving_ring].tail = file->moving_tail;
	munmap(file, sizeof *file);
	close(fd);
}

static void test_both_outlive_a_kill(void)
{
	struct fh_flow_stream s, after;
	struct fh_flow_record r[8];
	kill_all(6, 1);
	say(4001);
	kill_all(5, 1);
	uint32_t n = flows(0, 0, &s, r, 8, 2);
	CHECK(n == 2 && r[0].sequence == 2 && r[1].sequence == 3, "%u records", n);
	struct fh_port_status before = env_status(5);
	env_kill();
	untake();
	env_start();
	CHECK(guest_start(a, 0, WAIT_MS) && guest_start(b, 0, WAIT_MS), "the dataplane does not come back");
	env_await_state(5, FH_PORT_UP);
	env_await_state(6, FH_PORT_UP);
	n = flows(s.epoch, 2, &after, r, 8, 1);
	CHECK(n == 1 && after.epoch == s.epoch && r[0].sequence == 3 && r[0].src_port == 4001, "%u records, the first is %llu", n,
	      (unsigned long long)r[0].sequence);
	struct fh_port_status now = env_status(5);
	CHECK(now.traffic_epoch == before.traffic_epoch && now.rx_packets < before.rx_packets, " ");
	CHECK(memcmp(&now.from_guest[FH_TRAFFIC_NETWORK], &before.from_guest[FH_TRAFFIC_NETWORK], sizeof now.from_guest[0]) == 0, "traffic is lost");
	say(4002);
	now = env_status(5);
	CHECK(now.from_guest[FH_TRAFFIC_NETWORK].packets == before.from_guest[FH_TRAFFIC_NETWORK].packets + 1, " ");
}

static void test_another_incarnation_begins_anew(void)
{
	struct fh_port_status before = env_status(5);
	struct fh_flow_stream s;
	struct fh_flow_record r[8];
	struct fh_port p = env_port(1, 5);
	p.incarnation = 77;
	fh_txn *t = fh_txn_new();
	env_put_port(t, &p);
	env_must(t);
	struct fh_port_status after = env_status(5);
	CHECK(after.traffic_epoch > before.traffic_epoch && after.from_guest[FH_TRAFFIC_NETWORK].packets == 0, "it counts on");
	/* Its connections went with it, and that is told. */
	uint32_t n = flows(0, 0, &s, r, 8, 2);
	CHECK(n == 2 && r[1].src_port == 4002 && r[1].end == FH_FLOW_FORCED, "%u records", n);
	say(4003);
	after = env_await_traffic(5, false, FH_TRAFFIC_NETWORK, 1);
	CHECK(after.from_guest[FH_TRAFFIC_NETWORK].packets == 1, " ");
	/* So do those of a port that is removed. */
	t = fh_txn_new();
	CHECK(fh_txn_remove(t, FH_KIND_PORT, &p.id) == FH_OK, " ");
	env_must(t);
	n = flows(s.epoch, r[1].sequence, &s, r, 8, 1);
	CHECK(n == 1 && r[0].src_port == 4003 && r[0].end == FH_FLOW_FORCED, "%u records", n);
}

int main(int argc, char *argv[])
{
	if (argc > 1)
		env_workers = argv[1];
	signal(SIGPIPE, SIG_IGN);
	env_start();
	set_up();
	test_traffic_by_class();
	test_records_stay_until_they_are_taken();
	test_both_outlive_a_kill();
	test_another_incarnation_begins_anew();
	guest_free(a);
	guest_free(b);
	return 0;
}
