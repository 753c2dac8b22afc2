#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "net: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

/* --- namespaces -------------------------------------------------------------------------------------------------------- */
static int own(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	must(fd >= 0, "namespace");
	return fd;
}

void net_isolate(void)
{
	if (unshare(CLONE_NEWNET) != 0) {
		fprintf(stderr, "net: no network namespaces here: %s\n", strerror(errno));
		exit(77);
	}
	net_ip(-1, "link set lo up");
}

/* Enters a namespace. Return: the one left, to go back. */
static int enter(int ns)
{
	int back = own();
	must(ns < 0 || setns(ns, CLONE_NEWNET) == 0, "setns");
	return back;
}

static void leave(int back)
{
	must(setns(back, CLONE_NEWNET) == 0, "setns");
	close(back);
}

int net_namespace(void)
{
	int back = own();
	must(unshare(CLONE_NEWNET) == 0, "unshare");
	int ns = own();
	net_ip(-1, "link set lo up");
	leave(back);
	return ns;
}

void net_ip(int ns, const char *format, ...)
{
	char text[512], whole[512], *args[64] = { (char *)(uintptr_t)"ip" };
	unsigned n = 1;
	int status;
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	strcpy(whole, text);
	for (char *save, *word = strtok_r(text, " ", &save); word && n < 63; word = strtok_r(NULL, " ", &save))
		args[n++] = word;
	pid_t child = fork();
	must(child >= 0, "fork");
	if (child == 0) {
		if (ns >= 0 && setns(ns, CLONE_NEWNET) != 0)
			_exit(126);
		execvp("ip", args);
		execv("/sbin/ip", args);
		_exit(127);
	}
	must(waitpid(child, &status, 0) == child, "ip");
	if (status != 0) {
		fprintf(stderr, "net: ip %s failed\n", whole);
		exit(1);
	}
}

void net_veth(int na, const char *a, int nb, const char *b, unsigned mtu)
{
	net_ip(na, "link add %s mtu %u type veth peer name %s mtu %u", a, mtu, b, mtu);
	if (na != nb)
		net_ip(na, "link set %s netns /proc/%d/fd/%d", b, getpid(), nb);
	net_ip(na, "link set %s up", a);
	net_ip(nb, "link set %s up", b);
}

void net_no_offloads(int ns, const char *device)
{
	static const uint32_t commands[] = { ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_STXCSUM, ETHTOOL_SGRO };
	int fd = net_socket(ns, AF_INET, SOCK_DGRAM, 0);
	for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		struct ethtool_value off = { .cmd = commands[i] };
		struct ifreq r = { .ifr_data = (char *)&off };
		strncpy(r.ifr_name, device, IFNAMSIZ - 1);
		must(ioctl(fd, SIOCETHTOOL, &r) == 0, device);
	}
	close(fd);
}

void net_write(int ns, const char *path, const char *text)
{
	int back = enter(ns), fd = open(path, O_WRONLY | O_CLOEXEC);
	must(fd >= 0 && write(fd, text, strlen(text)) > 0, path);
	close(fd);
	leave(back);
}

/* --- sockets --------------------------------------------------------------------------------------------------------------- */
int net_socket(int ns, int domain, int type, int protocol)
{
	int back = enter(ns), fd = socket(domain, type | SOCK_CLOEXEC, protocol);
	must(fd >= 0, "socket");
	leave(back);
	return fd;
}

int net_raw(int ns, const char *device)
{
	int back = enter(ns), one = 1;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(device) };
	must(fd >= 0 && addr.sll_ifindex && bind(fd, (struct sockaddr *)&addr, sizeof addr) == 0, device);
	must(setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) == 0 &&
		     setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof one) == 0,
	     device);
	leave(back);
	return fd;
}

bool net_raw_send(int fd, const void *frame, size_t len)
{
	return send(fd, frame, len, 0) == (ssize_t)len;
}

size_t net_raw_receive(int fd, void *frame, size_t capacity, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	union {
		char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { frame, capacity };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes };
	if (poll(&p, 1, timeout_ms) <= 0)
		return 0;
	ssize_t n = recvmsg(fd, &msg, 0);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); n > 12 && c; c = CMSG_NXTHDR(&msg, c)) {
		struct tpacket_auxdata aux;
		if (c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof aux);
		if (!(aux.tp_status & TP_STATUS_VLAN_VALID))
			continue;
		uint8_t *f = frame;
		memmove(f + 16, f + 12, (size_t)n - 12);
		uint16_t tpid = aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid : 0x8100;
		f[12] = (uint8_t)(tpid >> 8);
		f[13] = (uint8_t)tpid;
		f[14] = (uint8_t)(aux.tp_vlan_tci >> 8);
		f[15] = (uint8_t)aux.tp_vlan_tci;
		n += 4;
	}
	return n > 0 ? (size_t)n : 0;
}

