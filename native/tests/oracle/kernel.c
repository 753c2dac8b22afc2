#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#define MARKER_PORT 9
#define REPLIED 2u /* IPS_SEEN_REPLY */

static int taps[2], netlink; /* taps: by out: where its frames go in */
static uint8_t tap_mac[2][6];

static const char setup[] =
	"set -e\n"
	"ip link set lo up\n"
	"for i in guest far; do\n"
	"  sysctl -q -w net.ipv6.conf.$i.accept_dad=0 net.ipv6.conf.$i.router_solicitations=0 net.ipv6.conf.$i.accept_ra=0\n"
	"  ip link set $i up\n"
	"done\n"
	"sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.guest.rp_filter=0"
	" net.ipv4.conf.far.rp_filter=0\n"
	"ip route add 10.0.0.5/32 dev guest; ip neigh add 10.0.0.5 lladdr 02:00:00:00:00:05 dev guest\n"
	"ip route add 192.0.2.0/24 dev far; ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev far\n"
	"ip -6 route add 2001:db8::5/128 dev guest; ip -6 neigh add 2001:db8::5 lladdr 02:00:00:00:00:05 dev guest\n"
	"ip -6 route add 2001:db8::9/128 dev far; ip -6 neigh add 2001:db8::9 lladdr 02:00:00:00:00:09 dev far\n"
	"nft -f - <<'RULES'\n"
	"table inet oracle {\n"
	"  chain first { type filter hook prerouting priority raw; udp dport 9 notrack; }\n"
	"  chain between { type filter hook forward priority 0; policy drop;\n"
	"    udp dport 9 accept\n"
	"    ct state invalid drop\n"
	"    ct state established,related accept\n"
	"    iifname guest ct state new accept\n"
	"    iifname far ct state new tcp dport 80 accept\n"
	"    iifname far ct state new udp dport 53 accept\n"
	"    iifname far ct state new sctp dport 80 accept\n"
	"    iifname far ct state new icmp type echo-request accept\n"
	"    iifname far ct state new icmpv6 type echo-request accept\n"
	"  }\n"
	"}\n"
	"RULES\n"
	/* No pickup in mid-stream, and our time for established connections: both are choices of ours that Linux can make, too. */
	"sysctl -q -w net.netfilter.nf_conntrack_tcp_loose=0 net.netfilter.nf_conntrack_tcp_timeout_established=86400\n";

static int tap_open(const char *name, uint8_t mac[6])
{
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &r) != 0 || ioctl(fd, SIOCGIFHWADDR, &r) != 0)
		return -1;
	memcpy(mac, r.ifr_hwaddr.sa_data, 6);
	return fd;
}

/* Since 6.1 old segments pass without effect; earlier kernels call them invalid. */
static bool recent_enough(void)
{
	struct utsname u;
	int major = 0, minor = 0;

	return uname(&u) == 0 && sscanf(u.release, "%d.%d", &major, &minor) == 2 && (major > 6 || (major == 6 && minor >= 1));
}

bool kernel_open(void)
{
	if (!recent_enough()) {
		fprintf(stderr, "the list of differences is of Linux 6.1 and later\n");
		return false;
	}
	if (unshare(CLONE_NEWNET) != 0) {
		fprintf(stderr, "no network namespace: %s\n", strerror(errno));
		return false;
	}
	taps[1] = tap_open("guest", tap_mac[1]);
	taps[0] = tap_open("far", tap_mac[0]);
	netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (taps[0] < 0 || taps[1] < 0 || netlink < 0) {
		fprintf(stderr, "no taps or no netlink: %s\n", strerror(errno));
		return false;
	}
	FILE *shell = popen("sh", "w");
	if (!shell || fputs(setup, shell) < 0 || pclose(shell) != 0) {
		fprintf(stderr, "the namespace cannot be set up: it needs ip, sysctl and nft, and nf_conntrack in the kernel\n");
		return false;
	}
	return true;
}

/* --- frames -------------------------------------------------------------------------------------------------------------- */
static uint32_t sum(const uint8_t *p, uint32_t len, uint32_t start)
{
	for (uint32_t i = 0; i + 1 < len; i += 2)
		start += fh_be16(p + i);
	if (len % 2)
		start += (uint32_t)p[len - 1] << 8;
	return start;
}

