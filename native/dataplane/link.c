/*
 * The links behind uplinks, control thread: ARP and neighbour discovery answered for what desired state puts there, next hops
 * resolved.
 *
 * Answered are requests for the tunnel end, for public addresses of ports on this host, and in VLAN networks for the addresses
 * of NICs on this host (other hosts answer for theirs). Sockets are drained in small portions, so a storm on the link does not
 * keep the control thread from its clients.
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "answer.h"
#include "log.h"
#include "route.h"
#include "uplink.h"

#define AT_ONCE 64u
#define ARP_LEN 28u
#define REFRESH6_NS (30 * DP_NS_PER_S)
#define PROBES6 3u

static int wake_fd = -1;

/* --- links ------------------------------------------------------------------------------------------------------------------ */
static struct link *find_link(const struct uplink *u, uint32_t tags)
{
	struct link *l = u->links;
	while (l && l->tags != tags)
		l = l->next;
	return l;
}

struct link *uplink_link(struct uplink *u, uint32_t tags)
{
	struct link *l = find_link(u, tags);
	if (l)
		return l;
	l = calloc(1, sizeof *l);
	if (!l || !(l->neighbours = neigh_new())) {
		free(l);
		return NULL;
	}
	l->uplink = u;
	l->tags = tags;
	l->next = u->links;
	u->links = l;
	return l;
}

static void forget_links(struct uplink *u)
{
	for (struct link **at = &u->links; *at;) {
		struct link *l = *at;
		if (l->wanted) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		neigh_free(l->neighbours);
		free(l->announced);
		free(l);
	}
}

struct gateway6 *link_gateway6(struct link *l, const uint8_t addr[16])
{
	for (uint32_t i = 0; i < l->n_gateways6; i++)
		if (memcmp(l->gateways6[i].addr, addr, 16) == 0)
			return &l->gateways6[i];
	if (l->n_gateways6 == LINK_GATEWAYS6)
		return NULL;
	struct gateway6 *g = &l->gateways6[l->n_gateways6];
	memcpy(g->addr, addr, 16);
	l->n_gateways6++;
	return g;
}

bool uplinks_init(void)
{
	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return wake_fd >= 0;
}

int uplinks_wake_fd(void)
{
	return wake_fd;
}

bool link_find(struct link *l, uint32_t addr, uint64_t now_ns, uint8_t mac[6])
{
	if (fh_likely(neigh_find(l->neighbours, addr, now_ns, mac)))
		return true;
	if (neigh_want(l->neighbours, addr))
		eventfd_write(wake_fd, 1);
	return false;
}

bool uplink_next_hop(const struct worker *w, const struct uplink_view *u, uint32_t dst, uint8_t mac[6])
{
	uint32_t hop = ((dst ^ u->address) & u->mask) == 0 ? dst : u->gateway;
	return hop && link_find(u->link, hop, w->now_ns, mac);
}

/* --- sending ------------------------------------------------------------------------------------------------------------------ */
/* Tags go behind the MACs. */
static void send_frame(const struct uplink *u, uint32_t tags, const uint8_t *frame, uint32_t len)
{
	uint8_t out[256], *o = out + 12;
	uint16_t outer = (uint16_t)(tags >> 16), inner = (uint16_t)tags;
	if (len > sizeof out - UPLINK_TAGS)
		return;
	memcpy(out, frame, 12);
	if (outer) {
		fh_put_be16(o, inner ? ETH_P_8021AD : ETH_P_8021Q);
		fh_put_be16(o + 2, outer);
		o += 4;
	}
	if (inner) {
		fh_put_be16(o, ETH_P_8021Q);
		fh_put_be16(o + 2, inner);
		o += 4;
	}
	memcpy(o, frame + 12, len - 12);
	/* What the device has no room for is asked or told again. */
	(void)!send(u->control_fd, out, (size_t)(o - out) + len - 12, MSG_DONTWAIT);
}