/* --- a guest with the kernel's TCP ---------------------------------------------------------------------------------------------- */
struct tap_guest {
	int fd, stop;
	struct guest *g;
	pthread_t thread;
};

static void *relay(void *arg)
{
	static __thread uint8_t frame[70000];
	struct tap_guest *t = arg;
	while (!__atomic_load_n(&t->stop, __ATOMIC_RELAXED)) {
		bool busy = false;
		for (unsigned i = 0; i < 32; i++) {
			struct virtio_net_hdr h = { 0 };
			struct iovec iov[2] = { { &h, sizeof h }, { frame, sizeof frame } };
			size_t n = guest_receive(t->g, frame, sizeof frame, &h, NULL, 0);
			if (n == 0)
				break;
			iov[1].iov_len = n;
			if (writev(t->fd, iov, 2) < 0 && errno != EIO)
				fprintf(stderr, "net: the TAP device refuses %zu bytes: %s\n", n, strerror(errno));
			busy = true;
		}
		for (unsigned i = 0; i < 32; i++) {
			struct virtio_net_hdr h;
			struct iovec iov[2] = { { &h, sizeof h }, { frame, sizeof frame } };
			ssize_t n = readv(t->fd, iov, 2);
			if (n <= (ssize_t)sizeof h)
				break;
			while (!guest_send(t->g, 0, &h, frame, (size_t)n - sizeof h) && !__atomic_load_n(&t->stop, __ATOMIC_RELAXED))
				sched_yield();
			busy = true;
		}
		if (!busy) {
			struct pollfd p[2] = { { .fd = t->fd, .events = POLLIN }, { .fd = t->g->rx[0].call, .events = POLLIN } };
			uint64_t count;
			poll(p, 2, 1);
			if (p[1].revents)
				(void)!read(t->g->rx[0].call, &count, sizeof count);
		}
	}
	return NULL;
}

struct tap_guest *tap_guest(int ns, const char *device, const uint8_t mac[6], unsigned mtu, struct guest *g)
{
	struct tap_guest *t = calloc(1, sizeof *t);
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	unsigned offloads = 0;
	int back = enter(ns);
	must(t != NULL, "memory");
	t->g = g;
	strncpy(r.ifr_name, device, IFNAMSIZ - 1);
	t->fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (g->features >> VIRTIO_NET_F_CSUM & 1)
		offloads |= TUN_F_CSUM;
	if (g->features >> VIRTIO_NET_F_HOST_TSO4 & 1)
		offloads |= TUN_F_TSO4 | TUN_F_TSO6;
	must(t->fd >= 0 && ioctl(t->fd, TUNSETIFF, &r) == 0 && ioctl(t->fd, TUNSETOFFLOAD, offloads) == 0, "TAP");
	leave(back);
	net_ip(ns, "link set %s address %02x:%02x:%02x:%02x:%02x:%02x mtu %u up", device, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], mtu);
	must(pthread_create(&t->thread, NULL, relay, t) == 0, "thread");
	return t;
}

void tap_guest_stop(struct tap_guest *t)
{
	__atomic_store_n(&t->stop, 1, __ATOMIC_RELAXED);
	pthread_join(t->thread, NULL);
	close(t->fd);
	free(t);
}

/* --- traffic -------------------------------------------------------------------------------------------------------------------- */
static socklen_t address(const char *text, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in *a4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *a6 = (struct sockaddr_in6 *)out;
	memset(out, 0, sizeof *out);
	if (strchr(text, ':')) {
		a6->sin6_family = AF_INET6;
		a6->sin6_port = htons(port);
		must(inet_pton(AF_INET6, text, &a6->sin6_addr) == 1, text);
		return sizeof *a6;
	}
	a4->sin_family = AF_INET;
	a4->sin_port = htons(port);
	must(inet_pton(AF_INET, text, &a4->sin_addr) == 1, text);
	return sizeof *a4;
}

static uint8_t byte_at(size_t at)
{
	return (uint8_t)(at * 31 >> 3 ^ at >> 11);
}

struct transfer {
	int listener;
	size_t bytes;
	uint64_t deadline;
	size_t right; /* that came and were right */
};

