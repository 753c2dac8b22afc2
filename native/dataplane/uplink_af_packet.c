/*
 * Uplinks over AF_PACKET: works on every device.
 *
 * Reception: a ring shared with the kernel (TPACKET_V2) for each worker, looked at without system calls; with several workers
 * the kernel spreads flows over them (PACKET_FANOUT). Frames are copied once, into the worker's pool. Sending: one sendmmsg() a
 * batch, past the queueing discipline; it never waits. A socket filter keeps out what is not for us before it is copied.
 *
 * The kernel shows what it merged (GRO) as one frame, which would not fit a ring's slot: merging is switched off on the device.
 * A frame that does not fit is dropped and counted as too-big.
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "uplink.h"

#define RING_FRAMES 1024u
#define SEND_BUFFER (4 << 20)

struct ring {
	uint8_t *at;
	uint32_t frame_size, next;
	size_t size;
};

static uint32_t frame_size_for(uint32_t mtu)
{
	uint32_t need = TPACKET_ALIGN(TPACKET2_HDRLEN) + mtu + ETH_HLEN + UPLINK_TAGS + 64, size = 2048;
	while (size < need)
		size *= 2;
	return size;
}

static bool fail(char *why, size_t size, const char *what)
{
	snprintf(why, size, "%s: %s", what, strerror(errno));
	return false;
}

static struct sock_fprog program(struct sock_filter *code, unsigned n)
{
	return (struct sock_fprog){ .len = (unsigned short)n, .filter = code };
}

/* Unicast to the MAC, or anything unicast with a tag. */
static bool set_filter(int fd, const struct uplink_filter *f)
{
	const uint8_t *m = f->mac;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, fh_be32(m), 0, 2),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, fh_be16(m + 4), 4, 0),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 3, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, f->tagged ? 1 : 2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0x40000),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog p = program(code, sizeof code / sizeof code[0]);
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof p) == 0;
}

static bool open_queue(struct uplink *u, struct uplink_queue *q, char *why, size_t size)
{
	static const struct uplink_filter nothing;
	int version = TPACKET_V2, one = 1, buffer = SEND_BUFFER;
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htobe16(ETH_P_ALL), .sll_ifindex = u->ifindex };
	struct ring *r = q->ring = calloc(1, sizeof *r);
	q->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (!r || q->fd < 0)
		return fail(why, size, "packet socket");
	r->frame_size = frame_size_for(u->mtu);
	r->size = (size_t)r->frame_size * RING_FRAMES;
	struct tpacket_req req = { .tp_frame_size = r->frame_size, .tp_frame_nr = RING_FRAMES };
	req.tp_block_size = r->frame_size > 65536 ? r->frame_size : 65536;
	req.tp_block_nr = (unsigned)(r->size / req.tp_block_size);
	if (!set_filter(q->fd, &nothing) || setsockopt(q->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0 ||
	    setsockopt(q->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof req) != 0)
		return fail(why, size, "receive ring");
	r->at = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED, q->fd, 0);
	if (r->at == MAP_FAILED)
		return fail(why, size, "receive ring");
	setsockopt(q->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one);
	setsockopt(q->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one);
	setsockopt(q->fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
	if (bind(q->fd, (struct sockaddr *)&addr, sizeof addr) != 0)
		return fail(why, size, "bind");
	return true;
}

static bool join_fanout(struct uplink *u, char *why, size_t size)
{
	socklen_t len = sizeof(int);
	int fanout = PACKET_FANOUT_HASH << 16 | PACKET_FANOUT_FLAG_UNIQUEID << 16;
	for (unsigned i = 0; u->n_queues > 1 && i < u->n_queues; i++) {
		if (setsockopt(u->queues[i].fd, SOL_PACKET, PACKET_FANOUT, &fanout, sizeof fanout) != 0)
			return fail(why, size, "fanout");
		if (i == 0 && getsockopt(u->queues[0].fd, SOL_PACKET, PACKET_FANOUT, &fanout, &len) != 0)
			return fail(why, size, "fanout");
		if (i == 0)
			fanout = (fanout & 0xffff) | PACKET_FANOUT_HASH << 16;
	}
	return true;
}

