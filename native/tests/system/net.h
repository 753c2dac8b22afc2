/*
 * Networks for tests: namespaces joined by veth pairs, kernel peers, raw frames, and a real TCP stack as a guest.
 *
 * Each namespace lives as long as the test. Needs root. Commands are those of ip(8), which Debian always has.
 */
#ifndef FH_TEST_NET_H
#define FH_TEST_NET_H

#include "guest.h"

/* Leaves the host's network for a new, empty one; exits with 77 (skipped) where that is not allowed. */
void net_isolate(void);
/* Return: a descriptor of a new network namespace with its loopback up. */
int net_namespace(void);
/* Runs "ip ARGS" in a namespace (-1: the test's own); must succeed. */
void net_ip(int ns, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A pair of devices that are up: a in namespace na, b in nb. */
void net_veth(int na, const char *a, int nb, const char *b, unsigned mtu);
/* Switches off what a real wire would not carry: segments above the MTU, checksums not filled. */
void net_no_offloads(int ns, const char *device);
void net_write(int ns, const char *path, const char *text);

/* Sockets that belong to a namespace. */
int net_socket(int ns, int domain, int type, int protocol);
/* Frames as they are on a device: sent and received raw. */
int net_raw(int ns, const char *device);
bool net_raw_send(int fd, const void *frame, size_t len);
/* A frame from elsewhere, its tags put back. Return: length, 0 after the timeout. */
size_t net_raw_receive(int fd, void *frame, size_t capacity, int timeout_ms);

/* --- a guest with the kernel's TCP: a TAP device in a namespace, relayed to a vhost-user port by a thread ------------------- */
struct tap_guest;
/* @param features  offloads that the guest negotiates, GUEST_OFFLOADS or 0 */
struct tap_guest *tap_guest(int ns, const char *device, const uint8_t mac[6], unsigned mtu, struct guest *g);
/* Ends the relay. */
void tap_guest_stop(struct tap_guest *t);

/* Moves bytes over one TCP connection from a client to a server, checks them. Return: megabytes a second, 0: failed (told on standard error).
 * Addresses as text; the client connects to the server's port. */
double net_tcp(int client_ns, int server_ns, const char *server, uint16_t port, size_t bytes, int timeout_ms);
/* Return: whether one echo request is answered. */
bool net_ping(int ns, const char *to, int timeout_ms);

#endif
