CREATE TABLE restore_drill (
    id              uuid PRIMARY KEY,
    tenant_id       uuid NOT NULL REFERENCES tenant,
    operation_id    uuid NOT NULL UNIQUE,
    point_id        uuid NOT NULL,
    policy_id       uuid REFERENCES backup_policy ON DELETE SET NULL,
    vm_id           uuid NOT NULL,
    vm_name         text NOT NULL,
    taken_at        timestamptz NOT NULL,          -- of the point
    finished_at     timestamptz NOT NULL,
    passed          boolean NOT NULL,
    restore_millis  bigint CHECK (restore_millis >= 0),
    boot_millis     bigint CHECK (boot_millis >= 0),
    objective_millis  bigint,
    finding         text NOT NULL,
    screenshot      bytea CHECK (length(screenshot) <= 4194304)
);
CREATE INDEX restore_drill_tenant_idx ON restore_drill (tenant_id, id DESC);
CREATE INDEX restore_drill_point_idx ON restore_drill (point_id);

-- What the last garbage collection of a tenant in a store found.
CREATE TABLE backup_usage (
    tenant_id      uuid NOT NULL REFERENCES tenant,
    store_id       uuid NOT NULL REFERENCES backup_store,
    kept_bytes     bigint NOT NULL CHECK (kept_bytes >= 0),
    wasted_bytes   bigint NOT NULL CHECK (wasted_bytes >= 0),
    freed_bytes    bigint NOT NULL CHECK (freed_bytes >= 0),
    collected_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, store_id)
);

ALTER TABLE restore_drill ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON restore_drill TO freehold_portal USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());
CREATE POLICY system_all ON restore_drill TO freehold_system USING (true) WITH CHECK (true);
ALTER TABLE backup_usage ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON backup_usage TO freehold_portal USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());
CREATE POLICY system_all ON backup_usage TO freehold_system USING (true) WITH CHECK (true);
GRANT SELECT ON restore_drill, backup_usage TO freehold_portal;
GRANT SELECT, INSERT, UPDATE, DELETE ON restore_drill, backup_usage TO freehold_system;
