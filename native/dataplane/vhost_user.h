/*
 * vhost-user messages as QEMU sends them for a NIC; all fields in host order. QEMU, docs/interop/vhost-user.rst.
 */
#ifndef FH_DP_VHOST_USER_H
#define FH_DP_VHOST_USER_H

#include <stdint.h>

#define RING_MAX 4096 /* descriptors; QEMU's limit is 1,024 */
#define REGIONS_MAX 8

enum request {
	GET_FEATURES = 1, SET_FEATURES, SET_OWNER, SET_MEM_TABLE = 5, SET_LOG_BASE, SET_VRING_NUM = 8, SET_VRING_ADDR, SET_VRING_BASE,
	GET_VRING_BASE, SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR, GET_PROTOCOL_FEATURES, SET_PROTOCOL_FEATURES, GET_QUEUE_NUM,
	SET_VRING_ENABLE, SEND_RARP, NET_SET_MTU, SET_STATUS = 39, GET_STATUS,
};

struct header { /* as it is sent; all fields in host order */
	uint32_t request, flags, size;
};

union payload {
	uint64_t u64;
	struct {
		uint32_t index, value;
	} ring;
	struct {
		uint32_t index, flags;
		uint64_t desc, used, avail, log;
	} address;
	struct {
		uint64_t size, offset;
	} log;
	struct {
		uint32_t n, padding;
		struct {
			uint64_t guest, size, user, offset;
		} region[REGIONS_MAX];
	} memory;
};

#endif