static void send_arp(const struct uplink *u, uint32_t tags, uint16_t op, const uint8_t src_mac[6], const uint8_t *src, const uint8_t dst_mac[6],
		     const uint8_t *target_mac, const uint8_t *target)
{
	uint8_t f[14 + ARP_LEN] = { 0 }, *a = f + 14;
	memcpy(f, dst_mac, 6);
	memcpy(f + 6, src_mac, 6);
	fh_put_be16(f + 12, ETH_P_ARP);
	fh_put_be16(a, 1);
	fh_put_be16(a + 2, ETH_P_IP);
	a[4] = 6;
	a[5] = 4;
	fh_put_be16(a + 6, op);
	memcpy(a + 8, src_mac, 6);
	memcpy(a + 14, src, 4);
	if (target_mac)
		memcpy(a + 18, target_mac, 6);
	memcpy(a + 24, target, 4);
	send_frame(u, tags, f, sizeof f);
}

static const uint8_t everybody[6] = { 255, 255, 255, 255, 255, 255 };

/* Whom a request for the address comes from: a public address in the same subnet, else the tunnel end. 0: nobody can ask. */
static uint32_t address_towards(const struct link *l, uint32_t addr)
{
	const struct uplink_view *v = dp.world->uplinks[l->uplink->index];
	for (unsigned i = 0; i < DP_MAX_SEGMENTS; i++) {
		const struct segment_view *s = dp.world->segments[i];
		if (!s || s->link != l || s->n_owned == 0)
			continue;
		for (uint32_t k = 0; k < s->n_subnets; k++)
			if (!s->subnets[k].v6 && answer_in_subnet(&s->subnets[k], (const uint8_t *)&addr))
				return s->owned[0];
	}
	return v && v->link == l ? v->address : 0;
}

static void ask(void *arg, uint32_t addr, const uint8_t *mac)
{
	const struct link *l = arg;
	uint32_t from = address_towards(l, addr);
	if (from)
		send_arp(l->uplink, l->tags, 1, l->mac, (const uint8_t *)&from, mac ? mac : everybody, NULL, (const uint8_t *)&addr);
}

/* Asks for a router: of everybody with its last bytes, from the link-local address that goes with the MAC. */
static void solicit(const struct link *l, const struct gateway6 *g)
{
	uint8_t f[14 + 40 + 32] = { 0 }, *ns = f + 54, from[16], to[16] = { 0xff, 2, [11] = 1, 0xff };
	uint8_t to_mac[6] = { 0x33, 0x33, 0xff, g->addr[13], g->addr[14], g->addr[15] };
	memcpy(to + 13, g->addr + 13, 3);
	answer_eui64(l->mac, from);
	ns[0] = 135;
	memcpy(ns + 8, g->addr, 16);
	ns[24] = 1;
	ns[25] = 1;
	memcpy(ns + 26, l->mac, 6);
	answer_finish_icmp6(f, 32, l->mac, to_mac, from, to);
	send_frame(l->uplink, l->tags, f, sizeof f);
}

/* Return: when the next is due. */
static uint64_t tick_gateways6(struct link *l, uint64_t now)
{
	uint64_t next = UINT64_MAX;
	for (uint32_t i = 0; i < l->n_gateways6; i++) {
		struct gateway6 *g = &l->gateways6[i];
		if (g->next_ns <= now) {
			if (g->probes++ == PROBES6)
				fh_store(&g->mac, 0);
			solicit(l, g);
			g->next_ns = now + (g->probes > PROBES6 ? 5 : 1) * DP_NS_PER_S;
		}
		next = g->next_ns < next ? g->next_ns : next;
	}
	return next;
}

/* --- receiving ------------------------------------------------------------------------------------------------------------------ */
static bool is_owned(const struct segment_view *s, const uint8_t *addr)
{
	uint32_t a;
	memcpy(&a, addr, 4);
	return fh_lookup_find(s->lookup, fh_key_owned(a)) != FH_LOOKUP_ABSENT;
}