static void no_merging(struct uplink *u)
{
	struct ethtool_value off = { .cmd = ETHTOOL_SGRO };
	struct ifreq r = { .ifr_data = (char *)&off };
	memcpy(r.ifr_name, u->device, sizeof u->device);
	if (ioctl(u->queues[0].fd, SIOCETHTOOL, &r) != 0)
		dp_log(LOG_WARNING, "uplink %s: merging of received packets (GRO) cannot be switched off: %s; merged ones will be dropped", u->device,
		       strerror(errno));
}

static void close_all(struct uplink *u)
{
	for (unsigned i = 0; i < u->n_queues; i++) {
		struct ring *r = u->queues[i].ring;
		if (r && r->at && r->at != MAP_FAILED)
			munmap(r->at, r->size);
		free(r);
		u->queues[i].ring = NULL;
		if (u->queues[i].fd >= 0)
			close(u->queues[i].fd);
		u->queues[i].fd = -1;
	}
}

static bool open_all(struct uplink *u, char *why, size_t size)
{
	bool ok = true;
	for (unsigned i = 0; ok && i < u->n_queues; i++)
		ok = open_queue(u, &u->queues[i], why, size);
	ok = ok && join_fanout(u, why, size);
	if (ok)
		no_merging(u);
	else
		close_all(u);
	return ok;
}

static bool listen_to(struct uplink *u, const struct uplink_filter *f)
{
	bool ok = true;
	for (unsigned i = 0; i < u->n_queues; i++)
		ok &= set_filter(u->queues[i].fd, f);
	return ok;
}

static struct rte_mbuf *take(struct uplink_queue *q, const struct tpacket2_hdr *h, uint32_t status)
{
	if (fh_unlikely(h->tp_snaplen < h->tp_len)) {
		uplink_count_drop(q, FH_DROP_TOO_BIG, 1);
		return NULL;
	}
	struct rte_mbuf *m = rte_pktmbuf_alloc(q->pool);
	uint8_t *d = m ? (uint8_t *)rte_pktmbuf_append(m, (uint16_t)h->tp_len) : NULL;
	if (fh_unlikely(!d)) {
		rte_pktmbuf_free(m);
		uplink_count_drop(q, m ? FH_DROP_TOO_BIG : FH_DROP_RECEIVER_FULL, 1);
		return NULL;
	}
	memcpy(d, (const uint8_t *)h + h->tp_mac, h->tp_len);
	if (status & TP_STATUS_VLAN_VALID) {
		m->vlan_tci = h->tp_vlan_tci & 0xfff;
		m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	}
	/* From a stack on this machine (veth): the innermost checksum is still that of the pseudo header. */
	if (status & TP_STATUS_CSUMNOTREADY)
		m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_NONE;
	return m;
}

static unsigned receive(struct uplink_queue *q, struct rte_mbuf *m[], unsigned n)
{
	struct ring *r = q->ring;
	unsigned got = 0;
	while (got < n) {
		struct tpacket2_hdr *h = (struct tpacket2_hdr *)(void *)(r->at + (size_t)r->next * r->frame_size);
		uint32_t status = fh_load_acquire(&h->tp_status);
		if (!(status & TP_STATUS_USER))
			break;
		m[got] = take(q, h, status);
		got += m[got] != NULL;
		fh_store_release(&h->tp_status, TP_STATUS_KERNEL);
		r->next = (r->next + 1) % RING_FRAMES;
	}
	return got;
}

static unsigned send_batch(struct uplink_queue *q, struct rte_mbuf *const m[], unsigned n)
{
	struct mmsghdr messages[UPLINK_BATCH];
	struct iovec iov[UPLINK_BATCH];
	memset(messages, 0, n * sizeof messages[0]);
	for (unsigned i = 0; i < n; i++) {
		iov[i] = (struct iovec){ rte_pktmbuf_mtod(m[i], void *), m[i]->data_len };
		messages[i].msg_hdr.msg_iov = &iov[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	int sent = sendmmsg(q->fd, messages, n, MSG_DONTWAIT);
	return sent < 0 ? 0 : (unsigned)sent;
}

const struct uplink_driver uplink_af_packet = {
	.name = "af_packet", .open = open_all, .close = close_all, .listen = listen_to, .receive = receive, .send = send_batch
};
