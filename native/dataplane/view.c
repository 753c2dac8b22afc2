#include "view.h"

#include <stdlib.h>

#include "answer.h"

void view_mask(uint8_t prefix_len, uint8_t mask[16])
{
	for (unsigned i = 0; i < 16; i++) {
		int bits = (int)prefix_len - (int)(8 * i);
		mask[i] = bits >= 8 ? 0xff : bits <= 0 ? 0 : (uint8_t)(0xff << (8 - bits));
	}
}

static struct subnet_view subnet(const struct fh_subnet *n)
{
	struct subnet_view v = {
		.v6 = n->prefix.family == 6, .prefix_len = n->prefix.prefix_len, .has_gateway = n->gateway.family != 0, .dhcp = n->dhcp != 0
	};
	uint8_t mask[16];
	view_mask(n->prefix.prefix_len, mask);
	for (unsigned i = 0; i < 16; i++)
		v.prefix[i] = n->prefix.b[i] & mask[i];
	memcpy(v.gateway, n->gateway.b, 16);
	for (uint32_t i = 0; i < n->n_dns; i++)
		if (n->dns[i].family == n->prefix.family)
			memcpy(v.dns[v.n_dns++], n->dns[i].b, 16);
	return v;
}

struct segment_view *view_segment(const struct m_segment *o)
{
	const struct fh_segment *spec = &o->spec;
	struct segment_view *v = calloc(1, sizeof *v);
	if (!v)
		return NULL;
	v->vni = spec->vni;
	v->mtu = spec->mtu;
	v->router = o->router ? o->router->world_slot : DP_NO_ROUTER;
	if (!view_segment_way_out(v, o)) {
		free(v);
		return NULL;
	}
	memcpy(v->gateway_mac, spec->gateway_mac, 6);
	answer_eui64(spec->gateway_mac, v->gateway_link_local);
	v->n_subnets = spec->n_subnets;
	for (uint32_t i = 0; i < spec->n_subnets; i++)
		v->subnets[i] = subnet(&spec->subnets[i]);
	return v;
}

void view_segment_free(struct segment_view *v)
{
	if (!v)
		return;
	free(v->lookup);
	free(v->remotes);
	free(v->owned);
	free(v);
}

bool view_contains(const struct fh_addr *prefix, const struct fh_addr *a)
{
	uint8_t mask[16];
	if (prefix->family != a->family)
		return false;
	view_mask(prefix->prefix_len, mask);
	for (unsigned i = 0; i < (a->family == 4 ? 4 : 16); i++)
		if ((prefix->b[i] ^ a->b[i]) & mask[i])
			return false;
	return true;
}

/* Return: the first of the port's addresses of that family that lies in a subnet with DHCP, or NULL. */
static const struct fh_addr *dhcp_address(const struct fh_port *spec, const struct fh_segment *segment, uint8_t family, uint32_t *subnet)
{
	for (uint32_t i = 0; i < spec->n_addrs; i++) {
		const struct fh_addr *a = &spec->addrs[i];
		if (a->family != family || a->prefix_len != (family == 4 ? 32 : 128))
			continue;
		for (*subnet = 0; *subnet < segment->n_subnets; ++*subnet)
			if (segment->subnets[*subnet].dhcp && view_contains(&segment->subnets[*subnet].prefix, a))
				return a;
	}
	return NULL;
}

static void pick_dhcp_addresses(struct port_view *v, const struct fh_port *spec, const struct fh_segment *segment)
{
	uint32_t subnet;
	const struct fh_addr *a = dhcp_address(spec, segment, 4, &subnet);
	if (a) {
		memcpy(v->dhcp4, a->b, 4);
		v->dhcp4_subnet = subnet;
	}
	a = dhcp_address(spec, segment, 6, &subnet);
	v->has_dhcp6 = a != NULL;
	if (a)
		memcpy(v->dhcp6, a->b, 16);
}

struct port_view *view_port(const struct fh_port *spec, struct port *port, const struct fh_segment *segment, uint32_t segment_slot)
{
	struct port_view *v = calloc(1, sizeof *v);
	if (!v)
		return NULL;
	v->port = port;
	v->segment = segment_slot;
	v->flags = spec->flags;
	v->generation = spec->generation;
	for (uint32_t i = 0; i < spec->n_public; i++)
		v->n_public4 += spec->public_[i].kind != FH_PUBLIC_OWN;
	memcpy(v->mac, spec->mac, 6);
	memcpy(v->hostname, spec->hostname, sizeof v->hostname);
	answer_eui64(spec->mac, v->link_local);
	for (uint32_t i = 0; i < spec->n_addrs; i++) {
		const struct fh_addr *a = &spec->addrs[i];
		uint8_t mask[16];
		view_mask(a->prefix_len, mask);
		if (a->family == 4) {
			struct prefix4 *p = &v->allowed4[v->n4++];
			memcpy(&p->addr, a->b, 4);
			memcpy(&p->mask, mask, 4);
			p->addr &= p->mask;
		} else {
			struct prefix6 *p = &v->allowed6[v->n6++];
			for (unsigned b = 0; b < 16; b++) {
				p->mask[b] = mask[b];
				p->addr[b] = a->b[b] & mask[b];
			}
		}
	}
	pick_dhcp_addresses(v, spec, segment);
	return v;
}

void view_segment_add(struct segment_view *s, const struct port_view *p, const struct fh_port *spec)
{
	fh_lookup_add(s->lookup, fh_key_mac(p->mac), p->port->slot);
	fh_lookup_add(s->lookup, fh_key_ip6(p->link_local), p->port->slot);
	for (uint32_t i = 0; i < spec->n_addrs; i++) {
		const struct fh_addr *a = &spec->addrs[i];
		if (a->family == 4 && a->prefix_len == 32)
			fh_lookup_add(s->lookup, fh_key_ip4(a->b), p->port->slot);
		if (a->family == 6 && a->prefix_len == 128)
			fh_lookup_add(s->lookup, fh_key_ip6(a->b), p->port->slot);
	}
}
