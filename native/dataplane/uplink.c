#include "uplink.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <rte_cycles.h>
#include <rte_mempool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "pipeline.h"

#define POOL_SIZE 511u /* a burst in, a batch out; nothing is kept */
#define IN_FRONT RTE_PKTMBUF_HEADROOM /* for tunnel headers and tags */

/* --- start ------------------------------------------------------------------------------------------------------------- */
/* The control thread's socket takes ARP and neighbour discovery, with up to one tag that the kernel left in the frame. */
static bool open_control(struct uplink *u)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 11, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 5),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FH_PROTO_ICMP6, 0, 9),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 135, 6, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 136, 5, 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_8021Q, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_8021AD, 0, 4),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 16),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 2048),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog p = { .len = sizeof code / sizeof code[0], .filter = code };
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htobe16(ETH_P_ALL), .sll_ifindex = u->ifindex };
	int one = 1;
	u->control_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return u->control_fd >= 0 && setsockopt(u->control_fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof p) == 0 &&
	       setsockopt(u->control_fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof one) == 0 &&
	       setsockopt(u->control_fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) == 0 &&
	       bind(u->control_fd, (struct sockaddr *)&addr, sizeof addr) == 0;
}

static bool read_device(struct uplink *u)
{
	struct ifreq r = { 0 };
	memcpy(r.ifr_name, u->device, sizeof u->device);
	if (ioctl(u->control_fd, SIOCGIFHWADDR, &r) != 0)
		return false;
	memcpy(u->device_mac, r.ifr_hwaddr.sa_data, 6);
	if (ioctl(u->control_fd, SIOCGIFMTU, &r) != 0)
		return false;
	u->mtu = (uint32_t)r.ifr_mtu;
	return true;
}

static bool open_driver(struct uplink *u, const char *wanted)
{
	static const struct uplink_driver *const drivers[] = { &uplink_af_xdp, &uplink_af_packet };
	for (unsigned i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
		char why[96] = "";
		if (wanted && strcmp(wanted, drivers[i]->name) != 0)
			continue;
		u->driver = drivers[i];
		if (drivers[i]->open(u, why, sizeof why))
			return true;
		snprintf(u->note, sizeof u->note, "not %s: %s", drivers[i]->name, why);
	}
	return false;
}

bool uplink_open(const char *text)
{
	char name[64];
	snprintf(name, sizeof name, "%s", text);
	char *driver = strchr(name, ':');
	if (driver)
		*driver++ = 0;
	if (dp.n_uplinks == DP_MAX_UPLINKS || strlen(name) >= FH_MAX_DEVICE || uplink_find(name)) {
		dp_log(LOG_ERR, "uplink %s: named twice, or more than %u, or the name is too long", name, DP_MAX_UPLINKS);
		return false;
	}
	struct uplink *u = calloc(1, sizeof *u);
	struct uplink_queue *queues = u ? aligned_alloc(FH_CACHE_LINE, dp.n_workers * sizeof *queues) : NULL;
	if (!queues)
		return false;
	memset(queues, 0, dp.n_workers * sizeof *queues);
	strcpy(u->device, name);
	u->index = dp.n_uplinks;
	u->queues = queues;
	u->n_queues = dp.n_workers;
	for (unsigned i = 0; i < u->n_queues; i++) {
		queues[i].uplink = u;
		queues[i].worker = i;
		queues[i].fd = -1;
	}
	u->ifindex = (int)if_nametoindex(name);
	if (u->ifindex == 0 || !open_control(u) || !read_device(u)) {
		dp_log(LOG_ERR, "uplink %s: %s; name a device of this host, and start as root", name, strerror(errno));
		return false;
	}
	if (!open_driver(u, driver)) {
		dp_log(LOG_ERR, "uplink %s: %s", name, u->note[0] ? u->note : "there is no such driver; use af_packet or af_xdp");
		return false;
	}
	dp.uplinks[dp.n_uplinks++] = u;
	dp_log(LOG_INFO, "uplink %s: %s, MTU %u%s%s", name, u->driver->name, u->mtu, u->note[0] ? "; " : "", u->note);
	return true;
}

