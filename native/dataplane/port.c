/*
 * Theory of operation
 * -------------------
 * QEMU listens, the dataplane connects: a restarted dataplane finds its guests again, and QEMU waits for it. A port whose
 * socket does not exist yet is looked for often, so that a new VM does not wait. librte_vhost could connect again by itself, but
 * its thread for that keeps sockets that were unregistered while a connection ended, and it looks only once a second: the control
 * thread gives a socket back once its connection has ended, and begins anew. So it alone connects and unregisters.
 *
 * librte_vhost's callbacks run in its own threads, some with queue locks held, so they only record: the device number,
 * features, enabled rings, a dup of each kick descriptor. Pools and the hand-over of queues to workers are the control
 * thread's job, told by an event. The exception is destroy_device(), after which librte_vhost frees the device: there
 * waiting for a grace period is right.
 *
 * A front end whose connections end again and again costs librte_vhost's one thread time that others wait for (front_end.c
 * bounds each time): it is left alone for a while. One of a port that is about to go is not listened to any more: librte_vhost
 * unregisters a socket only while its thread is not at it, and a front end that keeps it busy must not keep us waiting.
 *
 * An event carries the session (connection count) that it belongs to; one of an earlier session is stale and dropped.
 */
#include "port.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_net.h>
#include <rte_mempool.h>
#include <rte_vhost.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "front_end.h"
#include "log.h"
#include "port_table.h"
#include "traffic.h"
#include "worker.h"

/* A frame of 64 KB in eight pieces costs a quarter less than in thirty-two; a small one costs the same. */
#define POOL_DATA (8192 + RTE_PKTMBUF_HEADROOM)
/* One burst of the largest frames that a guest can send, and what fragment holds may keep. */
#define POOL_SIZE (DP_BURST * 9 + 256)
#define START_RETRY_MS 25
#define CONNECT_RETRY_MS 1000 /* nobody listens, or librte_vhost has no room */
#define CONNECTS_MAX 20
#define CONNECTS_WINDOW_MS 10000
#define REST_MS 5000
#define BLOCKED_REST_MS 60000
#define REFUSED_LOG_MS 60000

enum { QUEUE_DEVICE = -1 };

struct event {
	struct event *next;
	struct port *port;
	uint32_t session;
	int queue;   /* or QUEUE_DEVICE: the device is there or gone */
	int kick_fd; /* for queue >= 0 */
};

static struct {
	int fd;
	pthread_mutex_t lock; /* of the events, and of ports[] and what is [l] in each against librte_vhost's threads */
	struct event *first, **last;
	struct port *ports[DP_MAX_PORTS];    /* [c] by slot */
	struct port *by_vid[RTE_MAX_VHOST_DEVICE];
	struct rte_mempool *retired[DP_MAX_PORTS]; /* pools with packets in other ports' fragment holds */
	unsigned n_retired;
	unsigned next_worker, pools;
} sys = { .fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER };

/* --- callbacks of librte_vhost -------------------------------------------------------------------------------------- */
static void post(struct port *port, int queue, int kick_fd)
{
	struct event *e = malloc(sizeof *e);
	if (!e) {
		if (kick_fd >= 0)
			close(kick_fd);
		return;
	}
	*e = (struct event){ .port = port, .session = fh_load(&port->session), .queue = queue, .kick_fd = kick_fd };
	pthread_mutex_lock(&sys.lock);
	*sys.last = e;
	sys.last = &e->next;
	pthread_mutex_unlock(&sys.lock);
	eventfd_write(sys.fd, 1);
}

/* Under sys.lock. */
static struct port *port_at(const char *path)
{
	for (unsigned i = 0; i < DP_MAX_PORTS; i++) {
		struct port *p = sys.ports[i];
		if (p && p->registered && strcmp(p->socket_path, path) == 0)
			return p;
	}
	return NULL;
}

static struct port *port_by_path(int vid)
{
	char path[PATH_MAX];
	if (rte_vhost_get_ifname(vid, path, sizeof path) != 0)
		return NULL;
	pthread_mutex_lock(&sys.lock);
	struct port *found = port_at(path);
	pthread_mutex_unlock(&sys.lock);
	return found;
}

static struct port *port_of(int vid)
{
	if (vid < 0 || vid >= RTE_MAX_VHOST_DEVICE)
		return NULL;
	struct port *known = fh_load_acquire(&sys.by_vid[vid]);
	return known ? known : port_by_path(vid);
}

