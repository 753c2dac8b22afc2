/*
 * Theory of operation
 * -------------------
 * A worker holds an array of active queues and polls those. A queue that gave nothing for SPIN_US is parked: the guest is
 * asked to kick, a full barrier, one more look at the ring, and only then it leaves the array. Kicks of parked queues come
 * through epoll (edge-triggered, so the shared eventfd is never read), looked at every POLL_KICKS_US while there
 * is work and slept on when no queue is active. So 100 idle ports cost nothing, and one busy one does not pay for them.
 *
 * A ring that claims to have packets but never delivers any (a hostile or broken guest) would keep its queue active for
 * ever. After STUCK_LIMIT refusals it is parked all the same, and looked at again every STUCK_RETRY_MS.
 *
 * Uplinks are looked at in each round, which costs a load when nothing came; their descriptors wake a sleeping worker.
 *
 * Asleep, a worker is offline for RCU; what it learnt from shared pointers before is not used after: epoll hands out
 * queue numbers, which are looked up again once it is online.
 */
#include "worker.h"

#include <errno.h>
#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_vhost.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "front_end.h"
#include "log.h"
#include "pipeline.h"
#include "uplink.h"

#define SPIN_US 60
#define POLL_KICKS_US 50
#define STUCK_LIMIT 64
#define STUCK_RETRY_MS 20
#define SLEEP_MS 1000
#define HOUSEKEEPING_NS (100 * 1000 * 1000ull)
#define SWEEP_ENTRIES 256
#define EVENTS 64
#define WAKE_ID UINT64_MAX /* beside UPLINK_ID */

void worker_wake(struct worker *w)
{
	eventfd_write(w->wake_fd, 1);
}

/* --- queues ------------------------------------------------------------------------------------------------------------ */
static void activate(struct worker *w, struct rxq *q)
{
	int vid = fh_load_acquire(&q->port->vid);
	if (q->listed || w->n_active == w->capacity)
		return;
	if (vid >= 0)
		rte_vhost_enable_guest_notification(vid, (uint16_t)(q->index * 2 + 1), 0);
	w->n_stuck -= q->stuck;
	q->parked = q->stuck = 0;
	q->listed = 1;
	q->last_packet_tsc = rte_rdtsc();
	w->active[w->n_active++] = q;
}

/* Return: whether the queue may be left alone until its guest kicks. */
static bool park(struct worker *w, struct rxq *q)
{
	int vid = fh_load_acquire(&q->port->vid);
	if (vid >= 0) {
		uint16_t ring = (uint16_t)(q->index * 2 + 1);
		rte_vhost_enable_guest_notification(vid, ring, 1);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (rte_vhost_rx_queue_count(vid, ring) > 0) {
			if (++q->refusals < STUCK_LIMIT)
				return false;
			q->stuck = 1;
			w->n_stuck++;
			fh_count(&q->port->counters[w->id].drops[FH_DROP_GUEST_RING], 1);
		}
	}
	q->parked = 1;
	q->listed = 0;
	q->refusals = 0;
	return true;
}

/* The list changed: everything in it is looked at once. */
static void adopt_list(struct worker *w, const struct queue_list *list)
{
	if (list->n > w->capacity) {
		struct rxq **active = realloc(w->active, list->n * sizeof active[0]);
		if (active) {
			w->active = active;
			w->capacity = list->n;
		}
	}
	w->seen_number = list->number;
	w->n_active = w->n_stuck = 0;
	for (unsigned i = 0; i < list->n; i++) {
		list->q[i]->listed = list->q[i]->stuck = 0;
		activate(w, list->q[i]);
	}
}

static unsigned poll_queue(struct worker *w, struct rxq *q)
{
	struct rte_mbuf *m[DP_BURST];
	struct port *port = q->port;
	int vid = fh_load_acquire(&port->vid);
	const struct port_view *v = w->world->ports[port->slot];
	if (vid < 0 || !v || v->port != port)
		return 0;
	unsigned n = rte_vhost_dequeue_burst(vid, (uint16_t)(q->index * 2 + 1), port->pool, m, DP_BURST);
	if (n)
		pipeline_from_guest(w, v, m, n);
	return n;
}

static bool poll_active(struct worker *w, uint64_t spin_tsc)
{
	bool busy = false;
	for (unsigned i = 0; i < w->n_active;) {
		struct rxq *q = w->active[i];
		if (poll_queue(w, q)) {
			q->last_packet_tsc = rte_rdtsc();
			q->refusals = 0;
			busy = true;
		} else if (rte_rdtsc() - q->last_packet_tsc > spin_tsc && park(w, q)) {
			w->active[i] = w->active[--w->n_active];
			continue;
		}
		i++;
	}
	return busy;
}

