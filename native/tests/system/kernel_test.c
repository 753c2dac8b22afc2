/* Against the kernel: its VXLAN device at the other end of the link, its TCP on both sides. usage: kernel_test DRIVER */
#include "env.h"

#include <signal.h>

#include "net.h"

static int hosts, kernel, inside; /* namespaces: the dataplane's, the peer's, the guest's */
static uint64_t generation = 1;

static void set_up(const char *driver)
{
	static char device[32];
	struct fh_uplink u = { .struct_size = sizeof u, .id = env_id(FH_KIND_UPLINK, 1), .generation = generation++, .device = "upa" };
	struct fh_segment s = env_segment(1);
	struct fh_port p = env_port(1, 5);
	struct host far = env_host(1, 6), ha = env_host(1, 5);
	struct fh_remote_port r = { .struct_size = sizeof r, .id = env_id(FH_KIND_REMOTE_PORT, 6), .segment = s.id, .generation = generation++, .n_addrs = 2 };
	struct fh_rule open = env_rule(1, FH_INGRESS, -1, -1, NULL);
	hosts = net_namespace();
	kernel = net_namespace();
	inside = net_namespace();
	net_veth(hosts, "upa", kernel, "upk", 1500);
	net_no_offloads(kernel, "upk");
	net_ip(kernel, "addr add 192.0.2.2/24 dev upk");
	net_ip(kernel, "link add vx0 address %02x:%02x:%02x:%02x:%02x:%02x type vxlan id 1 local 192.0.2.2 remote 192.0.2.1 dstport 4789 dev upk", far.mac[0],
	       far.mac[1], far.mac[2], far.mac[3], far.mac[4], far.mac[5]);
	net_no_offloads(kernel, "vx0");
	net_ip(kernel, "link set vx0 up");
	net_ip(kernel, "addr add 10.1.0.6/24 dev vx0");
	net_ip(kernel, "addr add fd00:1::fe:ff:fe00:106/64 dev vx0 nodad");
	env_netns = hosts;
	snprintf(device, sizeof device, "upa:%s", driver);
	env_uplinks[0] = device;
	env_start();
	u.address = env_addr("192.0.2.1/24");
	s.uplink = u.id;
	s.transport = FH_TRANSPORT_VXLAN;
	memcpy(r.mac, far.mac, 6);
	r.tunnel = env_addr("192.0.2.2");
	r.addrs[0] = env_addr("10.1.0.6");
	r.addrs[1] = env_addr("fd00:1::fe:ff:fe00:106");
	p = env_port(1, 5);
	fh_txn *t = fh_txn_new();
	CHECK(fh_txn_put_uplink(t, &u) == FH_OK && fh_txn_put_segment(t, &s) == FH_OK && fh_txn_put_remote_port(t, &r) == FH_OK, " ");
	env_put_group(t, 5, &open, 1);
	env_put_port(t, &p);
	env_must(t);
	struct guest *g = env_guest(5, GUEST_OFFLOADS);
	tap_guest(inside, "eth0", ha.mac, 1500, g);
	net_write(inside, "/proc/sys/net/ipv6/conf/eth0/accept_ra", "0");
	net_ip(inside, "addr add 10.1.0.5/24 dev eth0");
	net_ip(inside, "addr replace fd00:1::fe:ff:fe00:105/64 dev eth0 nodad");
}

static void show(void)
{
	static struct fh_uplink_status s[8];
	uint64_t cursor = 0;
	uint32_t n;
	s[0].struct_size = sizeof s[0];
	CHECK(fh_ctl_uplinks(env_ctl, 1000, &cursor, s, 8, &n) == FH_OK && n == 1, " ");
	printf("uplink %s: %s, %llu in, %llu out, neighbours %u of %u, drops", s[0].device, s[0].driver, (unsigned long long)s[0].rx_packets,
	       (unsigned long long)s[0].tx_packets, s[0].neighbours_resolved, s[0].neighbours);
	for (uint32_t i = 0; i < 32; i++)
		if (s[0].drops[i])
			printf(" %s=%llu", fh_drop_reason_name(i), (unsigned long long)s[0].drops[i]);
	printf("\n");
	fflush(stdout);
}

static void transfer(const char *what, int from, int to, const char *address, uint16_t port, size_t bytes)
{
	double rate = net_tcp(from, to, address, port, bytes, 20000);
	if (rate == 0)
		show();
	CHECK(rate > 0, "%s", what);
	printf("%s: %.0f MB/s\n", what, rate);
	fflush(stdout);
}

int main(int argc, char *argv[])
{
	const char *driver = argc > 1 ? argv[1] : "af_packet";
	size_t bytes = argc > 2 ? (size_t)atoi(argv[2]) << 20 : 16u << 20;
	signal(SIGPIPE, SIG_IGN);
	net_isolate();
	set_up(driver);
	CHECK(net_ping(inside, "10.1.0.6", WAIT_MS), "the guest's ping to the kernel");
	CHECK(net_ping(kernel, "10.1.0.5", WAIT_MS), "the kernel's ping to the guest");
	CHECK(net_ping(inside, "fd00:1::fe:ff:fe00:106", WAIT_MS), "the guest's IPv6 ping to the kernel");
	CHECK(net_ping(kernel, "fd00:1::fe:ff:fe00:105", WAIT_MS), "the kernel's IPv6 ping to the guest");
	transfer("guest to kernel", inside, kernel, "10.1.0.6", 5001, bytes);
	transfer("kernel to guest", kernel, inside, "10.1.0.5", 5002, bytes);
	transfer("guest to kernel, IPv6", inside, kernel, "fd00:1::fe:ff:fe00:106", 5003, bytes);
	transfer("kernel to guest, IPv6", kernel, inside, "fd00:1::fe:ff:fe00:105", 5004, bytes);
	show();
	return 0;
}
