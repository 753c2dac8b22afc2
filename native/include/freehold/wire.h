/*
 * What libfreeholdctl and the dataplane say to each other over the control socket.
 *
 * Theory of operation
 * -------------------
 * A Unix SEQPACKET connection; both ends are on one machine, so integers are in host byte order. One request, one
 * answer with the same request number. A message is a header and a payload. A payload longer than FH_WIRE_INLINE comes
 * in a memfd sealed against writing, growing and shrinking, attached to the header; one that is not sealed is refused.
 * Answers are always inline.
 *
 * A transaction is fh_wire_txn followed by records, each 8-byte aligned and carrying its own length. Record bodies grow
 * only at the end, like the public structures: a reader takes what it knows and treats what is missing as zero.
 * The same bytes are the dataplane's journal on disk.
 *
 * Not part of the public ABI: only libfreeholdctl and the dataplane include this.
 */
#ifndef FREEHOLD_WIRE_H
#define FREEHOLD_WIRE_H

#include "ctl.h"

#define FH_WIRE_MAGIC 0x31434846u /* "FHC1" */
#define FH_WIRE_VERSION 1u
#define FH_WIRE_INLINE 32768u
#define FH_WIRE_MAX_PAYLOAD (64u << 20)
#define FH_WIRE_MAX_REPLY 65536u

enum fh_wire_type {
	FH_WIRE_INFO = 1,
	FH_WIRE_COMMIT = 2,
	FH_WIRE_OBJECTS = 3,
	FH_WIRE_PORTS = 4,
	FH_WIRE_RULE_HITS = 5,
	FH_WIRE_CONNECTIONS = 6,  /* fh_wire_port_page */
	FH_WIRE_KILL = 7,         /* fh_wire_kill -> uint32_t */
	FH_WIRE_TEST_PACKET = 8,  /* fh_wire_test -> fh_packet_verdict */
	FH_WIRE_DROP_EVENTS = 9,  /* fh_wire_page */
	FH_WIRE_PREVIEW = 10,     /* as a commit -> uint64_t, fh_commit_result */
	FH_WIRE_EXPORT = 11,      /* fh_wire_port_page, cursor and since; elements are bytes */
	FH_WIRE_IMPORT = 12,      /* fh_id, records -> fh_wire_imported */
	FH_WIRE_PIN_WORKER = 13,  /* fh_wire_pin */
	FH_WIRE_UPLINKS = 14,     /* fh_wire_page */
	FH_WIRE_FLOWS = 15,       /* fh_wire_flows -> fh_flow_stream, fh_wire_page */
};
#define FH_WIRE_REPLY 0x8000u

#define FH_WIRE_MEMFD 1u

struct fh_wire_header {
	uint32_t magic;
	uint16_t version;
	uint16_t type; /* enum fh_wire_type, | FH_WIRE_REPLY in answers */
	uint32_t request;
	uint32_t flags; /* FH_WIRE_MEMFD */
	uint64_t payload_len;
	int32_t result; /* answers: enum fh_result */
	uint32_t pad;
};

#define FH_WIRE_TXN_REPLACE_ALL 1u
#define FH_WIRE_TXN_MARK 2u

struct fh_wire_txn {
	uint32_t flags; /* FH_WIRE_TXN_* */
	uint32_t n_records;
	struct fh_id mark_epoch;
	uint64_t mark_revision;
};

#define FH_WIRE_LAST_KIND FH_KIND_REMOTE_PORT

enum fh_wire_op { FH_WIRE_PUT = 1, FH_WIRE_REMOVE = 2, FH_WIRE_CHANGE = 3 };

struct fh_wire_record {
	uint32_t len; /* of this header and the body, a multiple of 8 */
	uint16_t op;
	uint16_t kind; /* enum fh_kind */
};

/* Bodies: FH_WIRE_REMOVE a struct fh_id; a put set or group, or a change, one of these; any other put the public structure. the others these. */
struct fh_wire_group {
	struct fh_id id;
	uint64_t generation;
	uint32_t flags;
	uint32_t n_rules;
	uint32_t rule_size;
	uint32_t pad;
	struct fh_id tenant;
	/* rules follow, rule_size apart */
};

struct fh_wire_set {
	struct fh_id id;
	uint64_t generation;
	uint32_t n_members;
	uint32_t pad;
	struct fh_id tenant;
	/* struct fh_addr members follow */
};

struct fh_wire_change {
	struct fh_id id;
	uint64_t base;
	uint64_t generation;
	uint32_t n_add;
	uint32_t n_remove;
	/* struct fh_addr to add follow, then those to remove */
};

struct fh_wire_page {
	uint64_t cursor;
	uint32_t count;        /* request: capacity; answer: entries that follow */
	uint32_t element_size; /* request: what the caller has room for; answer: the stride of what follows */
};

struct fh_wire_port_page {
	struct fh_wire_page page;
	struct fh_id port;
	uint64_t since_ns;
};

struct fh_wire_flows {
	struct fh_wire_page page;
	uint64_t epoch, taken;
};

struct fh_wire_kill {
	struct fh_id port;
	uint32_t all;
	uint32_t pad;
	struct fh_connection which;
};

struct fh_wire_test {
	struct fh_id port;
	struct fh_packet packet;
};

struct fh_wire_imported {
	uint32_t imported, refused;
};

struct fh_wire_pin {
	uint32_t worker, core;
};

#endif
