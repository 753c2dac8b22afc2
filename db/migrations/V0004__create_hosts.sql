CREATE TABLE host (
    id                uuid PRIMARY KEY,
    name              text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$'),
    enrolled_at       timestamptz,
    -- Revisions count what a host is told; the epoch changes when they start anew (a restored database).
    epoch             uuid NOT NULL,
    desired_revision  bigint NOT NULL DEFAULT 0,
    applied_revision  bigint NOT NULL DEFAULT 0,
    applied_at        timestamptz,
    last_seen_at      timestamptz,
    agent_boot        uuid,
    report_sequence   bigint NOT NULL DEFAULT 0,
    facts             jsonb,
    capacity_vcpus       integer NOT NULL DEFAULT 0,
    capacity_memory_mib  bigint NOT NULL DEFAULT 0
);

CREATE TABLE host_enrolment_token (
    token_hash  bytea PRIMARY KEY,
    host_name   text NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz
);

CREATE TABLE host_certificate (
    serial      numeric PRIMARY KEY,
    host_id     uuid NOT NULL REFERENCES host,
    sha256      bytea NOT NULL UNIQUE,
    not_before  timestamptz NOT NULL,
    not_after   timestamptz NOT NULL,
    revoked_at  timestamptz
);
CREATE INDEX host_certificate_host_idx ON host_certificate (host_id);

-- Which objects a host is told of, and at which of its revisions each last changed.
CREATE TABLE host_object (
    host_id    uuid NOT NULL REFERENCES host,
    kind       text NOT NULL CHECK (kind IN ('VM', 'NIC', 'NETWORK', 'SECURITY_GROUP', 'ADDRESS_GROUP', 'GROUP_MEMBERS')),
    object_id  uuid NOT NULL,
    tenant_id  uuid NOT NULL REFERENCES tenant,
    revision   bigint NOT NULL,
    removed    boolean NOT NULL DEFAULT false,
    PRIMARY KEY (host_id, kind, object_id)
);
CREATE INDEX host_object_revision_idx ON host_object (host_id, revision);
CREATE INDEX host_object_object_idx ON host_object (object_id, kind);

-- When each revision was committed and when the host had applied it: "enforced in N ms". Pruned after a day.
CREATE TABLE enforcement (
    host_id       uuid NOT NULL REFERENCES host,
    revision      bigint NOT NULL,
    committed_at  timestamptz NOT NULL,
    applied_at    timestamptz,
    PRIMARY KEY (host_id, revision)
);
CREATE INDEX enforcement_open_idx ON enforcement (host_id, revision) WHERE applied_at IS NULL;
