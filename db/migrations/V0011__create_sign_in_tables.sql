-- Web sessions, in the form that Spring Session expects. Only the system role reaches them: a query that runs for a tenant
-- can never read anybody's session.
CREATE TABLE spring_session (
    primary_id             char(36) PRIMARY KEY,
    session_id             char(36) NOT NULL UNIQUE,
    creation_time          bigint NOT NULL,
    last_access_time       bigint NOT NULL,
    max_inactive_interval  int NOT NULL,
    expiry_time            bigint NOT NULL,
    principal_name         varchar(100)
);
CREATE INDEX spring_session_expiry_idx ON spring_session (expiry_time);
CREATE INDEX spring_session_principal_idx ON spring_session (principal_name);

CREATE TABLE spring_session_attributes (
    session_primary_id  char(36) NOT NULL REFERENCES spring_session ON DELETE CASCADE,
    attribute_name      varchar(200) NOT NULL,
    attribute_bytes     bytea NOT NULL,
    PRIMARY KEY (session_primary_id, attribute_name)
);

-- Leaky buckets: level is how full the bucket was at that time; it drains by itself. Shared by all portals.
CREATE TABLE throttle_bucket (
    key    text PRIMARY KEY CHECK (length(key) <= 200),
    level  double precision NOT NULL,
    at     timestamptz NOT NULL
);
CREATE INDEX throttle_bucket_at_idx ON throttle_bucket (at);

-- A link that lets its bearer set a password once. Only a hash of its secret is kept.
CREATE TABLE sign_in_link (
    id           uuid PRIMARY KEY,
    account_id   uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    secret_hash  bytea NOT NULL UNIQUE,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    used_at      timestamptz
);
CREATE INDEX sign_in_link_account_idx ON sign_in_link (account_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON spring_session, spring_session_attributes, throttle_bucket, sign_in_link TO freehold_system;