static bool is_own_link_local(const struct uplink_view *v, const uint8_t *addr)
{
	uint8_t own[16];
	answer_eui64(v->mac, own);
	return memcmp(own, addr, 16) == 0;
}

/* Return: the MAC that has the address on that link because of us, NULL: not ours. */
static const uint8_t *owner(const struct uplink_view *v, uint32_t tags, bool v6, const uint8_t *addr)
{
	if (!v6 && tags == v->link->tags && v->address && memcmp(addr, &v->address, 4) == 0)
		return v->mac;
	uint32_t slot = fh_lookup_find(v->lookup, fh_key_tags(tags));
	if (slot == FH_LOOKUP_ABSENT)
		return NULL;
	const struct segment_view *s = dp.world->segments[slot];
	if (s->external && !v6)
		return is_owned(s, addr) ? v->mac : NULL;
	slot = fh_lookup_find(s->lookup, v6 ? fh_key_ip6(addr) : fh_key_ip4(addr));
	if (slot == FH_LOOKUP_ABSENT || slot & FH_LOOKUP_REMOTE)
		return s->external && is_own_link_local(v, addr) ? v->mac : NULL;
	return s->external ? v->mac : dp.world->ports[slot]->mac;
}

static void arp(const struct uplink_view *v, uint32_t tags, const uint8_t *frame, const uint8_t *a, uint64_t now_ns)
{
	struct link *l = find_link(v->uplink, tags);
	uint32_t sender;
	if (fh_be16(a) != 1 || fh_be16(a + 2) != ETH_P_IP || a[4] != 6 || a[5] != 4 || a[8] & 1)
		return;
	memcpy(&sender, a + 14, 4);
	const uint8_t *mac = fh_be16(a + 6) == 1 ? owner(v, tags, false, a + 24) : NULL;
	if (mac)
		send_arp(v->uplink, tags, 2, mac, a + 24, frame + 6, a + 8, a + 14);
	if (l && (mac || memcmp(frame, l->mac, 6) == 0 || memcmp(a + 14, a + 24, 4) == 0))
		neigh_learn(l->neighbours, sender, a + 8, now_ns);
}

/* A router says where it is. */
static void neighbour_advertisement(const struct uplink_view *v, uint32_t tags, const uint8_t *frame, const uint8_t *ip, uint32_t len)
{
	struct link *l = find_link(v->uplink, tags);
	const uint8_t *mac = len >= 40 + 32 && ip[64] == 2 && ip[65] == 1 ? ip + 66 : frame + 6;
	for (uint32_t i = 0; l && i < l->n_gateways6; i++) {
		struct gateway6 *g = &l->gateways6[i];
		uint64_t known = LINK_KNOWN;
		if (memcmp(g->addr, ip + 48, 16) != 0 || mac[0] & 1)
			continue;
		memcpy(&known, mac, 6);
		fh_store(&g->mac, known);
		g->probes = 0;
		g->next_ns = dp_boot_ns() + REFRESH6_NS;
	}
}

static void neighbour_solicitation(const struct uplink_view *v, uint32_t tags, const uint8_t *frame, const uint8_t *ip, uint32_t len)
{
	static const uint8_t unspecified[16], all_nodes[16] = { 0xff, 2, [15] = 1 };
	uint8_t f[14 + 40 + 32] = { 0 }, *na = f + 54;
	if (len < 40 + 24 || ip[6] != FH_PROTO_ICMP6 || ip[7] != 255)
		return;
	if (ip[40] == 136)
		neighbour_advertisement(v, tags, frame, ip, len);
	if (ip[40] != 135)
		return;
	const uint8_t *mac = owner(v, tags, true, ip + 48);
	bool probe = memcmp(ip + 8, unspecified, 16) == 0;
	if (!mac)
		return;
	na[0] = 136;
	na[4] = probe ? 0x20 : 0x60; /* solicited, override */
	memcpy(na + 8, ip + 48, 16);
	na[24] = 2;
	na[25] = 1;
	memcpy(na + 26, mac, 6);
	answer_finish_icmp6(f, 32, mac, frame + 6, ip + 48, probe ? all_nodes : ip + 8);
	send_frame(v->uplink, tags, f, sizeof f);
}