bool uplinks_start(void)
{
	for (unsigned i = 0; i < dp.n_uplinks; i++) {
		struct uplink *u = dp.uplinks[i];
		for (unsigned k = 0; k < u->n_queues; k++) {
			char name[RTE_MEMPOOL_NAMESIZE];
			uint32_t size = IN_FRONT + u->mtu + ETH_HLEN + UPLINK_TAGS + 64;
			snprintf(name, sizeof name, "up%u.%u", i, k);
			/* Other workers may free what waited in a fragment hold: the stack takes it. */
			u->queues[k].pool = rte_pktmbuf_pool_create_by_ops(name, POOL_SIZE, 0, 0, (uint16_t)size, SOCKET_ID_ANY, "stack");
			if (!u->queues[k].pool) {
				dp_log(LOG_ERR, "uplink %s: no memory for its packet buffers; raise --memory", u->device);
				return false;
			}
		}
	}
	return true;
}

bool uplinks_watch(struct worker *w)
{
	for (unsigned i = 0; i < dp.n_uplinks; i++) {
		struct epoll_event e = { .events = EPOLLIN | EPOLLET, .data.u64 = UPLINK_ID };
		if (epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, dp.uplinks[i]->queues[w->id].fd, &e) != 0)
			return false;
	}
	return true;
}

struct uplink *uplink_find(const char *device)
{
	for (unsigned i = 0; i < dp.n_uplinks; i++)
		if (strcmp(dp.uplinks[i]->device, device) == 0)
			return dp.uplinks[i];
	return NULL;
}

/* --- workers ------------------------------------------------------------------------------------------------------------- */
static void flush(struct uplink_queue *q)
{
	unsigned done = 0, n = q->n_tx;
	uint64_t packets = 0, bytes = 0;
	/* A frame that the device refuses does not take along those behind it, unless the device is full. */
	for (unsigned tries = 0; done < n && tries < 3; tries++) {
		unsigned sent = q->uplink->driver->send(q, q->tx + done, n - done);
		for (unsigned i = 0; i < sent; i++)
			bytes += q->tx[done + i]->pkt_len;
		packets += sent;
		done += sent;
		if (done < n) {
			uplink_count_drop(q, FH_DROP_RECEIVER_FULL, 1);
			done++;
		}
	}
	uplink_count_drop(q, FH_DROP_RECEIVER_FULL, n - done);
	fh_count(&q->counters.tx_packets, packets);
	fh_count(&q->counters.tx_bytes, bytes);
	rte_pktmbuf_free_bulk(q->tx, n);
	q->n_tx = 0;
}

void uplink_put(struct worker *w, struct uplink *u, struct rte_mbuf *m)
{
	struct uplink_queue *q = &u->queues[w->id];
	/* Drivers take one buffer a frame and trust its size. */
	if (fh_unlikely(m->nb_segs != 1 || m->pkt_len > u->mtu + ETH_HLEN + UPLINK_TAGS)) {
		uplink_count_drop(q, FH_DROP_TOO_BIG, 1);
		rte_pktmbuf_free(m);
		return;
	}
	q->tx[q->n_tx++] = m;
	if (q->n_tx == UPLINK_BATCH)
		flush(q);
}

void uplinks_flush(struct worker *w)
{
	for (unsigned i = 0; i < dp.n_uplinks; i++)
		if (dp.uplinks[i]->queues[w->id].n_tx)
			flush(&dp.uplinks[i]->queues[w->id]);
}

static void count_received(struct uplink_queue *q, struct rte_mbuf *const m[], unsigned n)
{
	uint64_t bytes = 0;
	for (unsigned i = 0; i < n; i++)
		bytes += m[i]->pkt_len;
	fh_count(&q->counters.rx_packets, n);
	fh_count(&q->counters.rx_bytes, bytes);
}

bool uplinks_poll(struct worker *w)
{
	bool any = false;
	for (unsigned i = 0; i < dp.n_uplinks; i++) {
		struct uplink *u = dp.uplinks[i];
		struct uplink_queue *q = &u->queues[w->id];
		struct rte_mbuf *m[DP_BURST];
		unsigned n = u->driver->receive(q, m, DP_BURST);
		if (fh_likely(n == 0))
			continue;
		count_received(q, m, n);
		q->last_packet_tsc = rte_rdtsc();
		any = true;
		if (fh_likely(w->world->uplinks[i]))
			pipeline_from_uplink(w, q, m, n);
		else
			rte_pktmbuf_free_bulk(m, n);
	}
	return any;
}

bool uplinks_idle(const struct worker *w, uint64_t spin_tsc)
{
	for (unsigned i = 0; i < dp.n_uplinks; i++)
		if (rte_rdtsc() - dp.uplinks[i]->queues[w->id].last_packet_tsc <= spin_tsc)
			return false;
	return true;
}
