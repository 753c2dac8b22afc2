/*
 * Uplinks over AF_XDP: frames go between the driver's receive interrupt and us, past the kernel's stack.
 *
 * A small program in the device's driver picks out what is ours: unicast frames to the uplink's MAC, and what carries one of
 * its VLAN tags. ARP and neighbour discovery, everything to groups, and all that is the host's own goes on to the kernel (the
 * control thread's packet socket sees it there). What is ours changes with desired state: it stands in memory that the program
 * and the control thread share, so no privileges are needed later.
 *
 * Each worker has the socket of one device queue, with memory for frames of its own; frames are copied between that and packet
 * buffers. A device with another number of queues than there are workers is refused, because frames of the others would be
 * lost: af_packet takes over then. The program goes with the process: it is attached by a link that the kernel takes away when
 * the descriptor closes.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "uplink.h"

#ifndef SOL_XDP
#define SOL_XDP 283
#endif

#define FRAMES 1024u /* in each direction */
#define XDP_HEADROOM 256u
#define PAGE 4096u

/* What the program compares with. */
struct mine {
	uint8_t mac[8];
	uint64_t vlans[64];
};

struct ring {
	uint32_t *producer, *consumer, *flags;
	void *entries;
	void *map;
	size_t size;
};

struct xsk {
	uint8_t *frames;
	size_t frames_size;
	uint32_t frame_size;
	struct ring rx, tx, fill, done;
	uint64_t free[FRAMES]; /* frames to send in */
	uint32_t n_free;
};

/* Per device, with its first queue. */
struct device {
	int program, sockets, config, link;
	struct mine *mine;
};

static struct device devices[DP_MAX_UPLINKS];

static bool fail(char *why, size_t size, const char *what)
{
	snprintf(why, size, "%s: %s", what, strerror(errno));
	return false;
}

static int bpf(int command, union bpf_attr *attr, size_t size)
{
	return (int)syscall(SYS_bpf, command, attr, size);
}

/* --- the program -------------------------------------------------------------------------------------------------------- */
#define INSN(c, d, s, o, i) ((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (int16_t)(o), .imm = (int32_t)(i) })
#define LOAD(size, d, s, o) INSN(BPF_LDX | BPF_MEM | (size), d, s, o, 0)
#define MOV(d, s) INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define MOV_I(d, i) INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define ALU_I(op, d, i) INSN(BPF_ALU64 | (op) | BPF_K, d, 0, 0, i)
#define ALU(op, d, s) INSN(BPF_ALU64 | (op) | BPF_X, d, s, 0, 0)
#define JUMP_I(op, d, i, to) INSN(BPF_JMP | (op) | BPF_K, d, 0, to, i)
#define JUMP(op, d, s, to) INSN(BPF_JMP | (op) | BPF_X, d, s, to, 0)
#define GO(to) INSN(BPF_JMP | BPF_JA, 0, 0, to, 0)
#define LOAD_FD(d, kind, fd) INSN(BPF_LD | BPF_DW | BPF_IMM, d, kind, 0, fd), INSN(0, 0, 0, 0, 0)

enum { PASS = 1000, VLAN, UNTAGGED, OURS, REDIRECT }; /* labels, until resolve() */

struct labelled {
	int label; /* 0: none */
	struct bpf_insn insn;
};

/* Jumps to labels become distances. Return: number of instructions. */
static unsigned resolve(const struct labelled *in, unsigned n, struct bpf_insn *out)
{
	for (unsigned i = 0; i < n; i++) {
		out[i] = in[i].insn;
		for (unsigned k = 0; k < n && out[i].off >= PASS; k++)
			if (in[k].label == out[i].off)
				out[i].off = (int16_t)((int)k - (int)i - 1);
	}
	return n;
}

