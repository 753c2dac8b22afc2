-- Connections of NICs that are over, or have lasted another five minutes, as hosts tell them: kept for a week, and so many
-- of each tenant. Without foreign keys, like drops: a NIC that goes leaves its log to the age.
CREATE TABLE flow_record (
    host_id           uuid NOT NULL,
    epoch             bigint NOT NULL,
    sequence          bigint NOT NULL,
    tenant_id         uuid NOT NULL,
    nic_id            uuid NOT NULL,
    ingress           boolean NOT NULL,
    ending            text NOT NULL CHECK (ending IN ('IDLE', 'ACTIVE', 'ENDED', 'FORCED', 'RESOURCES')),
    revoked           boolean NOT NULL,
    protocol          smallint NOT NULL CHECK (protocol BETWEEN 0 AND 255),
    remote            inet NOT NULL,
    remote_port       integer NOT NULL CHECK (remote_port BETWEEN 0 AND 65535),
    local             inet NOT NULL,
    local_port        integer NOT NULL CHECK (local_port BETWEEN 0 AND 65535),
    public_address    inet,
    public_port       integer CHECK (public_port BETWEEN 0 AND 65535),
    state             text NOT NULL CHECK (state ~ '^[a-z0-9-]{1,40}$'),
    rule_id           uuid,
    received_packets  bigint NOT NULL CHECK (received_packets >= 0),
    received_bytes    bigint NOT NULL CHECK (received_bytes >= 0),
    sent_packets      bigint NOT NULL CHECK (sent_packets >= 0),
    sent_bytes        bigint NOT NULL CHECK (sent_bytes >= 0),
    first_at          timestamptz NOT NULL,
    last_at           timestamptz NOT NULL CHECK (last_at >= first_at),
    PRIMARY KEY (host_id, epoch, sequence)
);
CREATE INDEX flow_record_nic_idx ON flow_record (nic_id, last_at DESC, sequence DESC);
CREATE INDEX flow_record_tenant_idx ON flow_record (tenant_id, last_at DESC);
CREATE INDEX flow_record_age_idx ON flow_record (last_at);
CREATE INDEX flow_record_open_idx ON flow_record (nic_id, local_port, remote_port) WHERE ending = 'ACTIVE';

-- How far each host's records are stored: what it sends again is passed over, also when the rows are gone meanwhile.
CREATE TABLE flow_stream (
    host_id   uuid PRIMARY KEY REFERENCES host ON DELETE CASCADE,
    epoch     bigint NOT NULL,
    sequence  bigint NOT NULL,
    lost      bigint NOT NULL
);

-- What each NIC carried a day (UTC), by what its routing decided, in frames.
CREATE TABLE nic_traffic_day (
    tenant_id         uuid NOT NULL,
    nic_id            uuid NOT NULL,
    day               date NOT NULL,
    kind              text NOT NULL CHECK (kind IN ('NETWORK', 'ROUTED', 'EXTERNAL')),
    received_packets  bigint NOT NULL,
    received_bytes    bigint NOT NULL,
    sent_packets      bigint NOT NULL,
    sent_bytes        bigint NOT NULL,
    PRIMARY KEY (nic_id, day, kind)
);
CREATE INDEX nic_traffic_day_tenant_idx ON nic_traffic_day (tenant_id, day);
CREATE INDEX nic_traffic_day_age_idx ON nic_traffic_day (day);

-- The counters as last read: what is added to a day is the difference to them, or all of it in another epoch.
CREATE TABLE nic_traffic_mark (
    tenant_id         uuid NOT NULL,
    nic_id            uuid NOT NULL REFERENCES nic ON DELETE CASCADE,
    kind              text NOT NULL,
    epoch             bigint NOT NULL,
    received_packets  bigint NOT NULL,
    received_bytes    bigint NOT NULL,
    sent_packets      bigint NOT NULL,
    sent_bytes        bigint NOT NULL,
    PRIMARY KEY (nic_id, kind)
);

ALTER TABLE flow_record ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON flow_record TO freehold_portal USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());
CREATE POLICY system_all ON flow_record TO freehold_system USING (true) WITH CHECK (true);
ALTER TABLE nic_traffic_day ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON nic_traffic_day TO freehold_portal USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());
CREATE POLICY system_all ON nic_traffic_day TO freehold_system USING (true) WITH CHECK (true);
ALTER TABLE nic_traffic_mark ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON nic_traffic_mark TO freehold_portal USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());
CREATE POLICY system_all ON nic_traffic_mark TO freehold_system USING (true) WITH CHECK (true);
GRANT SELECT ON flow_record, nic_traffic_day TO freehold_portal;
GRANT SELECT, INSERT, UPDATE, DELETE ON flow_record, flow_stream, nic_traffic_day, nic_traffic_mark TO freehold_system;
