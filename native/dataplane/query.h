/* Answers to requests: the transaction and the questions. Control thread only. */
#ifndef FH_DP_QUERY_H
#define FH_DP_QUERY_H

#include <stddef.h>
#include <stdint.h>

/* @param type  enum fh_wire_type
 * @param out   room for the answer's payload; *out_len is set to what is used of it
 * Return: enum fh_result */
int query_serve(uint16_t type, const void *payload, size_t len, uint8_t *out, size_t capacity, size_t *out_len);

#endif