static int load_program(const struct device *d)
{
	struct bpf_insn config[] = { LOAD_FD(BPF_REG_1, BPF_PSEUDO_MAP_VALUE, d->config) };
	struct bpf_insn sockets[] = { LOAD_FD(BPF_REG_1, BPF_PSEUDO_MAP_FD, d->sockets) };
	/* r2: where the Ethernet header is, r3: the frame's end, r5: the EtherType */
	const struct labelled code[] = {
		{ 0, MOV(BPF_REG_6, BPF_REG_1) },
		{ 0, LOAD(BPF_W, BPF_REG_2, BPF_REG_6, offsetof(struct xdp_md, data)) },
		{ 0, LOAD(BPF_W, BPF_REG_3, BPF_REG_6, offsetof(struct xdp_md, data_end)) },
		{ 0, MOV(BPF_REG_4, BPF_REG_2) },
		{ 0, ALU_I(BPF_ADD, BPF_REG_4, 18) },
		{ 0, JUMP(BPF_JGT, BPF_REG_4, BPF_REG_3, PASS) },
		{ 0, LOAD(BPF_B, BPF_REG_4, BPF_REG_2, 0) },
		{ 0, JUMP_I(BPF_JSET, BPF_REG_4, 1, PASS) },
		{ 0, LOAD(BPF_H, BPF_REG_5, BPF_REG_2, 12) },
		{ 0, config[0] },
		{ 0, config[1] },
		{ 0, JUMP_I(BPF_JEQ, BPF_REG_5, htobe16(ETH_P_8021Q), VLAN) },
		{ 0, JUMP_I(BPF_JEQ, BPF_REG_5, htobe16(ETH_P_8021AD), VLAN) },
		/* untagged: to our MAC */
		{ 0, LOAD(BPF_W, BPF_REG_7, BPF_REG_2, 0) },
		{ 0, LOAD(BPF_W, BPF_REG_8, BPF_REG_1, 0) },
		{ 0, JUMP(BPF_JNE, BPF_REG_7, BPF_REG_8, PASS) },
		{ 0, LOAD(BPF_H, BPF_REG_7, BPF_REG_2, 4) },
		{ 0, LOAD(BPF_H, BPF_REG_8, BPF_REG_1, 4) },
		{ 0, JUMP(BPF_JNE, BPF_REG_7, BPF_REG_8, PASS) },
		{ 0, GO(OURS) },
		/* tagged: with a tag of ours */
		{ VLAN, LOAD(BPF_H, BPF_REG_7, BPF_REG_2, 14) },
		{ 0, INSN(BPF_ALU | BPF_END | BPF_TO_BE, BPF_REG_7, 0, 0, 16) },
		{ 0, ALU_I(BPF_AND, BPF_REG_7, 0xfff) },
		{ 0, MOV(BPF_REG_8, BPF_REG_7) },
		{ 0, ALU_I(BPF_RSH, BPF_REG_8, 6) },
		{ 0, ALU_I(BPF_LSH, BPF_REG_8, 3) },
		{ 0, ALU(BPF_ADD, BPF_REG_1, BPF_REG_8) },
		{ 0, LOAD(BPF_DW, BPF_REG_8, BPF_REG_1, offsetof(struct mine, vlans)) },
		{ 0, ALU_I(BPF_AND, BPF_REG_7, 63) },
		{ 0, ALU(BPF_RSH, BPF_REG_8, BPF_REG_7) },
		{ 0, JUMP_I(BPF_JSET, BPF_REG_8, 1, 1) },
		{ 0, GO(PASS) },
		{ 0, LOAD(BPF_H, BPF_REG_5, BPF_REG_2, 16) },
		{ 0, ALU_I(BPF_ADD, BPF_REG_2, 4) },
		/* the control thread's */
		{ OURS, JUMP_I(BPF_JEQ, BPF_REG_5, htobe16(ETH_P_ARP), PASS) },
		{ 0, JUMP_I(BPF_JNE, BPF_REG_5, htobe16(ETH_P_IPV6), REDIRECT) },
		{ 0, MOV(BPF_REG_4, BPF_REG_2) },
		{ 0, ALU_I(BPF_ADD, BPF_REG_4, 55) },
		{ 0, JUMP(BPF_JGT, BPF_REG_4, BPF_REG_3, REDIRECT) },
		{ 0, LOAD(BPF_B, BPF_REG_4, BPF_REG_2, 20) },
		{ 0, JUMP_I(BPF_JNE, BPF_REG_4, FH_PROTO_ICMP6, REDIRECT) },
		{ 0, LOAD(BPF_B, BPF_REG_4, BPF_REG_2, 54) },
		{ 0, JUMP_I(BPF_JEQ, BPF_REG_4, 135, PASS) },
		{ 0, JUMP_I(BPF_JEQ, BPF_REG_4, 136, PASS) },
		{ REDIRECT, LOAD(BPF_W, BPF_REG_2, BPF_REG_6, offsetof(struct xdp_md, rx_queue_index)) },
		{ 0, sockets[0] },
		{ 0, sockets[1] },
		{ 0, MOV_I(BPF_REG_3, XDP_PASS) },
		{ 0, INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect_map) },
		{ 0, INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0) },
		{ PASS, MOV_I(BPF_REG_0, XDP_PASS) },
		{ 0, INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0) },
	};
	struct bpf_insn insns[sizeof code / sizeof code[0]];
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_XDP };
	attr.insn_cnt = resolve(code, sizeof code / sizeof code[0], insns);
	attr.insns = (uintptr_t)insns;
	attr.license = (uintptr_t) "Dual BSD/GPL";
	attr.expected_attach_type = BPF_XDP;
	memcpy(attr.prog_name, "freehold", 8);
	return bpf(BPF_PROG_LOAD, &attr, sizeof attr);
}

