-- Append-only and hash-chained per tenant: hash = sha256(previous hash || canonical text of this event).
CREATE TABLE audit_event (
    tenant_id      uuid NOT NULL REFERENCES tenant,
    sequence       bigint NOT NULL,
    id             uuid NOT NULL UNIQUE,
    at             timestamptz NOT NULL,
    actor_kind     text NOT NULL CHECK (actor_kind IN ('MEMBER', 'HOST', 'SYSTEM', 'PROVIDER')),
    actor_id       uuid,
    actor_name     text NOT NULL,
    action         text NOT NULL,
    target_kind    text NOT NULL,
    target_id      uuid,
    target_name    text NOT NULL,
    before         jsonb,
    after          jsonb,
    request_id     uuid,
    source_ip      inet,
    previous_hash  bytea NOT NULL,
    hash           bytea NOT NULL,
    PRIMARY KEY (tenant_id, sequence)
);
CREATE INDEX audit_event_target_idx ON audit_event (tenant_id, target_id, sequence);

CREATE TABLE audit_chain (
    tenant_id  uuid PRIMARY KEY REFERENCES tenant,
    sequence   bigint NOT NULL,
    hash       bytea NOT NULL
);

-- What concerns the provider and no tenant (hosts' certificates, refused agents).
CREATE TABLE provider_audit_event (
    id           uuid PRIMARY KEY,
    at           timestamptz NOT NULL,
    action       text NOT NULL,
    target_kind  text NOT NULL,
    target_name  text NOT NULL,
    detail       jsonb NOT NULL,
    source_ip    inet
);
CREATE INDEX provider_audit_event_at_idx ON provider_audit_event (at);
