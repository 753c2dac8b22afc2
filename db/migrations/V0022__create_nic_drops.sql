-- What NICs dropped in the last hour, equal ones together: for people who look for the reason. Unlogged and without
-- foreign keys, like the questions to hosts: losing it loses nothing that somebody relies on, and a flood stays cheap.
CREATE UNLOGGED TABLE nic_drop (
    tenant_id  uuid NOT NULL,
    nic_id     uuid NOT NULL,
    ingress    boolean NOT NULL,
    reason     text NOT NULL CHECK (reason ~ '^[a-z0-9-]{1,40}$'),
    rule_id    uuid,
    protocol   smallint CHECK (protocol BETWEEN 0 AND 255),
    remote     inet,
    local      inet,
    port       integer CHECK (port BETWEEN 0 AND 65535),
    packets    bigint NOT NULL CHECK (packets > 0),
    first_at   timestamptz NOT NULL,
    last_at    timestamptz NOT NULL,
    UNIQUE NULLS NOT DISTINCT (nic_id, ingress, reason, rule_id, protocol, remote, local, port)
);
CREATE INDEX nic_drop_tenant_idx ON nic_drop (tenant_id, last_at DESC);
CREATE INDEX nic_drop_nic_idx ON nic_drop (nic_id, last_at DESC);
CREATE INDEX nic_drop_age_idx ON nic_drop (last_at);

ALTER TABLE nic_drop ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON nic_drop TO freehold_portal USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());
CREATE POLICY system_all ON nic_drop TO freehold_system USING (true) WITH CHECK (true);
GRANT SELECT ON nic_drop TO freehold_portal;
GRANT SELECT, INSERT, UPDATE, DELETE ON nic_drop TO freehold_system;

-- All drops by reason since the NIC's dataplane started; the sum is nic_status.drops.
ALTER TABLE nic_status ADD COLUMN drop_reasons jsonb NOT NULL DEFAULT '{}';