static uint16_t folded(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

static void sctp_checksum(uint8_t *l4, uint32_t len)
{
	uint32_t crc = UINT32_MAX;

	memset(l4 + 8, 0, 4);
	for (uint32_t i = 0; i < len; i++) {
		crc ^= l4[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	crc = ~crc;
	memcpy(l4 + 8, &crc, 4);
}

/* Return: offset of the L4 header; *proto. IPv6 extension headers of the usual form are passed over. */
static uint32_t find_l4(const uint8_t *f, uint8_t *proto)
{
	if (f[12] == 0x08) {
		*proto = f[23];
		return 14 + (f[14] & 15) * 4u;
	}
	uint32_t at = 54;
	*proto = f[20];
	while (*proto == 0 || *proto == 43 || *proto == 60) {
		*proto = f[at];
		at += 8 + f[at + 1] * 8u;
	}
	return at;
}

void oracle_checksums(uint8_t *f, uint32_t len)
{
	bool v6 = f[12] == 0x86;
	uint8_t proto;
	uint32_t at = find_l4(f, &proto), l4_len = len - at, field;

	if (!v6) {
		fh_put_be16(f + 24, 0);
		fh_put_be16(f + 24, folded(sum(f + 14, (f[14] & 15) * 4u, 0)));
		if (fh_be16(f + 20) & 0x3fff)
			return; /* a fragment: whoever made it did the datagram's sum */
	}
	uint32_t pseudo = sum(f + (v6 ? 22 : 26), v6 ? 32 : 8, proto + l4_len);

	switch (proto) {
	case FH_PROTO_TCP:
		field = 16;
		break;
	case FH_PROTO_UDP:
		field = 6;
		break;
	case FH_PROTO_ICMP:
		pseudo = 0;
		/* fall through */
	case FH_PROTO_ICMP6:
		field = 2;
		break;
	case FH_PROTO_SCTP:
		sctp_checksum(f + at, l4_len);
		return;
	default:
		return;
	}
	fh_put_be16(f + at + field, 0);
	fh_put_be16(f + at + field, folded(sum(f + at, l4_len, pseudo)));
}

static void put(bool out, const uint8_t *frame, uint32_t len)
{
	uint8_t f[4096];

	memcpy(f, frame, len);
	memcpy(f, tap_mac[out], 6);
	memcpy(f + 6, "\2\0\0\0\0", 5);
	f[11] = out ? 5 : 9;
	if (write(taps[out], f, len) != (ssize_t)len) {
		perror("oracle: cannot write to the tap");
		exit(1);
	}
}

static void put_marker(bool out)
{
	struct ends e = ends4(out ? ORACLE_GUEST4 : ORACLE_FAR4, 1, out ? ORACLE_FAR4 : ORACLE_GUEST4, MARKER_PORT);
	uint8_t f[128];
	uint32_t len = frame_udp(f, &e, 4);

	oracle_checksums(f, len);
	put(out, f, len);
}

/* Return: length of the next frame that came out of the other side. */
static uint32_t take(bool out, uint8_t *f, uint32_t capacity)
{
	struct pollfd p = { .fd = taps[!out], .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, 2000) != 1 || (n = read(taps[!out], f, capacity)) < 14) {
		fprintf(stderr, "oracle: the marker does not come through; nothing can be said\n");
		exit(1);
	}
	return (uint32_t)n;
}

uint32_t kernel_send(bool out, const uint8_t *frame, uint32_t len, bool spoil_checksum)
{
	uint8_t f[4096], proto;
	uint32_t payload = 0, at;
	bool v6 = frame[12] == 0x86;

	memcpy(f, frame, len);
	oracle_checksums(f, len);
	if (spoil_checksum)
		f[len - 1] ^= 0x55;
	put(out, f, len);
	put_marker(out);
	for (;;) {
		uint32_t n = take(out, f, sizeof f);

		if ((f[12] != 0x08 && f[12] != 0x86) || n < 34)
			continue;
		at = find_l4(f, &proto);
		if (f[12] == 0x08 && proto == FH_PROTO_UDP && fh_be16(f + at + 2) == MARKER_PORT)
			return payload;
		/* Only what has the sender's addresses: not what the router says itself. */
		if ((f[12] == 0x86) == v6 && memcmp(f + (v6 ? 22 : 26), frame + (v6 ? 22 : 26), v6 ? 32 : 8) == 0)
			payload += v6 ? fh_be16(f + 18) : (uint32_t)fh_be16(f + 16) - (f[14] & 15) * 4u;
	}
}

/* --- ctnetlink ---------------------------------------------------------------------------------------------------------------- */
struct message {
	struct nlmsghdr h;
	struct nfgenmsg g;
	uint8_t attributes[512];
};

static struct nlattr *begin(struct message *m, uint16_t type)
{
	struct nlattr *a = (struct nlattr *)(void *)((uint8_t *)m + m->h.nlmsg_len);

	*a = (struct nlattr){ .nla_type = type | NLA_F_NESTED };
	m->h.nlmsg_len += NLA_HDRLEN;
	return a;
}

static void end(struct message *m, struct nlattr *a)
{
	a->nla_len = (uint16_t)((uint8_t *)m + m->h.nlmsg_len - (uint8_t *)a);
}

static void add(struct message *m, uint16_t type, const void *data, uint16_t len)
{
	struct nlattr *a = (struct nlattr *)(void *)((uint8_t *)m + m->h.nlmsg_len);

	*a = (struct nlattr){ .nla_type = type, .nla_len = (uint16_t)(NLA_HDRLEN + len) };
	memcpy(a + 1, data, len);
	m->h.nlmsg_len += NLA_ALIGN(a->nla_len);
}

static void add_be16(struct message *m, uint16_t type, uint16_t v)
{
	uint8_t b[2];

	fh_put_be16(b, v);
	add(m, type, b, 2);
}

static void ask(const struct ends *e, uint8_t proto)
{
	struct message m = { .h = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct nfgenmsg)), .nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET,
				    .nlmsg_flags = NLM_F_REQUEST },
			     .g = { .nfgen_family = e->v6 ? AF_INET6 : AF_INET, .version = NFNETLINK_V0 } };
	struct nlattr *tuple = begin(&m, CTA_TUPLE_ORIG), *ip = begin(&m, CTA_TUPLE_IP);

	add(&m, e->v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, e->src, e->v6 ? 16 : 4);
	add(&m, e->v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST, e->dst, e->v6 ? 16 : 4);
	end(&m, ip);
	struct nlattr *l4 = begin(&m, CTA_TUPLE_PROTO);
	add(&m, CTA_PROTO_NUM, &proto, 1);
	if (proto == FH_PROTO_ICMP || proto == FH_PROTO_ICMP6) {
		bool six = proto == FH_PROTO_ICMP6;
		uint8_t type = (uint8_t)(e->dport >> 8), code = (uint8_t)e->dport;

		add_be16(&m, six ? CTA_PROTO_ICMPV6_ID : CTA_PROTO_ICMP_ID, e->sport);
		add(&m, six ? CTA_PROTO_ICMPV6_TYPE : CTA_PROTO_ICMP_TYPE, &type, 1);
		add(&m, six ? CTA_PROTO_ICMPV6_CODE : CTA_PROTO_ICMP_CODE, &code, 1);
	} else {
		add_be16(&m, CTA_PROTO_SRC_PORT, e->sport);
		add_be16(&m, CTA_PROTO_DST_PORT, e->dport);
	}
	end(&m, l4);
	end(&m, tuple);
	if (send(netlink, &m, m.h.nlmsg_len, 0) < 0) {
		perror("oracle: ctnetlink");
		exit(1);
	}
}

