CREATE TABLE operation (
    id               uuid PRIMARY KEY,
    tenant_id        uuid NOT NULL REFERENCES tenant,
    kind             text NOT NULL,
    target_kind      text NOT NULL,
    target_id        uuid NOT NULL,
    target_name      text NOT NULL,
    host_id          uuid REFERENCES host,
    state            text NOT NULL CHECK (state IN ('QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED')),
    percent          integer NOT NULL DEFAULT 0 CHECK (percent BETWEEN 0 AND 100),
    step             text NOT NULL DEFAULT '',
    arguments        jsonb NOT NULL DEFAULT '{}',
    error_code       text,
    error_message    text,
    requested_by     uuid,
    requested_by_name  text NOT NULL,
    idempotency_key  text,
    deadline         timestamptz NOT NULL,
    heartbeat_at     timestamptz,
    created_at       timestamptz NOT NULL,
    started_at       timestamptz,
    finished_at      timestamptz,
    CHECK ((state = 'FAILED') = (error_code IS NOT NULL)),
    CHECK ((finished_at IS NOT NULL) = (state IN ('DONE', 'FAILED', 'CANCELLED'))),
    UNIQUE (tenant_id, idempotency_key)
);
CREATE INDEX operation_tenant_idx ON operation (tenant_id, id DESC);
CREATE INDEX operation_target_idx ON operation (target_id, id DESC);
CREATE INDEX operation_open_idx ON operation (host_id) WHERE state IN ('QUEUED', 'RUNNING');