static int make_map(uint32_t type, uint32_t value_size, uint32_t entries, uint32_t flags)
{
	union bpf_attr attr = { .map_type = type, .key_size = 4, .value_size = value_size, .max_entries = entries, .map_flags = flags };
	return bpf(BPF_MAP_CREATE, &attr, sizeof attr);
}

static int attach(int program, int ifindex, uint32_t mode)
{
	union bpf_attr attr = { 0 };
	attr.link_create.prog_fd = (uint32_t)program;
	attr.link_create.target_ifindex = (uint32_t)ifindex;
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = mode;
	return bpf(BPF_LINK_CREATE, &attr, sizeof attr);
}

static bool open_device(struct uplink *u, struct device *d, char *why, size_t size)
{
	d->sockets = make_map(BPF_MAP_TYPE_XSKMAP, 4, u->n_queues, 0);
	d->config = make_map(BPF_MAP_TYPE_ARRAY, sizeof(struct mine), 1, BPF_F_MMAPABLE);
	if (d->sockets < 0 || d->config < 0)
		return fail(why, size, "map");
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, d->config, 0);
	if (p == MAP_FAILED)
		return fail(why, size, "map");
	d->mine = p;
	d->program = load_program(d);
	if (d->program < 0)
		return fail(why, size, "program");
	return true;
}

/* --- sockets ------------------------------------------------------------------------------------------------------------- */
static bool map_ring(int fd, struct ring *r, const struct xdp_ring_offset *off, size_t entry, uint64_t page)
{
	r->size = off->desc + FRAMES * entry;
	r->map = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, (off_t)page);
	if (r->map == MAP_FAILED) {
		r->map = NULL;
		return false;
	}
	uint8_t *at = r->map;
	r->producer = (uint32_t *)(void *)(at + off->producer);
	r->consumer = (uint32_t *)(void *)(at + off->consumer);
	r->flags = (uint32_t *)(void *)(at + off->flags);
	r->entries = at + off->desc;
	return true;
}

static bool make_rings(int fd, struct xsk *x)
{
	uint32_t n = FRAMES;
	struct xdp_mmap_offsets off;
	socklen_t len = sizeof off;
	return setsockopt(fd, SOL_XDP, XDP_UMEM_FILL_RING, &n, sizeof n) == 0 &&
	       setsockopt(fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &n, sizeof n) == 0 && setsockopt(fd, SOL_XDP, XDP_RX_RING, &n, sizeof n) == 0 &&
	       setsockopt(fd, SOL_XDP, XDP_TX_RING, &n, sizeof n) == 0 && getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, &off, &len) == 0 &&
	       map_ring(fd, &x->rx, &off.rx, sizeof(struct xdp_desc), XDP_PGOFF_RX_RING) &&
	       map_ring(fd, &x->tx, &off.tx, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING) &&
	       map_ring(fd, &x->fill, &off.fr, sizeof(uint64_t), XDP_UMEM_PGOFF_FILL_RING) &&
	       map_ring(fd, &x->done, &off.cr, sizeof(uint64_t), XDP_UMEM_PGOFF_COMPLETION_RING);
}

static bool bind_queue(const struct uplink *u, int fd, unsigned queue)
{
	struct sockaddr_xdp addr = { .sxdp_family = AF_XDP, .sxdp_ifindex = (uint32_t)u->ifindex, .sxdp_queue_id = queue };
	static const uint16_t modes[] = { XDP_ZEROCOPY | XDP_USE_NEED_WAKEUP, XDP_COPY | XDP_USE_NEED_WAKEUP };
	for (unsigned i = 0; i < 2; i++) {
		addr.sxdp_flags = modes[i];
		if (bind(fd, (struct sockaddr *)&addr, sizeof addr) == 0)
			return true;
	}
	return false;
}

