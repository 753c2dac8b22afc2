/* One connection to the dataplane; private to the library. */
#ifndef FH_CTL_CONNECTION_H
#define FH_CTL_CONNECTION_H

#include "freehold/wire.h"

struct fh_ctl {
	int fd;
	uint32_t next_request;
	uint8_t reply[sizeof(struct fh_wire_header) + FH_WIRE_MAX_REPLY];
};

/* Sends a request and waits for its answer.
 * @param type, payload, len  the request
 * @param reply, reply_len    point into ctl->reply, valid until the next call; set when an answer came, also when it
 *                            says failure
 * Return: the answer's result, or a failure of the transport. */
int fh_call(struct fh_ctl *ctl, uint32_t timeout_ms, uint16_t type, const void *payload, size_t len, const void **reply,
	    size_t *reply_len);

/* Copies a structure out, no more than the caller has room for, and leaves the caller's struct_size in place. */
void fh_copy_out(void *out, uint32_t out_size, const void *in, size_t in_size);

#endif