/* The number may have been another connection's before. */
static int new_connection(int vid)
{
	struct port *port = vid >= 0 && vid < RTE_MAX_VHOST_DEVICE ? port_by_path(vid) : NULL;
	if (!port)
		return -1;
	fh_store_release(&sys.by_vid[vid], port);
	fh_store_release(&port->connected, 1);
	return 0;
}

static void destroy_connection(int vid)
{
	struct port *port = port_of(vid);
	if (!port)
		return;
	fh_store_release(&sys.by_vid[vid], NULL);
	fh_store(&port->rx_rings, 0);
	fh_store_release(&port->connected, 0);
	fh_store_release(&port->ended, 1);
	eventfd_write(sys.fd, 1);
}

static void record_kick(struct port *port, int vid, uint16_t ring)
{
	struct rte_vhost_vring vring;
	int fd = -1;
	if (rte_vhost_get_vhost_vring(vid, ring, &vring) == 0 && vring.kickfd >= 0)
		fd = fcntl(vring.kickfd, F_DUPFD_CLOEXEC, 0);
	post(port, ring / 2, fd);
}

static int new_device(int vid)
{
	struct port *port = port_of(vid);
	uint64_t features = 0;
	if (!port)
		return -1;
	rte_vhost_get_negotiated_features(vid, &features);
	fh_store(&port->features, features);
	pthread_mutex_lock(&sys.lock);
	bool leaving = port->leaving;
	if (!leaving) {
		fh_store(&port->session, port->session + 1);
		fh_store_release(&port->vid, vid);
	}
	pthread_mutex_unlock(&sys.lock);
	if (leaving)
		return -1;
	post(port, QUEUE_DEVICE, -1);
	uint16_t rings = rte_vhost_get_vring_num(vid);
	for (uint16_t r = 1; r < rings && r < port->queue_pairs * 2; r += 2)
		record_kick(port, vid, r);
	return 0;
}

/* The calling thread is giving up a port whose device no worker touches any more. */
static __thread bool untouched;

static void destroy_device(int vid)
{
	struct port *port = port_of(vid);
	if (!port)
		return;
	fh_store_release(&port->vid, -1);
	if (!untouched)
		dp_grace();
	fh_store(&port->session, port->session + 1);
	post(port, QUEUE_DEVICE, -1);
}

static int vring_state_changed(int vid, uint16_t ring, int enable)
{
	struct port *port = port_of(vid);
	if (!port || ring >= port->queue_pairs * 2)
		return 0;
	if (ring % 2 == 0) {
		uint32_t bit = 1u << (ring / 2);
		if (enable)
			__atomic_fetch_or(&port->rx_rings, bit, __ATOMIC_RELEASE);
		else
			__atomic_fetch_and(&port->rx_rings, ~bit, __ATOMIC_RELEASE);
	} else if (enable && fh_load(&port->vid) == vid) {
		record_kick(port, vid, ring);
	}
	return 0;
}

static int features_changed(int vid, uint64_t features)
{
	struct port *port = port_of(vid);
	if (port)
		fh_store(&port->features, features);
	return 0;
}

static const struct rte_vhost_device_ops ops = {
	.new_device = new_device,
	.destroy_device = destroy_device,
	.vring_state_changed = vring_state_changed,
	.features_changed = features_changed,
	.new_connection = new_connection,
	.destroy_connection = destroy_connection,
};

/* --- queues ------------------------------------------------------------------------------------------------------------ */
static void forget_kick(struct rxq *q)
{
	if (q->kick_fd < 0)
		return;
	if (q->worker)
		epoll_ctl(q->worker->epoll_fd, EPOLL_CTL_DEL, q->kick_fd, NULL);
	close(q->kick_fd);
	q->kick_fd = -1;
}

static void watch_kick(struct rxq *q)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET, .data.u64 = q->id };
	if (q->kick_fd >= 0 && q->worker && epoll_ctl(q->worker->epoll_fd, EPOLL_CTL_ADD, q->kick_fd, &e) != 0)
		dp_log(LOG_WARNING, "port %s: cannot watch a queue: %s; it is polled once a second", q->port->socket_path, strerror(errno));
}

static unsigned least_loaded(const unsigned load[])
{
	unsigned best = 0;
	for (unsigned i = 1; i < dp.n_workers; i++)
		if (load[i] < load[best])
			best = i;
	return best;
}

