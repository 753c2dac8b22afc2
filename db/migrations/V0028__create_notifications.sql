CREATE TABLE notification (
    id          uuid PRIMARY KEY,
    tenant_id   uuid NOT NULL REFERENCES tenant,
    kind        text NOT NULL,
    title       text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    message     text NOT NULL CHECK (length(message) <= 1000),
    path        text CHECK (path LIKE '/%' AND length(path) <= 200),     -- below the tenant's pages
    -- The same thing is said once.
    said_once   text CHECK (length(said_once) <= 200),
    created_at  timestamptz NOT NULL,
    UNIQUE (tenant_id, said_once),
    UNIQUE (tenant_id, id)
);
CREATE INDEX notification_tenant_idx ON notification (tenant_id, id DESC);

-- Up to where a member has read.
CREATE TABLE notification_seen (
    tenant_id   uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
    account_id  uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    seen_until  uuid NOT NULL,
    PRIMARY KEY (tenant_id, account_id)
);

-- E-mail goes to members alone, so that nobody sends through here to strangers.
CREATE TABLE notification_channel (
    id          uuid PRIMARY KEY,
    tenant_id   uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
    kind        text NOT NULL CHECK (kind IN ('EMAIL', 'WEBHOOK')),
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 63),
    enabled     boolean NOT NULL DEFAULT true,
    kinds       text[] NOT NULL DEFAULT '{}',        -- empty: all
    account_id  uuid,
    url         text CHECK (length(url) <= 500),
    secret      bytea,
    wrapped_by  text,
    created_at  timestamptz NOT NULL,
    version     bigint NOT NULL DEFAULT 0,
    FOREIGN KEY (tenant_id, account_id) REFERENCES member (tenant_id, account_id) ON DELETE CASCADE,
    CHECK ((kind = 'EMAIL') = (account_id IS NOT NULL)),
    CHECK ((kind = 'WEBHOOK') = (num_nonnulls(url, secret, wrapped_by) = 3)),
    UNIQUE (tenant_id, name),
    UNIQUE (tenant_id, id)
);

CREATE TABLE notification_delivery (
    id               uuid PRIMARY KEY,
    tenant_id        uuid NOT NULL,
    channel_id       uuid NOT NULL,
    notification_id  uuid NOT NULL,
    state            text NOT NULL CHECK (state IN ('WAITING', 'SENDING', 'DELIVERED', 'FAILED')),
    attempts         integer NOT NULL DEFAULT 0,
    next_attempt_at  timestamptz NOT NULL,
    leased_until     timestamptz,
    status_code      integer,
    error            text CHECK (length(error) <= 500),
    answer           text CHECK (length(answer) <= 1000),
    took_millis      bigint,
    created_at       timestamptz NOT NULL,
    finished_at      timestamptz,
    FOREIGN KEY (tenant_id, channel_id) REFERENCES notification_channel (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, notification_id) REFERENCES notification (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX notification_delivery_due_idx ON notification_delivery (next_attempt_at) WHERE state IN ('WAITING', 'SENDING');
CREATE INDEX notification_delivery_channel_idx ON notification_delivery (tenant_id, channel_id, id DESC);
CREATE INDEX notification_delivery_notification_idx ON notification_delivery (notification_id);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['notification', 'notification_seen', 'notification_channel', 'notification_delivery']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant_only ON %I TO freehold_portal USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant())', t);
        EXECUTE format('CREATE POLICY system_all ON %I TO freehold_system USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;

GRANT SELECT, INSERT ON notification TO freehold_portal;
GRANT SELECT, INSERT, UPDATE ON notification_seen TO freehold_portal;
GRANT SELECT (id, tenant_id, kind, name, enabled, kinds, account_id, url, created_at, version), INSERT, UPDATE, DELETE
    ON notification_channel TO freehold_portal;
GRANT SELECT, INSERT ON notification_delivery TO freehold_portal;
GRANT SELECT, INSERT, UPDATE, DELETE ON notification, notification_seen, notification_channel, notification_delivery TO freehold_system;
