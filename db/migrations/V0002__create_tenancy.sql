CREATE TABLE tenant (
    id          uuid PRIMARY KEY,
    slug        text NOT NULL UNIQUE CHECK (slug ~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$'),
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    time_zone   text NOT NULL DEFAULT 'UTC',
    created_at  timestamptz NOT NULL
);

-- A person. Not a tenant's data: one may be a member of several.
CREATE TABLE account (
    id             uuid PRIMARY KEY,
    email          text NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
    display_name   text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 100),
    password_hash  text,
    disabled       boolean NOT NULL DEFAULT false,
    created_at     timestamptz NOT NULL
);
CREATE UNIQUE INDEX account_email_idx ON account (email);

CREATE TABLE member (
    tenant_id   uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
    account_id  uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    role        text NOT NULL CHECK (role IN ('OWNER', 'ADMIN', 'OPERATOR', 'VIEWER')),
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, account_id)
);
CREATE INDEX member_account_idx ON member (account_id);

CREATE TABLE quota (
    tenant_id    uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
    resource     text NOT NULL CHECK (resource IN ('VMS', 'VCPUS', 'MEMORY_MIB', 'VOLUME_GIB', 'SECURITY_GROUPS',
                                                   'RULES_PER_GROUP', 'ADDRESS_GROUPS', 'CONNECTIONS_PER_NIC')),
    limit_value  bigint NOT NULL CHECK (limit_value >= 0),
    PRIMARY KEY (tenant_id, resource)
);