/* Return: the attribute's data within [p, p + len), or NULL. */
static const uint8_t *attribute(const uint8_t *p, uint32_t len, uint16_t type, uint32_t *data_len)
{
	for (uint32_t at = 0; at + NLA_HDRLEN <= len;) {
		struct nlattr a;

		memcpy(&a, p + at, sizeof a);
		if (a.nla_len < NLA_HDRLEN || a.nla_len > len - at)
			return NULL;
		if ((a.nla_type & NLA_TYPE_MASK) == type) {
			*data_len = a.nla_len - NLA_HDRLEN;
			return p + at + NLA_HDRLEN;
		}
		at += NLA_ALIGN(a.nla_len);
	}
	return NULL;
}

struct kernel_entry kernel_find(const struct ends *e, uint8_t proto)
{
	struct kernel_entry k = { 0 };
	uint8_t buf[4096];
	struct nlmsghdr h;
	uint32_t len, off = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	const uint8_t *p;

	ask(e, proto);
	ssize_t n = recv(netlink, buf, sizeof buf, 0);
	if (n < (ssize_t)sizeof h) {
		perror("oracle: ctnetlink's answer");
		exit(1);
	}
	memcpy(&h, buf, sizeof h);
	if (h.nlmsg_type == NLMSG_ERROR || (uint32_t)n < off)
		return k;
	uint32_t all = (uint32_t)n - off;
	k.found = true;
	if ((p = attribute(buf + off, all, CTA_STATUS, &len)) && len == 4)
		k.replied = fh_be32(p) & REPLIED;
	if ((p = attribute(buf + off, all, CTA_TIMEOUT, &len)) && len == 4)
		k.seconds = fh_be32(p);
	if ((p = attribute(buf + off, all, CTA_PROTOINFO, &len)) && (p = attribute(p, len, CTA_PROTOINFO_TCP, &len)) &&
	    (p = attribute(p, len, CTA_PROTOINFO_TCP_STATE, &len)))
		k.tcp_state = p[0];
	return k;
}
