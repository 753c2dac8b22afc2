/*
 * A dataplane process of the test's own: temporary directory, control connection, guests.
 *
 * Every wait has a deadline; a failed check prints where and leaves through exit(), which stops the process and
 * removes the directory.
 */
#ifndef FH_TEST_ENV_H
#define FH_TEST_ENV_H

#include "frame.h"
#include "freehold/ctl.h"
#include "guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition, ...)                                                            \
	do {                                                                             \
		if (!(condition)) {                                                      \
			fprintf(stderr, "%s:%d: %s failed: ", __FILE__, __LINE__, #condition); \
			fprintf(stderr, "" __VA_ARGS__);                                 \
			fprintf(stderr, "\n");                                           \
			exit(1);                                                         \
		}                                                                        \
	} while (0)

#define WAIT_MS 3000
#define SILENCE_MS 150

extern fh_ctl *env_ctl;
extern const char *env_workers, *env_memory, *env_cores; /* env_cores NULL: not pinned */
extern const char *env_watchdog; /* seconds, or NULL */
extern bool env_huge; /* packet memory from huge pages; the machine must have reserved some */
extern bool env_unsealed; /* front ends may bring memory that is not sealed against shrinking */
/* For the next start: the network namespace to run in (-1: the test's), devices for --uplink (NULL: none more). */
#define ENV_UPLINKS 2
extern int env_netns;
extern const char *env_uplinks[ENV_UPLINKS];

/* Starts the dataplane (path in the environment's FREEHOLD_DATAPLANE) and opens the control connection. */
void env_start(void);
/* The two halves of it: starts the dataplane; opens the control connection. */
void env_launch(void);
void env_connect(void);
/* kill -9, then env_start() again with the same state. */
void env_kill(void);
/* The process ended by itself and was waited for: env_start() again with the same state. */
void env_again(void);
void env_stop(void);
/* Goes on with another dataplane, 0 (at the start) or 1: all calls are about that one from now on.
 * Return: the one before. */
unsigned env_select(unsigned n);
const char *env_path(const char *name);
long env_pid(void);
uint64_t env_now_ns(void);

/* --- control: puts with ids and generations made up here ------------------------------------------------------------ */
struct fh_id env_id(uint32_t kind, uint32_t n);
struct fh_addr env_addr(const char *text); /* "10.0.0.5", "10.0.0.0/24", "fd00::/64" */
/* Commits and frees. Return: the result. */
int env_commit(fh_txn *txn, struct fh_commit_result *out);
void env_must(fh_txn *txn);
/* Segment n: 10.n.0.0/24 with gateway .1, fd00:n::/64 with gateway ::1, MTU 1500, DHCP on. */
struct fh_segment env_segment(uint32_t n);
struct fh_rule env_rule(uint32_t n, int direction, int proto, int port, const char *remote);
void env_put_group(fh_txn *txn, uint32_t n, const struct fh_rule *rules, uint32_t n_rules);
/* Port n of a segment: MAC 02:fe:00:00:seg:n, addresses 10.seg.0.n and the EUI-64 one, group n. */
struct fh_port env_port(uint32_t segment, uint32_t n);
struct host env_host(uint32_t segment, uint32_t n);
struct host env_gateway(uint32_t segment);
void env_put_port(fh_txn *txn, const struct fh_port *port);
struct fh_port_status env_status(uint32_t n);
/* Waits until the port has counted so many packets of that class. Return: its status then. */
struct fh_port_status env_await_traffic(uint32_t n, bool to_guest, enum fh_traffic_class class_, uint64_t packets);
/* Waits until the port has that state. */
void env_await_state(uint32_t n, uint32_t state);
uint64_t env_drops(uint32_t n, enum fh_reason reason);
/* Waits until the drop counter has grown to at least that. */
void env_await_drops(uint32_t n, enum fh_reason reason, uint64_t at_least);

/* --- guests -------------------------------------------------------------------------------------------------------------- */
struct guest *env_guest(uint32_t n, uint64_t features);
void env_send(struct guest *g, const struct frame *f);
/* Receives the next frame, which must be valid; router advertisements are skipped. Return: false when none came. */
bool env_receive(struct guest *g, struct frame *f, int timeout_ms);
/* What each port counted, on standard error. */
void env_explain(void);
/* The frame must arrive as it was sent. */
void env_expect(struct guest *to, const struct frame *f);
void env_expect_silence(struct guest *g);

#endif