void ports_assign_queues(void)
{
	unsigned load[DP_MAX_WORKERS] = { 0 }, total = 0;
	struct queue_list *old[DP_MAX_WORKERS];
	/* Queues stay where they are; new ones go to the least loaded worker. */
	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < DP_MAX_PORTS; i++) {
			struct port *p = sys.ports[i];
			if (!p)
				continue;
			bool running = fh_load_acquire(&p->vid) >= 0 && p->pool;
			for (unsigned k = 0; k < p->queue_pairs; k++) {
				struct rxq *q = &p->rxq[k];
				bool wanted = running && q->kick_fd >= 0;
				if (pass == 0 && !wanted && q->worker) {
					forget_kick(q);
					q->worker = NULL;
				}
				if (pass == 0 && wanted && q->worker)
					load[q->worker->id]++;
				if (pass == 1 && wanted && !q->worker) {
					unsigned w = least_loaded(load);
					load[w]++;
					q->worker = &dp.workers[w];
					watch_kick(q);
				}
				total += q->worker != NULL;
			}
		}
	}
	for (unsigned w = 0; w < dp.n_workers; w++) {
		struct queue_list *list = malloc(sizeof *list + (total + 1) * sizeof list->q[0]);
		old[w] = dp.workers[w].queues;
		if (!list) {
			dp_log(LOG_ERR, "out of memory while handing queues to workers; giving up");
			abort();
		}
		list->number = old[w]->number + 1;
		list->n = 0;
		for (unsigned i = 0; i < DP_MAX_PORTS; i++) {
			struct port *p = sys.ports[i];
			for (unsigned k = 0; p && k < p->queue_pairs; k++)
				if (p->rxq[k].worker == &dp.workers[w])
					list->q[list->n++] = &p->rxq[k];
		}
		fh_store_release(&dp.workers[w].queues, list);
		worker_wake(&dp.workers[w]);
	}
	dp_grace();
	for (unsigned w = 0; w < dp.n_workers; w++)
		free(old[w]);
}

/* Takes the port's queues from the workers. */
static void take_queues(struct port *port)
{
	bool any = false;
	for (unsigned k = 0; k < DP_MAX_QUEUES; k++) {
		any |= port->rxq[k].worker != NULL;
		forget_kick(&port->rxq[k]);
	}
	if (any)
		ports_assign_queues();
}

static bool make_pool(struct port *port)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	unsigned polled_at_once = port->queue_pairs < dp.n_workers ? port->queue_pairs : dp.n_workers;
	if (port->pool)
		return true;
	snprintf(name, sizeof name, "port%u", sys.pools++);
	/* A stack: what was freed last is still in the cache. No per-core caches: they would be 1 MB a pool. */
	port->pool = rte_pktmbuf_pool_create_by_ops(name, POOL_SIZE * polled_at_once, 0, 0, POOL_DATA, SOCKET_ID_ANY, "stack");
	if (!port->pool)
		dp_log(LOG_ERR, "port %s: no memory for its packet buffers; raise --memory. The port stays down", port->socket_path);
	return port->pool != NULL;
}

static void handle(struct event *e)
{
	struct port *port = e->port;
	if (e->session != fh_load(&port->session)) {
		if (e->kick_fd >= 0)
			close(e->kick_fd);
		return;
	}
	if (e->queue < 0) {
		take_queues(port);
		if (fh_load_acquire(&port->vid) >= 0) {
			make_pool(port);
			port->next_ra_ns = 0;
		}
		return;
	}
	struct rxq *q = &port->rxq[e->queue];
	bool assigned = q->worker != NULL;
	forget_kick(q);
	q->kick_fd = e->kick_fd;
	if (assigned) {
		watch_kick(q);
		worker_wake(q->worker);
	}
}

void ports_handle_events(void)
{
	eventfd_t n;
	eventfd_read(sys.fd, &n);
	pthread_mutex_lock(&sys.lock);
	struct event *e = sys.first;
	sys.first = NULL;
	sys.last = &sys.first;
	pthread_mutex_unlock(&sys.lock);
	bool any = e;
	while (e) {
		struct event *next = e->next;
		handle(e);
		free(e);
		e = next;
	}
	if (any)
		ports_assign_queues();
	for (unsigned i = 0; i < sys.n_retired; i++) {
		if (!rte_mempool_full(sys.retired[i]))
			continue;
		rte_mempool_free(sys.retired[i]);
		sys.retired[i--] = sys.retired[--sys.n_retired];
	}
}

