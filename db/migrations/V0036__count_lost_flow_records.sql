-- Flow records that found no room at the host, by the hour in which the portal heard of it: the flow log says what is missing from it.
CREATE TABLE nic_flow_loss (
    tenant_id  uuid NOT NULL,
    nic_id     uuid NOT NULL REFERENCES nic ON DELETE CASCADE,
    hour       timestamptz NOT NULL,
    lost       bigint NOT NULL CHECK (lost > 0),
    PRIMARY KEY (nic_id, hour)
);
CREATE INDEX nic_flow_loss_age_idx ON nic_flow_loss (hour);
ALTER TABLE nic_flow_loss ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON nic_flow_loss TO freehold_portal USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());
CREATE POLICY system_all ON nic_flow_loss TO freehold_system USING (true) WITH CHECK (true);
GRANT SELECT ON nic_flow_loss TO freehold_portal;
GRANT SELECT, INSERT, UPDATE, DELETE ON nic_flow_loss TO freehold_system;

-- The counter as last told.
ALTER TABLE nic_status ADD COLUMN flows_lost bigint NOT NULL DEFAULT 0;
