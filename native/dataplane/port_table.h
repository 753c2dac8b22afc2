/*
 * A port's connection table: a mapped file in the state directory, which a killed dataplane's successor opens again.
 *
 * Another quota or incarnation needs another table. It is made beside the one in use (port_prepare(), which may fail), takes over the
 * connections and then the name (port_table_adopt()). Control thread only.
 */
#ifndef FH_DP_PORT_TABLE_H
#define FH_DP_PORT_TABLE_H

#include "runtime.h"

/* @param made  whether its file is new. Return: FH_OK; or FH_ENOMEM, FH_EINTERNAL, FH_ENOSPACE, and no new file is left. */
int port_table_open(struct port *port, const struct fh_port *spec, bool *made);
/* Removes the files of ports that are no more, which a process left that was killed while it removed them. At the start. */
void port_tables_tidy(void);
/* No worker may use it any more. @param forget  ends its connections and removes its file */
void port_table_close(struct port *port, bool forget);
/* After port_prepare() with the same specification: the port has its table, limits and public addresses from now on. */
void port_table_adopt(struct port *port, const struct fh_port *spec);

#endif
