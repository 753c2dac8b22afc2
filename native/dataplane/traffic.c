#include "traffic.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mapping.h"
#include "pages.h"

#define MAGIC 0x3146415254484646ull /* "FFHTRAF1"; another layout gets another one */

static void path_of(const struct port *port, char path[sizeof port->ct_path + 9])
{
	snprintf(path, sizeof port->ct_path + 9, "%s.traffic", port->ct_path);
}

static void add(struct fh_traffic *to, const struct fh_traffic *from)
{
	for (unsigned c = 0; c < FH_TRAFFIC_CLASSES; c++) {
		to[c].packets += fh_load(&from[c].packets);
		to[c].bytes += fh_load(&from[c].bytes);
	}
}

static void subtract(struct fh_traffic *from, const struct fh_traffic *what)
{
	for (unsigned c = 0; c < FH_TRAFFIC_CLASSES; c++) {
		from[c].packets -= what[c].packets;
		from[c].bytes -= what[c].bytes;
	}
}

static void sum(const struct traffic_image *t, struct traffic_counters *out)
{
	memset(out, 0, sizeof *out);
	for (unsigned w = 0; w < FH_WORKERS_MAX; w++) {
		add(out->from_guest, t->workers[w].from_guest);
		add(out->to_guest, t->workers[w].to_guest);
	}
}

static void begin_anew(struct traffic_image *t, const struct port *port, uint64_t incarnation)
{
	fh_store_release(&t->epoch, 0);
	sum(t, &t->base);
	t->magic = MAGIC;
	t->nic = port->id;
	t->incarnation = incarnation;
	fh_store_release(&t->epoch, dp_unix_ns());
}

void traffic_adopt(struct port *port, uint64_t incarnation)
{
	struct traffic_image *t = port->traffic;
	if (t->magic != MAGIC || t->epoch == 0 || t->incarnation != incarnation || memcmp(&t->nic, &port->id, sizeof t->nic) != 0)
		begin_anew(t, port, incarnation);
}

int traffic_open(struct port *port, uint64_t incarnation)
{
	char path[sizeof port->ct_path + 9];
	void *mem;
	path_of(port, path);
	bool made;
	int rc = map_file(path, sizeof *port->traffic, &mem, &made);
	if (rc != FH_OK)
		return rc;
	if ((rc = fh_pages_reserve(mem, sizeof *port->traffic)) != FH_OK) {
		munmap(mem, sizeof *port->traffic);
		if (made)
			unlink(path);
		return rc;
	}
	port->traffic = mem;
	traffic_adopt(port, incarnation);
	return FH_OK;
}

void traffic_close(struct port *port, bool forget)
{
	char path[sizeof port->ct_path + 9];
	if (!port->traffic)
		return;
	munmap(port->traffic, sizeof *port->traffic);
	port->traffic = NULL;
	path_of(port, path);
	if (forget)
		unlink(path);
}

uint64_t traffic_read(const struct port *port, struct traffic_counters *out)
{
	sum(port->traffic, out);
	subtract(out->from_guest, port->traffic->base.from_guest);
	subtract(out->to_guest, port->traffic->base.to_guest);
	return port->traffic->epoch;
}