static void serve(struct uplink *u, const uint8_t *frame, uint32_t len, uint32_t stripped, uint64_t now_ns)
{
	struct fh_view view = { frame, len };
	const struct uplink_view *v = dp.world->uplinks[u->index];
	uint32_t tags[3] = { stripped }, n = stripped != 0, off = 12;
	const uint8_t *type, *body;
	while ((type = fh_view_at(view, off, 4)) && n < 3 && (fh_be16(type) == ETH_P_8021Q || fh_be16(type) == ETH_P_8021AD)) {
		if (fh_be16(type + 2) & 0xfff)
			tags[n++] = fh_be16(type + 2) & 0xfffu;
		off += 4;
	}
	if (!v || !type || n > 2 || (frame[6] & 1))
		return;
	uint32_t key = tags[0] << 16 | tags[1];
	if (fh_be16(type) == ETH_P_ARP && (body = fh_view_at(view, off + 2, ARP_LEN)))
		arp(v, key, frame, body, now_ns);
	else if (fh_be16(type) == ETH_P_IPV6 && (body = fh_view_at(view, off + 2, 64)))
		neighbour_solicitation(v, key, frame, body, len - off - 2);
}

/* Return: whether a frame was there. */
static bool serve_next(struct uplink *u, uint64_t now_ns)
{
	uint8_t frame[2048];
	union {
		char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { frame, sizeof frame };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes };
	uint32_t tag = 0;
	ssize_t n = recvmsg(u->control_fd, &msg, MSG_DONTWAIT);
	if (n < 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		struct tpacket_auxdata aux;
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof aux);
		if (aux.tp_status & TP_STATUS_VLAN_VALID)
			tag = aux.tp_vlan_tci & 0xfffu;
	}
	serve(u, frame, (uint32_t)n, tag, now_ns);
	return true;
}

int uplinks_tick(void)
{
	uint64_t now = dp_boot_ns(), next = UINT64_MAX;
	eventfd_t n;
	eventfd_read(wake_fd, &n);
	for (unsigned i = 0; i < dp.n_uplinks; i++) {
		struct uplink *u = dp.uplinks[i];
		unsigned served = 0;
		while (served < AT_ONCE && serve_next(u, now))
			served++;
		if (served == AT_ONCE)
			next = now;
		for (struct link *l = u->links; l; l = l->next) {
			uint64_t due = neigh_tick(l->neighbours, now, ask, l), due6 = tick_gateways6(l, now);
			due = due6 < due ? due6 : due;
			next = due < next ? due : next;
		}
	}
	return next == UINT64_MAX ? -1 : next <= now ? 0 : (int)((next - now) / 1000000) + 1;
}

/* --- what desired state wants --------------------------------------------------------------------------------------------------- */
static void want_mac(struct uplink *u, const uint8_t mac[6], bool add)
{
	struct packet_mreq r = { .mr_ifindex = u->ifindex, .mr_type = PACKET_MR_UNICAST, .mr_alen = 6 };
	static const uint8_t none[6];
	memcpy(r.mr_address, mac, 6);
	if (memcmp(mac, none, 6) == 0 || memcmp(mac, u->device_mac, 6) == 0)
		return;
	if (setsockopt(u->control_fd, SOL_PACKET, add ? PACKET_ADD_MEMBERSHIP : PACKET_DROP_MEMBERSHIP, &r, sizeof r) != 0 && add)
		dp_log(LOG_ERR, "uplink %s: the device does not take another MAC: %s; give the uplink the device's own", u->device, strerror(errno));
}

/* Networks that are VLANs have the guests' own MACs on the wire. */
static void want_promiscuous(struct uplink *u, bool on)
{
	struct packet_mreq r = { .mr_ifindex = u->ifindex, .mr_type = PACKET_MR_PROMISC };
	if (u->promiscuous == on)
		return;
	u->promiscuous = on;
	setsockopt(u->control_fd, SOL_PACKET, on ? PACKET_ADD_MEMBERSHIP : PACKET_DROP_MEMBERSHIP, &r, sizeof r);
}

