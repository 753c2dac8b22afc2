/* The control socket. Control thread only. */
#ifndef FH_DP_CONTROL_H
#define FH_DP_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Listens at path (0600). Return: false with a message logged. */
bool control_open(const char *path);
/* Waits at most timeout_ms (-1: no limit) for requests and port events, and serves them. */
void control_serve(int timeout_ms);
void control_close(void);

#endif