/* Events of a port that is about to be freed. */
static void purge_events(const struct port *port)
{
	pthread_mutex_lock(&sys.lock);
	for (struct event **at = &sys.first; *at;) {
		struct event *e = *at;
		if (e->port != port) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		if (e->kick_fd >= 0)
			close(e->kick_fd);
		free(e);
	}
	sys.last = &sys.first;
	while (*sys.last)
		sys.last = &(*sys.last)->next;
	pthread_mutex_unlock(&sys.lock);
}

/* --- connecting ---------------------------------------------------------------------------------------------------------- */
static bool register_socket(struct port *port)
{
	uint64_t flags = RTE_VHOST_USER_CLIENT | RTE_VHOST_USER_NO_RECONNECT | RTE_VHOST_USER_NET_COMPLIANT_OL_FLAGS;
	/* What QEMU needs for a NIC; not its requests about page faults, cryptography and notifiers. */
	uint64_t protocol = 1ull << VHOST_USER_PROTOCOL_F_MQ | 1ull << VHOST_USER_PROTOCOL_F_LOG_SHMFD | 1ull << VHOST_USER_PROTOCOL_F_RARP |
			    1ull << VHOST_USER_PROTOCOL_F_REPLY_ACK | 1ull << VHOST_USER_PROTOCOL_F_NET_MTU | 1ull << VHOST_USER_PROTOCOL_F_STATUS;
	uint64_t refused = 1ull << VIRTIO_NET_F_HOST_ECN | 1ull << VIRTIO_NET_F_GUEST_ECN | 1ull << VIRTIO_NET_F_HOST_UFO |
			   1ull << VIRTIO_NET_F_GUEST_UFO | 1ull << 34 /* VIRTIO_F_RING_PACKED: cannot be resumed */;
	if (rte_vhost_driver_register(port->socket_path, flags) != 0) {
		dp_log(LOG_ERR, "port %s: librte_vhost refuses the socket (used by another port?); trying again", port->socket_path);
		return false;
	}
	if (rte_vhost_driver_disable_features(port->socket_path, refused) != 0 ||
	    rte_vhost_driver_set_protocol_features(port->socket_path, protocol) != 0 ||
	    rte_vhost_driver_callback_register(port->socket_path, &ops) != 0) {
		rte_vhost_driver_unregister(port->socket_path);
		return false;
	}
	return true;
}

void port_register(struct port *port)
{
	if (port->registered)
		return;
	port->registered = true;
	port->started = false;
	port->next_start_ms = 0;
}

/* One that comes and goes all the time rests. */
static bool rests(struct port *port, uint64_t now)
{
	pthread_mutex_lock(&sys.lock);
	bool rests = now < port->rests_until_ms;
	if (!rests && now - port->connects_since_ms > CONNECTS_WINDOW_MS) {
		port->connects_since_ms = now;
		port->connects = 0;
	}
	bool tired = !rests && port->connects >= CONNECTS_MAX;
	if (tired) {
		port->rests_until_ms = now + REST_MS;
		port->connects = 0;
	}
	pthread_mutex_unlock(&sys.lock);
	if (tired)
		dp_log(LOG_ERR, "port %s: its front end connected and left %u times; it is looked for again in %u s", port->socket_path, CONNECTS_MAX,
		       REST_MS / 1000);
	return rests || tired;
}

static bool connect_to_front_end(struct port *port)
{
	if (!register_socket(port))
		return false;
	fh_store(&port->ended, 0);
	front_end_connects();
	bool started = rte_vhost_driver_start(port->socket_path) == 0;
	front_end_connected();
	/* When it has no room for a device, it closes the socket without a word. */
	if (started && (fh_load_acquire(&port->connected) || fh_load_acquire(&port->ended)))
		return true;
	rte_vhost_driver_unregister(port->socket_path);
	return false;
}