static bool open_queue(struct uplink *u, struct uplink_queue *q, struct device *d, char *why, size_t size)
{
	struct xsk *x = q->ring = calloc(1, sizeof *x);
	q->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (!x || q->fd < 0)
		return fail(why, size, "socket");
	x->frame_size = u->mtu + ETH_HLEN + UPLINK_TAGS + XDP_HEADROOM <= 2048 ? 2048 : PAGE;
	x->frames_size = 2ull * FRAMES * x->frame_size;
	x->frames = mmap(NULL, x->frames_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (x->frames == MAP_FAILED) {
		x->frames = NULL;
		return fail(why, size, "memory for frames");
	}
	struct xdp_umem_reg reg = { .addr = (uintptr_t)x->frames, .len = x->frames_size, .chunk_size = x->frame_size };
	if (setsockopt(q->fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof reg) != 0 || !make_rings(q->fd, x))
		return fail(why, size, "rings");
	uint64_t *fill = x->fill.entries;
	for (uint32_t i = 0; i < FRAMES; i++) {
		fill[i] = (uint64_t)i * x->frame_size;
		x->free[x->n_free++] = (uint64_t)(FRAMES + i) * x->frame_size;
	}
	fh_store_release(x->fill.producer, FRAMES);
	if (!bind_queue(u, q->fd, q->worker))
		return fail(why, size, "bind");
	uint32_t key = q->worker;
	union bpf_attr attr = { .map_fd = (uint32_t)d->sockets, .key = (uintptr_t)&key, .value = (uintptr_t)&q->fd };
	return bpf(BPF_MAP_UPDATE_ELEM, &attr, sizeof attr) == 0 || fail(why, size, "map of sockets");
}

/* --- life cycle ------------------------------------------------------------------------------------------------------------ */
static void unmap(void *at, size_t size)
{
	if (at)
		munmap(at, size);
}

static void close_fd(int *fd)
{
	if (*fd > 0)
		close(*fd);
	*fd = -1;
}

static void close_all(struct uplink *u)
{
	struct device *d = &devices[u->index];
	close_fd(&d->link);
	for (unsigned i = 0; i < u->n_queues; i++) {
		struct xsk *x = u->queues[i].ring;
		close_fd(&u->queues[i].fd);
		if (!x)
			continue;
		unmap(x->rx.map, x->rx.size);
		unmap(x->tx.map, x->tx.size);
		unmap(x->fill.map, x->fill.size);
		unmap(x->done.map, x->done.size);
		unmap(x->frames, x->frames_size);
		free(x);
		u->queues[i].ring = NULL;
	}
	unmap(d->mine, PAGE);
	close_fd(&d->program);
	close_fd(&d->sockets);
	close_fd(&d->config);
	*d = (struct device){ 0 };
}

static unsigned device_queues(const struct uplink *u)
{
	struct ethtool_channels c = { .cmd = ETHTOOL_GCHANNELS };
	struct ifreq r = { .ifr_data = (char *)&c };
	memcpy(r.ifr_name, u->device, sizeof u->device);
	if (ioctl(u->control_fd, SIOCETHTOOL, &r) != 0)
		return 1;
	unsigned n = c.combined_count + c.rx_count;
	return n ? n : 1;
}

/* A tag that the device took out of the frame would be lost on this way. */
static void keep_tags(const struct uplink *u)
{
	struct ethtool_value flags = { .cmd = ETHTOOL_GFLAGS };
	struct ifreq r = { .ifr_data = (char *)&flags };
	memcpy(r.ifr_name, u->device, sizeof u->device);
	if (ioctl(u->control_fd, SIOCETHTOOL, &r) != 0)
		return;
	flags.cmd = ETHTOOL_SFLAGS;
	flags.data &= ~(uint32_t)ETH_FLAG_RXVLAN;
	(void)!ioctl(u->control_fd, SIOCETHTOOL, &r);
}

static bool open_all(struct uplink *u, char *why, size_t size)
{
	struct device *d = &devices[u->index];
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	unsigned queues = device_queues(u);
	if (queues != u->n_queues) {
		snprintf(why, size, "the device has %u queues and there are %u workers (ethtool -L changes that)", queues, u->n_queues);
		return false;
	}
	if (u->mtu + ETH_HLEN + UPLINK_TAGS + XDP_HEADROOM > PAGE) {
		snprintf(why, size, "an MTU of %u does not fit a frame of 4096 bytes", u->mtu);
		return false;
	}
	setrlimit(RLIMIT_MEMLOCK, &all);
	bool ok = open_device(u, d, why, size);
	for (unsigned i = 0; ok && i < u->n_queues; i++)
		ok = open_queue(u, &u->queues[i], d, why, size);
	if (ok) {
		d->link = attach(d->program, u->ifindex, XDP_FLAGS_DRV_MODE);
		if (d->link < 0)
			d->link = attach(d->program, u->ifindex, XDP_FLAGS_SKB_MODE);
		ok = d->link >= 0 || fail(why, size, "attach");
	}
	if (ok)
		keep_tags(u);
	else
		close_all(u);
	return ok;
}

static bool listen_to(struct uplink *u, const struct uplink_filter *f)
{
	struct mine *mine = devices[u->index].mine;
	for (unsigned i = 0; i < 64; i++)
		fh_store(&mine->vlans[i], f->vlans[i]);
	memcpy(mine->mac, f->mac, 6);
	return true;
}

/* --- frames ---------------------------------------------------------------------------------------------------------------- */
static struct rte_mbuf *take(struct uplink_queue *q, const struct xsk *x, const struct xdp_desc *desc)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(q->pool);
	uint8_t *d = m ? (uint8_t *)rte_pktmbuf_append(m, (uint16_t)desc->len) : NULL;
	if (fh_unlikely(!d)) {
		rte_pktmbuf_free(m);
		uplink_count_drop(q, m ? FH_DROP_TOO_BIG : FH_DROP_RECEIVER_FULL, 1);
		return NULL;
	}
	memcpy(d, x->frames + desc->addr, desc->len);
	return m;
}

