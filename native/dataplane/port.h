/*
 * Ports: the vhost-user device, the queues that workers poll, the connection table of one NIC. Control thread only,
 * but for what librte_vhost's callbacks do.
 */
#ifndef FH_DP_PORT_H
#define FH_DP_PORT_H

#include "runtime.h"

/* Once. Return: false when the process cannot have an event descriptor. */
bool port_system_init(void);
/* Readable when ports_handle_events() has something to do. */
int port_event_fd(void);
void ports_handle_events(void);
/* Tries connects that are due, and gives back what connections that have ended leave behind. Return: milliseconds until the next try, -1: none is waiting. */
int ports_start_due(void);
/* Logs, once a minute at most, that connection tables cannot grow because the file system of the state directory is full. */
void ports_tell_starved(void);

/* Creates the port's memory and its connection table (or recovers that from the state directory).
 * Return: FH_OK with *out, FH_ENOMEM, FH_ELIMIT, FH_EINTERNAL, FH_ENOSPACE. Nothing is connected yet. */
int port_new(const struct fh_port *spec, struct port **out);
/* A port's specification changes in two steps: prepare may fail and changes nothing that workers see (another table is
 * opened if quota or incarnation are other ones), then adopt (which cannot fail) or abandon. Connections move to the
 * other table unless the incarnation is another. port_prepare() and port_abandon() are in port_table.c. */
int port_prepare(struct port *port, const struct fh_port *spec);
void port_adopt(struct port *port, const struct fh_port *spec);
void port_abandon(struct port *port);
/* Begins to look for the front end. Idempotent. */
void port_register(struct port *port);
/* Disconnects; returns when no worker touches the device any more. */
void port_unregister(struct port *port);
/* Unregisters and frees. No world may contain the port any more, and a grace period must have passed.
 * @param forget  removes the connection table's file, too */
void port_free(struct port *port, bool forget);

/* Gives each queue of each running port to a worker, or takes it back. */
void ports_assign_queues(void);
enum fh_port_state port_state(const struct port *port);
/* Return: bit w: worker w polls one of its queues. */
uint32_t port_workers(const struct port *port);
/* --- about front ends, by the path of their socket; any thread -------------------------------------------------------------- */
/* It was connected to, and this process listens there. */
void port_connected_to(const char *path, uint32_t pid);
/* Return: how many rings it may speak of; 0: it must not speak now. */
unsigned port_rings(const char *path);
/* A message of it was refused. Logs that, once a minute at most. */
void port_refused(const char *path, uint32_t request, const char *fault);
/* Writing to the descriptor that a ring is told through blocked a worker: the front end rests. */
void port_blocked_worker(int call_fd);

#endif
