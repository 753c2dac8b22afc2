#include "flows.h"

#include <stdio.h>

#include "log.h"
#include "mapping.h"
#include "pages.h"

#define MAGIC 0x32574f4c46484646ull /* "FFHFLOW2"; another layout gets another one */
#define BUSY_MS 100
#define IDLE_MS 1000

static struct flows_file *file;

static bool usable(const struct flows_file *f)
{
	return f->magic == MAGIC && f->epoch && f->first && f->next - f->first <= FH_FLOW_OUTBOX;
}

/* @param slots_known  the rules' slots are those of the records */
static bool move_one(unsigned ring, bool slots_known, uint64_t unix_minus_boot)
{
	const struct fh_flow *f = file->next - file->first < FH_FLOW_OUTBOX ? fh_flow_oldest(&file->rings[ring]) : NULL;
	if (!f)
		return false;
	struct fh_flow_record *r = &file->outbox[file->next % FH_FLOW_OUTBOX];
	*r = (struct fh_flow_record){
		.struct_size = sizeof *r, .end = f->end, .family = f->v6 ? 6 : 4, .protocol = f->proto, .direction = f->direction,
		.sequence = file->next, .port = f->nic, .src_port = f->src_port, .dst_port = f->dst_port, .public_port = f->public_port,
		.flags = f->flags, .state = f->state, .start_ns = f->start_ns + unix_minus_boot, .end_ns = f->last_ns + unix_minus_boot,
		.packets = { f->packets[0], f->packets[1] }, .bytes = { f->bytes[0], f->bytes[1] },
	};
	memcpy(r->src, f->src, sizeof r->src);
	memcpy(r->dst, f->dst, sizeof r->dst);
	memcpy(r->public_addr, f->public_addr, sizeof r->public_addr);
	if (slots_known && f->slot != FH_SLOT_NONE)
		fh_pol_slot_id(dp.rules, f->slot, &r->rule);
	/* In this order: finish_move() reads what a kill at any place leaves. */
	fh_store_release(&file->moving, 0);
	fh_store_release(&file->moving_ring, ring);
	fh_store_release(&file->moving_tail, file->rings[ring].tail);
	fh_store_release(&file->moving, file->next);
	fh_store_release(&file->next, file->next + 1);
	fh_flow_taken(&file->rings[ring]);
	return true;
}

/* A process that was killed had put the record into the outbox, and not taken it from its ring: it would come twice. */
static void finish_move(void)
{
	struct fh_flow_ring *ring = &file->rings[file->moving_ring % FH_WORKERS_MAX];
	if (file->moving && file->moving + 1 == file->next && ring->tail == file->moving_tail && fh_flow_oldest(ring))
		fh_flow_taken(ring);
}

static bool collect(bool slots_known)
{
	uint64_t offset = dp_unix_ns() - dp_boot_ns();
	bool any = false;
	for (unsigned w = 0; w < FH_WORKERS_MAX; w++)
		while (move_one(w, slots_known, offset))
			any = true;
	return any;
}

/* All that this process may touch: the outbox, the rings of its own workers, and what says whether the others hold something. */
static bool reserve(struct flows_file *f)
{
	int rc = fh_pages_reserve(f, offsetof(struct flows_file, rings));
	for (unsigned w = 0; w < FH_WORKERS_MAX && rc == FH_OK; w++)
		rc = fh_pages_reserve(&f->rings[w], w <= dp_control_id() ? sizeof f->rings[w] : offsetof(struct fh_flow_ring, slots));
	return rc == FH_OK;
}

bool flows_init(void)
{
	char path[PATH_MAX];
	void *mem;
	snprintf(path, sizeof path, "%s/flows", dp.state_dir);
	if (map_file(path, sizeof *file, &mem, NULL) != FH_OK)
		return false;
	file = mem;
	if (!reserve(file)) {
		dp_log(LOG_ERR, "the file system of %s is full: no room for %s", dp.state_dir, path);
		return false;
	}
	if (!usable(file)) {
		file->magic = 0;
		for (unsigned w = 0; w < FH_WORKERS_MAX; w++)
			file->rings[w].head = file->rings[w].tail = file->rings[w].lost = 0;
		file->epoch = dp_unix_ns();
		file->first = file->next = 1;
		file->moving = 0;
		fh_store_release(&file->magic, MAGIC);
	}
	for (unsigned w = 0; w < FH_WORKERS_MAX; w++) {
		fh_flow_ring_open(&file->rings[w]);
		dp.flows[w] = &file->rings[w];
	}
	/* What the process before left. */
	finish_move();
	collect(false);
	return true;
}

int flows_tick(void)
{
	return collect(true) ? BUSY_MS : IDLE_MS;
}

uint32_t flows_read(uint64_t epoch, uint64_t taken, struct fh_flow_stream *stream, struct fh_flow_record *out, uint32_t capacity)
{
	uint32_t n = 0;
	if (epoch == file->epoch && taken >= file->first && taken < file->next)
		fh_store_release(&file->first, taken + 1);
	collect(true);
	*stream = (struct fh_flow_stream){ .struct_size = sizeof *stream, .epoch = file->epoch };
	for (unsigned w = 0; w < FH_WORKERS_MAX; w++)
		stream->lost += fh_load(&file->rings[w].lost);
	while (n < capacity && n < file->next - file->first) {
		out[n] = file->outbox[(file->first + n) % FH_FLOW_OUTBOX];
		n++;
	}
	return n;
}
