CREATE TABLE security_group (
    id              uuid PRIMARY KEY,
    tenant_id       uuid NOT NULL REFERENCES tenant,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 63),
    description     text NOT NULL DEFAULT '' CHECK (length(description) <= 500),
    egress_default  text NOT NULL DEFAULT 'ALLOW' CHECK (egress_default IN ('ALLOW', 'DROP')),
    -- The rule set's version: each applied change set is one.
    version         bigint NOT NULL DEFAULT 1,
    -- Commit-confirm: until then the version waits for confirmation, else the host and the portal go back to fallback.
    confirm_until      timestamptz,
    fallback_version   bigint,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CHECK ((confirm_until IS NULL) = (fallback_version IS NULL)),
    UNIQUE (tenant_id, name),
    UNIQUE (tenant_id, id)
);

CREATE TABLE address_group (
    id           uuid PRIMARY KEY,
    tenant_id    uuid NOT NULL REFERENCES tenant,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 63),
    description  text NOT NULL DEFAULT '' CHECK (length(description) <= 500),
    version      bigint NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    UNIQUE (tenant_id, name),
    UNIQUE (tenant_id, id)
);

CREATE TABLE address_group_entry (
    tenant_id    uuid NOT NULL,
    group_id     uuid NOT NULL,
    prefix       cidr NOT NULL,
    description  text NOT NULL DEFAULT '' CHECK (length(description) <= 200),
    PRIMARY KEY (group_id, prefix),
    FOREIGN KEY (tenant_id, group_id) REFERENCES address_group (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE rule (
    id           uuid PRIMARY KEY,
    tenant_id    uuid NOT NULL,
    group_id     uuid NOT NULL,
    position     integer NOT NULL,
    direction    text NOT NULL CHECK (direction IN ('INGRESS', 'EGRESS')),
    ethertype    text NOT NULL CHECK (ethertype IN ('ANY', 'IPV4', 'IPV6')),
    protocol     smallint CHECK (protocol BETWEEN 0 AND 255),
    port_min     integer CHECK (port_min BETWEEN 0 AND 65535),
    port_max     integer CHECK (port_max BETWEEN port_min AND 65535),
    icmp_type    smallint CHECK (icmp_type BETWEEN 0 AND 255),
    icmp_code    smallint CHECK (icmp_code BETWEEN 0 AND 255),
    remote_prefix            cidr,
    remote_group_id          uuid,
    remote_address_group_id  uuid,
    action       text NOT NULL CHECK (action IN ('ALLOW', 'DROP')),
    description  text NOT NULL DEFAULT '' CHECK (length(description) <= 200),
    enabled      boolean NOT NULL DEFAULT true,
    log          boolean NOT NULL DEFAULT false,
    expires_at   timestamptz,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    CHECK (num_nonnulls(remote_prefix, remote_group_id, remote_address_group_id) <= 1),
    CHECK ((port_min IS NULL) = (port_max IS NULL)),
    CHECK (port_min IS NULL OR protocol IN (6, 17, 33, 132, 136)),
    CHECK (icmp_type IS NULL OR protocol IN (1, 58)),
    CHECK (icmp_code IS NULL OR icmp_type IS NOT NULL),
    FOREIGN KEY (tenant_id, group_id) REFERENCES security_group (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, remote_group_id) REFERENCES security_group (tenant_id, id),
    FOREIGN KEY (tenant_id, remote_address_group_id) REFERENCES address_group (tenant_id, id),
    UNIQUE (group_id, position) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX rule_remote_group_idx ON rule (remote_group_id) WHERE remote_group_id IS NOT NULL;
CREATE INDEX rule_remote_address_group_idx ON rule (remote_address_group_id) WHERE remote_address_group_id IS NOT NULL;

-- Each version as it was applied, whole, for history and rollback.
CREATE TABLE ruleset_revision (
    tenant_id       uuid NOT NULL,
    group_id        uuid NOT NULL,
    version         bigint NOT NULL,
    egress_default  text NOT NULL,
    rules           jsonb NOT NULL,
    summary         text NOT NULL,
    author_id       uuid,
    author_name     text NOT NULL,
    created_at      timestamptz NOT NULL,
    confirmed_at    timestamptz,
    reverted_at     timestamptz,
    PRIMARY KEY (group_id, version),
    FOREIGN KEY (tenant_id, group_id) REFERENCES security_group (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE nic_security_group (
    tenant_id  uuid NOT NULL,
    nic_id     uuid NOT NULL,
    group_id   uuid NOT NULL,
    position   integer NOT NULL DEFAULT 0,
    PRIMARY KEY (nic_id, group_id),
    FOREIGN KEY (tenant_id, nic_id) REFERENCES nic (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, group_id) REFERENCES security_group (tenant_id, id)
);
CREATE INDEX nic_security_group_group_idx ON nic_security_group (group_id);

-- Cumulative within a counter epoch; what a tenant sees is the sum over hosts and epochs. rule_id outlives its rule.
CREATE TABLE rule_hits (
    rule_id        uuid NOT NULL,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    host_id        uuid NOT NULL REFERENCES host,
    counter_epoch  numeric(20) NOT NULL,
    connections    bigint NOT NULL,
    packets        bigint NOT NULL,
    bytes          bigint NOT NULL,
    last_hit_at    timestamptz,
    PRIMARY KEY (rule_id, host_id, counter_epoch)
);