static unsigned receive(struct uplink_queue *q, struct rte_mbuf *m[], unsigned n)
{
	struct xsk *x = q->ring;
	const struct xdp_desc *descs = x->rx.entries;
	uint64_t *fill = x->fill.entries;
	uint32_t at = fh_load(x->rx.consumer), end = fh_load_acquire(x->rx.producer), to = fh_load(x->fill.producer), got = 0;
	if (fh_likely(at == end))
		return 0;
	for (; at != end && got < n; at++) {
		const struct xdp_desc *desc = &descs[at % FRAMES];
		m[got] = take(q, x, desc);
		got += m[got] != NULL;
		fill[to++ % FRAMES] = desc->addr - desc->addr % x->frame_size;
	}
	fh_store_release(x->rx.consumer, at);
	fh_store_release(x->fill.producer, to);
	if (fh_load(x->fill.flags) & XDP_RING_NEED_WAKEUP)
		(void)!recvfrom(q->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
	return got;
}

static void reclaim(struct xsk *x)
{
	const uint64_t *done = x->done.entries;
	uint32_t at = fh_load(x->done.consumer), end = fh_load_acquire(x->done.producer);
	for (; at != end; at++)
		x->free[x->n_free++] = done[at % FRAMES];
	fh_store_release(x->done.consumer, at);
}

static unsigned send_batch(struct uplink_queue *q, struct rte_mbuf *const m[], unsigned n)
{
	struct xsk *x = q->ring;
	struct xdp_desc *descs = x->tx.entries;
	uint32_t to = fh_load(x->tx.producer), room = FRAMES - (to - fh_load_acquire(x->tx.consumer)), sent = 0;
	reclaim(x);
	for (; sent < n && sent < room && x->n_free; sent++) {
		uint64_t addr = x->free[--x->n_free];
		memcpy(x->frames + addr, rte_pktmbuf_mtod(m[sent], const void *), m[sent]->data_len);
		descs[to++ % FRAMES] = (struct xdp_desc){ .addr = addr, .len = m[sent]->data_len };
	}
	fh_store_release(x->tx.producer, to);
	/* The kernel takes a part of the ring at each call when it copies. */
	for (unsigned i = 0; i < 4 && fh_load(x->tx.flags) & XDP_RING_NEED_WAKEUP && fh_load_acquire(x->tx.consumer) != to; i++)
		(void)!sendto(q->fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
	return sent;
}

const struct uplink_driver uplink_af_xdp = {
	.name = "af_xdp", .open = open_all, .close = close_all, .listen = listen_to, .receive = receive, .send = send_batch
};