static void apply_filter(struct uplink *u, const struct uplink_view *v)
{
	struct uplink_filter f = { 0 };
	if (v)
		memcpy(f.mac, v->mac, 6);
	for (unsigned i = 0; v && i < DP_MAX_SEGMENTS; i++) {
		const struct segment_view *s = dp.world->segments[i];
		uint32_t outer = s && s->uplink == u->index && s->out != &route_vxlan ? s->tags >> 16 : 0;
		f.vlans[outer / 64] |= (uint64_t)(outer != 0) << outer % 64;
		f.tagged |= outer != 0;
	}
	if (memcmp(&f, &u->filter, sizeof f) == 0)
		return;
	want_mac(u, f.mac, true);
	want_mac(u, u->filter.mac, false);
	want_promiscuous(u, f.tagged);
	if (!u->driver->listen(u, &f))
		dp_log(LOG_ERR, "uplink %s: what it takes in cannot be changed: %s", u->device, strerror(errno));
	u->filter = f;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* Whoever had the new ones before: they are here now. Owns current, which is sorted. */
static void announce(struct link *l, uint32_t *current, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!l->n_announced || !bsearch(&current[i], l->announced, l->n_announced, sizeof current[0], by_value))
			send_arp(l->uplink, l->tags, 1, l->mac, (const uint8_t *)&current[i], everybody, NULL, (const uint8_t *)&current[i]);
	free(l->announced);
	l->announced = current;
	l->n_announced = n;
}

/* The gateways of an external segment. */
static uint32_t add_gateways(const struct segment_view *s, uint32_t *keep, uint32_t n)
{
	for (uint32_t i = 0; i < s->n_subnets && n < NEIGH_MAX; i++)
		if (!s->subnets[i].v6 && s->subnets[i].has_gateway)
			memcpy(&keep[n++], s->subnets[i].gateway, 4);
	return n;
}

static void apply_link(struct link *l, const struct uplink_view *v)
{
	static uint32_t keep[NEIGH_MAX];
	uint32_t n = 0, n_owned = 1, *owned;
	memcpy(l->mac, v->mac, 6);
	for (unsigned i = 0; i < DP_MAX_SEGMENTS; i++)
		if (dp.world->segments[i] && dp.world->segments[i]->link == l)
			n_owned += dp.world->segments[i]->n_owned;
	owned = calloc(n_owned, sizeof owned[0]);
	n_owned = 0;
	l->wanted = v->link == l && v->address;
	for (uint32_t i = 0; l->wanted && i < v->n_next_hops && n < NEIGH_MAX; i++)
		keep[n++] = v->next_hops[i];
	if (l->wanted && owned)
		owned[n_owned++] = v->address;
	for (unsigned i = 0; i < DP_MAX_SEGMENTS; i++) {
		const struct segment_view *s = dp.world->segments[i];
		if (!s || s->link != l)
			continue;
		l->wanted = true;
		n = add_gateways(s, keep, n);
		for (uint32_t k = 0; owned && k < s->n_owned; k++)
			owned[n_owned++] = s->owned[k];
	}
	l->wanted |= v->link == l;
	neigh_keep(l->neighbours, keep, n);
	if (owned) {
		qsort(owned, n_owned, sizeof owned[0], by_value);
		announce(l, owned, n_owned);
	}
}

void uplinks_apply(void)
{
	for (unsigned i = 0; i < dp.n_uplinks; i++) {
		struct uplink *u = dp.uplinks[i];
		const struct uplink_view *v = dp.world->uplinks[i];
		apply_filter(u, v);
		for (struct link *l = u->links; l; l = l->next) {
			l->wanted = false;
			if (v)
				apply_link(l, v);
		}
		forget_links(u);
	}
	eventfd_write(wake_fd, 1); /* requests are due */
}