/* @param timeout_ms  0: only look. The worker is offline meanwhile if it may sleep. */
static void take_kicks(struct worker *w, int timeout_ms)
{
	struct epoll_event events[EVENTS];
	if (timeout_ms)
		rte_rcu_qsbr_thread_offline(dp.qsbr, w->id);
	int n = epoll_wait(w->epoll_fd, events, EVENTS, timeout_ms);
	if (timeout_ms) {
		rte_rcu_qsbr_thread_online(dp.qsbr, w->id);
		w->wakeups++;
	}
	for (int i = 0; i < n; i++) {
		if (events[i].data.u64 == WAKE_ID) {
			eventfd_t ignored;
			eventfd_read(w->wake_fd, &ignored);
			continue;
		}
		if (events[i].data.u64 == UPLINK_ID)
			continue; /* the next round looks */
		struct rxq *q = fh_load_acquire(&dp.rxqs[events[i].data.u64]);
		if (q && fh_load(&q->worker) == w)
			activate(w, q);
	}
}

static void housekeeping(struct worker *w, const struct queue_list *list)
{
	for (unsigned i = 0; i < list->n; i++) {
		struct rxq *q = list->q[i];
		if (q->stuck)
			activate(w, q);
		if (q->index != 0)
			continue;
		const struct port_view *v = w->world->ports[q->port->slot];
		if (!v || v->port != q->port)
			continue;
		fh_ct_sweep(q->port->ct, w->id, w->now_ns, SWEEP_ENTRIES);
		pipeline_housekeeping(w, v);
	}
}

static void *run(void *arg)
{
	struct worker *w = arg;
	uint64_t hz = rte_get_tsc_hz(), spin = hz / 1000000 * SPIN_US, poll_kicks = hz / 1000000 * POLL_KICKS_US;
	uint64_t kicks_due = 0, chores_due = 0;
	front_end_worker(w);
	if (rte_thread_register() != 0)
		dp_log(LOG_WARNING, "worker %u: cannot register with DPDK", w->id);
	rte_rcu_qsbr_thread_register(dp.qsbr, w->id);
	rte_rcu_qsbr_thread_online(dp.qsbr, w->id);
	adopt_list(w, fh_load_acquire(&w->queues));
	while (!fh_load(&dp.stop)) {
		rte_rcu_qsbr_quiescent(dp.qsbr, w->id);
		fh_count(&w->rounds, 1); /* the watchdog looks at it */
		w->world = fh_load_acquire(&dp.world);
		const struct queue_list *list = fh_load_acquire(&w->queues);
		if (fh_unlikely(list->number != w->seen_number))
			adopt_list(w, list);
		w->now_ns = dp_boot_ns();
		poll_active(w, spin);
		uplinks_poll(w);
		uplinks_flush(w);
		if (w->now_ns >= chores_due) {
			housekeeping(w, list);
			chores_due = w->now_ns + HOUSEKEEPING_NS;
		}
		uint64_t tsc = rte_rdtsc();
		if (w->n_active == 0 && uplinks_idle(w, spin)) {
			take_kicks(w, w->n_stuck ? STUCK_RETRY_MS : SLEEP_MS);
			chores_due = w->n_stuck ? 0 : chores_due;
		} else if (tsc >= kicks_due) {
			take_kicks(w, 0);
			kicks_due = tsc + poll_kicks;
		}
	}
	rte_rcu_qsbr_thread_offline(dp.qsbr, w->id);
	rte_rcu_qsbr_thread_unregister(dp.qsbr, w->id);
	rte_thread_unregister();
	return NULL;
}

bool workers_start(const int cores[])
{
	for (unsigned i = 0; i < dp.n_workers; i++) {
		struct worker *w = &dp.workers[i];
		struct epoll_event wake = { .events = EPOLLIN, .data.u64 = WAKE_ID };
		char name[24];
		w->id = i;
		w->core = cores[i];
		w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
		w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		w->queues = calloc(1, sizeof *w->queues);
		if (w->epoll_fd < 0 || w->wake_fd < 0 || !w->queues ||
		    epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->wake_fd, &wake) != 0 || !uplinks_watch(w) || pthread_create(&w->thread, NULL, run, w) != 0) {
			dp_log(LOG_ERR, "cannot start worker %u: %s", i, strerror(errno));
			return false;
		}
		snprintf(name, sizeof name, "fh-worker-%u", i);
		pthread_setname_np(w->thread, name);
		if (w->core >= 0) {
			cpu_set_t set;
			CPU_ZERO(&set);
			CPU_SET((unsigned)w->core, &set);
			if (pthread_setaffinity_np(w->thread, sizeof set, &set) != 0)
				dp_log(LOG_WARNING, "worker %u: cannot be pinned to core %d; it floats", i, w->core);
		}
	}
	return true;
}

void workers_join(void)
{
	for (unsigned i = 0; i < dp.n_workers; i++) {
		worker_wake(&dp.workers[i]);
		pthread_join(dp.workers[i].thread, NULL);
	}
}