static void *serve(void *arg)
{
	static __thread uint8_t data[1 << 16];
	struct transfer *x = arg;
	struct pollfd p = { .fd = x->listener, .events = POLLIN };
	if (poll(&p, 1, (int)(x->deadline - now_ms())) <= 0)
		return NULL;
	int fd = accept4(x->listener, NULL, NULL, SOCK_CLOEXEC);
	while (fd >= 0 && x->right < x->bytes && now_ms() < x->deadline) {
		struct pollfd in = { .fd = fd, .events = POLLIN };
		if (poll(&in, 1, 100) <= 0)
			continue;
		ssize_t n = recv(fd, data, sizeof data, 0);
		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++, x->right++)
			if (data[i] != byte_at(x->right)) {
				fprintf(stderr, "net: byte %zu is wrong\n", x->right);
				close(fd);
				return NULL;
			}
	}
	if (fd >= 0) {
		(void)!send(fd, "k", 1, MSG_NOSIGNAL);
		close(fd);
	}
	return NULL;
}

static bool send_all(int fd, size_t bytes, uint64_t deadline)
{
	static uint8_t data[1 << 16];
	for (size_t done = 0; done < bytes;) {
		size_t n = bytes - done < sizeof data ? bytes - done : sizeof data;
		for (size_t i = 0; i < n; i++)
			data[i] = byte_at(done + i);
		for (size_t off = 0; off < n;) {
			struct pollfd p = { .fd = fd, .events = POLLOUT };
			if (now_ms() > deadline || poll(&p, 1, 200) < 0)
				return false;
			ssize_t w = send(fd, data + off, n - off, MSG_NOSIGNAL | MSG_DONTWAIT);
			if (w < 0 && errno != EAGAIN)
				return false;
			off += w > 0 ? (size_t)w : 0;
		}
		done += n;
	}
	return true;
}

double net_tcp(int client_ns, int server_ns, const char *server, uint16_t port, size_t bytes, int timeout_ms)
{
	struct sockaddr_storage addr;
	socklen_t len = address(server, port, &addr);
	struct transfer x = { .bytes = bytes, .deadline = now_ms() + (uint64_t)timeout_ms };
	pthread_t thread;
	int one = 1, client = net_socket(client_ns, addr.ss_family, SOCK_STREAM, 0);
	char answer;
	x.listener = net_socket(server_ns, addr.ss_family, SOCK_STREAM, 0);
	setsockopt(x.listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (addr.ss_family == AF_INET)
		((struct sockaddr_in *)&addr)->sin_addr.s_addr = INADDR_ANY;
	else
		memset(&((struct sockaddr_in6 *)&addr)->sin6_addr, 0, 16);
	must(bind(x.listener, (struct sockaddr *)&addr, len) == 0 && listen(x.listener, 1) == 0, server);
	address(server, port, &addr);
	must(pthread_create(&thread, NULL, serve, &x) == 0, "thread");
	uint64_t start = now_ms();
	fcntl(client, F_SETFL, O_NONBLOCK);
	struct pollfd p = { .fd = client, .events = POLLOUT };
	int error = 0;
	socklen_t size = sizeof error;
	bool ok = (connect(client, (struct sockaddr *)&addr, len) == 0 || errno == EINPROGRESS) && poll(&p, 1, timeout_ms) > 0 &&
		  getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
	if (!ok)
		fprintf(stderr, "net: no connection to %s: %s\n", server, strerror(error ? error : errno));
	ok = ok && send_all(client, bytes, x.deadline);
	p.events = POLLIN;
	ok = ok && poll(&p, 1, timeout_ms) > 0 && recv(client, &answer, 1, 0) == 1;
	uint64_t took = now_ms() - start;
	close(client);
	x.deadline = ok ? x.deadline : 0;
	pthread_join(thread, NULL);
	close(x.listener);
	if (!ok || x.right != bytes) {
		fprintf(stderr, "net: %zu of %zu bytes to %s\n", x.right, bytes, server);
		return 0;
	}
	return (double)bytes / 1e3 / (double)(took ? took : 1);
}

bool net_ping(int ns, const char *to, int timeout_ms)
{
	struct sockaddr_storage addr;
	socklen_t len = address(to, 0, &addr);
	bool v6 = addr.ss_family == AF_INET6;
	uint8_t echo[16] = { v6 ? 128 : 8, 0, 0, 0, 0, 1, 0, 1, 'f', 'r', 'e', 'e', 'h', 'o', 'l', 'd' };
	net_write(ns, "/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
	int fd = net_socket(ns, addr.ss_family, SOCK_DGRAM, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	uint64_t end = now_ms() + (uint64_t)timeout_ms;
	bool ok = false;
	while (!ok && now_ms() < end) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		(void)!sendto(fd, echo, sizeof echo, 0, (struct sockaddr *)&addr, len);
		ok = poll(&p, 1, 200) > 0 && recv(fd, echo, sizeof echo, MSG_DONTWAIT) > 0;
		echo[0] = v6 ? 128 : 8;
	}
	close(fd);
	return ok;
}
