-- Quick points in place: they lie in the VM's own volumes and go with them.
CREATE TABLE snapshot (
    id            uuid PRIMARY KEY,
    tenant_id     uuid NOT NULL,
    vm_id         uuid NOT NULL,
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 63),
    description   text NOT NULL DEFAULT '' CHECK (length(description) <= 500),
    parent_id     uuid REFERENCES snapshot ON DELETE SET NULL,
    operation_id  uuid NOT NULL,                 -- the same for VMs of one moment
    achieved      text NOT NULL CHECK (achieved IN ('CRASH', 'BARRIER', 'FILESYSTEM')),
    certificate   jsonb NOT NULL,
    memory_bytes  bigint NOT NULL DEFAULT 0 CHECK (memory_bytes >= 0),
    hint          text CHECK (length(hint) <= 500),
    taken_at      timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, vm_id) REFERENCES vm (tenant_id, id) ON DELETE CASCADE,
    UNIQUE (vm_id, name),
    UNIQUE (tenant_id, id)
);
CREATE INDEX snapshot_parent_idx ON snapshot (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX snapshot_operation_idx ON snapshot (operation_id);

-- Where a VM stands in its tree: what it was put back to or what was taken of it last.
CREATE TABLE snapshot_head (
    vm_id        uuid PRIMARY KEY,
    tenant_id    uuid NOT NULL,
    snapshot_id  uuid REFERENCES snapshot ON DELETE SET NULL,
    FOREIGN KEY (tenant_id, vm_id) REFERENCES vm (tenant_id, id) ON DELETE CASCADE
);

ALTER TABLE snapshot ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON snapshot TO freehold_portal USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());
CREATE POLICY system_all ON snapshot TO freehold_system USING (true) WITH CHECK (true);
ALTER TABLE snapshot_head ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON snapshot_head TO freehold_portal USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());
CREATE POLICY system_all ON snapshot_head TO freehold_system USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (description) ON snapshot TO freehold_portal;
GRANT SELECT ON snapshot_head TO freehold_portal;
GRANT SELECT, INSERT, UPDATE, DELETE ON snapshot, snapshot_head TO freehold_system;