static bool is_socket(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* The connection has ended: the socket is of no use any more. */
static void give_back(struct port *port, uint64_t now)
{
	rte_vhost_driver_unregister(port->socket_path);
	port->started = false;
	port->next_start_ms = now;
}

int ports_start_due(void)
{
	uint64_t now = dp_boot_ms();
	int wait = -1;
	for (unsigned i = 0; i < DP_MAX_PORTS; i++) {
		struct port *p = sys.ports[i];
		if (!p || !p->registered)
			continue;
		if (p->started && fh_load_acquire(&p->ended))
			give_back(p, now);
		if (!p->started && now >= p->next_start_ms) {
			bool there = is_socket(p->socket_path);
			p->next_start_ms = now + (there ? CONNECT_RETRY_MS : START_RETRY_MS);
			p->started = there && !rests(p, now) && connect_to_front_end(p);
		}
		int left = (int)(p->next_start_ms - now);
		if (!p->started && (wait < 0 || left < wait))
			wait = left;
	}
	return wait;
}

static void set_leaving(struct port *port, bool leaving)
{
	pthread_mutex_lock(&sys.lock);
	port->leaving = leaving;
	pthread_mutex_unlock(&sys.lock);
}

void port_unregister(struct port *port)
{
	if (!port->registered)
		return;
	set_leaving(port, true);
	/* librte_vhost holds its lock while it unregisters. A worker may wait for a ring of another port that librte_vhost's thread has locked,
	 * and that thread for this lock: so the workers are waited for before. */
	fh_store_release(&port->vid, -1);
	dp_grace();
	untouched = true;
	if (port->started)
		rte_vhost_driver_unregister(port->socket_path);
	untouched = false;
	/* It ends a connection without telling destroy_connection(). */
	for (unsigned vid = 0; vid < RTE_MAX_VHOST_DEVICE; vid++)
		if (fh_load(&sys.by_vid[vid]) == port)
			fh_store_release(&sys.by_vid[vid], NULL);
	port->registered = port->started = false;
	fh_store(&port->rx_rings, 0);
	fh_store_release(&port->vid, -1);
	fh_store(&port->connected, 0);
	set_leaving(port, false);
	take_queues(port);
}

enum fh_port_state port_state(const struct port *port)
{
	if (fh_load_acquire(&port->vid) >= 0 && port->pool)
		return FH_PORT_UP;
	return fh_load(&port->connected) ? FH_PORT_CONNECTED : FH_PORT_CONNECTING;
}

uint32_t port_workers(const struct port *port)
{
	uint32_t workers = 0;
	for (unsigned k = 0; k < port->queue_pairs; k++)
		if (port->rxq[k].worker)
			workers |= 1u << port->rxq[k].worker->id;
	return workers;
}

/* --- what front_end.c asks and tells ------------------------------------------------------------------------------------- */
void port_connected_to(const char *path, uint32_t pid)
{
	pthread_mutex_lock(&sys.lock);
	struct port *port = port_at(path);
	if (port) {
		port->connects++;
		fh_store(&port->front_end_pid, pid);
	}
	pthread_mutex_unlock(&sys.lock);
}

unsigned port_rings(const char *path)
{
	pthread_mutex_lock(&sys.lock);
	struct port *port = port_at(path);
	unsigned rings = port && !port->leaving && dp_boot_ms() >= port->rests_until_ms ? port->queue_pairs * 2u : 0;
	pthread_mutex_unlock(&sys.lock);
	return rings;
}

void port_refused(const char *path, uint32_t request, const char *fault)
{
	uint64_t now = dp_boot_ms();
	pthread_mutex_lock(&sys.lock);
	struct port *port = port_at(path);
	bool tell = port && now >= port->refused_log_ms;
	if (tell)
		port->refused_log_ms = now + REFUSED_LOG_MS;
	pthread_mutex_unlock(&sys.lock);
	if (tell)
		dp_log(LOG_ERR, "port %s: its front end sent message %u with something wrong: %s; disconnected", path, request, fault);
}

static bool tells_through(const struct port *port, int call_fd)
{
	struct rte_vhost_vring vring;
	int vid = fh_load_acquire(&port->vid);
	for (uint16_t ring = 0; vid >= 0 && ring < port->queue_pairs * 2; ring++)
		if (rte_vhost_get_vhost_vring(vid, ring, &vring) == 0 && vring.callfd == call_fd)
			return true;
	return false;
}

void port_blocked_worker(int call_fd)
{
	char path[FH_MAX_PATH] = "";
	pthread_mutex_lock(&sys.lock);
	for (unsigned i = 0; i < DP_MAX_PORTS && !path[0]; i++) {
		struct port *p = sys.ports[i];
		if (!p || !tells_through(p, call_fd))
			continue;
		p->rests_until_ms = dp_boot_ms() + BLOCKED_REST_MS;
		memcpy(path, p->socket_path, sizeof path);
	}
	pthread_mutex_unlock(&sys.lock);
	dp_log(LOG_ERR, "port %s: its front end made a worker wait; it is told of no more packets and must not connect again for %u s", path,
	       BLOCKED_REST_MS / 1000);
}

void port_adopt(struct port *port, const struct fh_port *spec)
{
	bool moved = strcmp(port->socket_path, spec->socket_path) != 0 || port->queue_pairs != spec->queue_pairs;
	port_table_adopt(port, spec);
	traffic_adopt(port, spec->incarnation);
	if (!moved)
		return;
	port_unregister(port);
	memcpy(port->socket_path, spec->socket_path, sizeof port->socket_path);
	port->queue_pairs = spec->queue_pairs;
	port_register(port);
}

/* --- life cycle -------------------------------------------------------------------------------------------------------------- */
static int free_slot(void)
{
	for (unsigned i = 0; i < DP_MAX_PORTS; i++)
		if (!sys.ports[i])
			return (int)i;
	return -1;
}

int port_new(const struct fh_port *spec, struct port **out)
{
	int rc = FH_ENOMEM, slot = free_slot();
	bool made;
	if (slot < 0)
		return FH_ELIMIT;
	struct port *p = calloc(1, sizeof *p);
	if (!p)
		return FH_ENOMEM;
	p->counters = aligned_alloc(FH_CACHE_LINE, (dp.n_workers + 1) * sizeof p->counters[0]);
	p->frag[FH_EGRESS] = fh_frag_new();
	p->frag[FH_INGRESS] = fh_frag_new();
	if (!p->counters || !p->frag[0] || !p->frag[1])
		goto fail;
	memset(p->counters, 0, (dp.n_workers + 1) * sizeof p->counters[0]);
	p->id = spec->id;
	p->incarnation = spec->incarnation;
	p->slot = (uint32_t)slot;
	p->vid = -1;
	p->queue_pairs = spec->queue_pairs;
	memcpy(p->socket_path, spec->socket_path, sizeof p->socket_path);
	rte_spinlock_init(&p->frag_lock[0]);
	rte_spinlock_init(&p->frag_lock[1]);
	for (unsigned k = 0; k < DP_MAX_QUEUES; k++)
		p->rxq[k] = (struct rxq){ .port = p, .index = (uint16_t)k, .id = p->slot * DP_MAX_QUEUES + k, .kick_fd = -1 };
	if ((rc = port_table_open(p, spec, &made)) != FH_OK)
		goto fail;
	if ((rc = traffic_open(p, spec->incarnation)) != FH_OK) {
		port_table_close(p, made);
		goto fail;
	}
	for (unsigned k = 0; k < DP_MAX_QUEUES; k++)
		fh_store_release(&dp.rxqs[p->rxq[k].id], &p->rxq[k]);
	pthread_mutex_lock(&sys.lock);
	sys.ports[p->slot] = p;
	pthread_mutex_unlock(&sys.lock);
	*out = p;
	return FH_OK;
fail:
	fh_frag_free(p->frag[0], NULL, NULL);
	fh_frag_free(p->frag[1], NULL, NULL);
	free(p->counters);
	free(p);
	return rc;
}

static void free_held(void *arg, void *cookie)
{
	(void)arg;
	rte_pktmbuf_free(cookie);
}

void port_free(struct port *port, bool forget)
{
	port_unregister(port);
	pthread_mutex_lock(&sys.lock);
	sys.ports[port->slot] = NULL;
	pthread_mutex_unlock(&sys.lock);
	for (unsigned k = 0; k < DP_MAX_QUEUES; k++)
		fh_store_release(&dp.rxqs[port->rxq[k].id], NULL);
	dp_grace();
	purge_events(port);
	fh_frag_free(port->frag[0], free_held, NULL);
	fh_frag_free(port->frag[1], free_held, NULL);
	traffic_close(port, forget);
	port_table_close(port, forget);
	if (port->pool) {
		if (rte_mempool_full(port->pool))
			rte_mempool_free(port->pool);
		else
			sys.retired[sys.n_retired++] = port->pool;
	}
	free(port->counters);
	free(port);
}

#define STARVED_LOG_MS 60000

void ports_tell_starved(void)
{
	static uint64_t next_ms;
	uint64_t now = dp_boot_ms();
	unsigned n = 0;
	if (now < next_ms)
		return;
	for (unsigned i = 0; i < DP_MAX_PORTS; i++)
		n += sys.ports[i] && fh_ct_take_starved(sys.ports[i]->ct);
	next_ms = now + (n ? STARVED_LOG_MS : 1000);
	if (n)
		dp_log(LOG_ERR, "the file system of %s is full: %u ports had no room for new connections; free some space", dp.state_dir, n);
}

bool port_system_init(void)
{
	sys.last = &sys.first;
	sys.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return sys.fd >= 0;
}

int port_event_fd(void)
{
	return sys.fd;
}
