-- Where recovery points are kept: the provider's. Tenants see names and kinds, never paths or keys.
CREATE TABLE backup_store (
    id            uuid PRIMARY KEY,
    name          text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 63),
    kind          text NOT NULL CHECK (kind IN ('DIRECTORY', 'S3')),
    -- The only host that reaches it; null: all do.
    host_id       uuid REFERENCES host,
    path          text CHECK (path LIKE '/%'),
    endpoint      text CHECK (endpoint LIKE 'http%://%'),
    bucket        text,
    prefix        text,
    region        text,
    -- Wrapped by the portal's key-encryption key, which is in no database.
    access_key    bytea,
    secret_key    bytea,
    wrapped_by    text,
    keep_free_bytes   bigint NOT NULL DEFAULT 0 CHECK (keep_free_bytes >= 0),
    bytes_per_second  bigint NOT NULL DEFAULT 0 CHECK (bytes_per_second >= 0),   -- 0: unlimited
    retired_at    timestamptz,
    created_at    timestamptz NOT NULL,
    CHECK ((kind = 'DIRECTORY') = (path IS NOT NULL)),
    CHECK ((kind = 'S3') = (num_nonnulls(endpoint, bucket, access_key, secret_key, wrapped_by) = 5))
);

-- 32 random bytes a tenant, wrapped. Without it nothing of the tenant's points can be read.
CREATE TABLE backup_key (
    tenant_id   uuid PRIMARY KEY REFERENCES tenant,
    wrapped     bytea NOT NULL,
    wrapped_by  text NOT NULL,
    created_at  timestamptz NOT NULL
);

CREATE TABLE vm_label (
    tenant_id  uuid NOT NULL,
    vm_id      uuid NOT NULL,
    label      text NOT NULL CHECK (label ~ '^[a-z0-9]([a-z0-9._/=-]{0,61}[a-z0-9])?$'),
    PRIMARY KEY (vm_id, label),
    FOREIGN KEY (tenant_id, vm_id) REFERENCES vm (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX vm_label_label_idx ON vm_label (tenant_id, label);

CREATE TABLE backup_policy (
    id            uuid PRIMARY KEY,
    tenant_id     uuid NOT NULL REFERENCES tenant,
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 63),
    enabled       boolean NOT NULL DEFAULT true,
    store_id      uuid NOT NULL REFERENCES backup_store,
    all_vms       boolean NOT NULL DEFAULT false,
    -- Cron with seconds, in the tenant's time zone.
    schedule      text NOT NULL CHECK (length(schedule) <= 100),
    wanted        text NOT NULL CHECK (wanted IN ('CRASH', 'BARRIER', 'FILESYSTEM')),
    acceptable    text NOT NULL CHECK (acceptable IN ('CRASH', 'BARRIER', 'FILESYSTEM')),
    freeze_limit_millis  integer NOT NULL DEFAULT 10000 CHECK (freeze_limit_millis BETWEEN 100 AND 60000),
    keep_last     integer NOT NULL DEFAULT 0 CHECK (keep_last BETWEEN 0 AND 1000),
    keep_hourly   integer NOT NULL DEFAULT 0 CHECK (keep_hourly BETWEEN 0 AND 1000),
    keep_daily    integer NOT NULL DEFAULT 0 CHECK (keep_daily BETWEEN 0 AND 1000),
    keep_weekly   integer NOT NULL DEFAULT 0 CHECK (keep_weekly BETWEEN 0 AND 1000),
    keep_monthly  integer NOT NULL DEFAULT 0 CHECK (keep_monthly BETWEEN 0 AND 1000),
    keep_yearly   integer NOT NULL DEFAULT 0 CHECK (keep_yearly BETWEEN 0 AND 1000),
    objective_seconds    bigint CHECK (objective_seconds > 0),      -- how old the latest point may be
    verify_schedule      text CHECK (length(verify_schedule) <= 100),
    drill_schedule       text CHECK (length(drill_schedule) <= 100),
    drill_port           integer CHECK (drill_port BETWEEN 1 AND 65535),
    drill_path           text CHECK (drill_path LIKE '/%' AND length(drill_path) <= 200),
    recovery_objective_seconds  bigint CHECK (recovery_objective_seconds > 0),
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    version       bigint NOT NULL DEFAULT 0,
    UNIQUE (tenant_id, name),
    UNIQUE (tenant_id, id)
);

CREATE TABLE backup_policy_label (
    tenant_id  uuid NOT NULL,
    policy_id  uuid NOT NULL,
    label      text NOT NULL,
    PRIMARY KEY (policy_id, label),
    FOREIGN KEY (tenant_id, policy_id) REFERENCES backup_policy (tenant_id, id) ON DELETE CASCADE
);

-- Inserted only when the host has said that all of it is durable: a row is a point that restores. It outlives its VM, so
-- it refers to none of the VM's rows and keeps what is needed to build the VM again.
CREATE TABLE recovery_point (
    id             uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    vm_id          uuid NOT NULL,
    vm_name        text NOT NULL,
    store_id       uuid NOT NULL REFERENCES backup_store,
    policy_id      uuid REFERENCES backup_policy ON DELETE SET NULL,
    operation_id   uuid NOT NULL UNIQUE,
    origin         text NOT NULL CHECK (origin IN ('POLICY', 'MANUAL', 'BEFORE_RESTORE')),
    note           text NOT NULL DEFAULT '' CHECK (length(note) <= 500),
    taken_at       timestamptz NOT NULL,
    stored_at      timestamptz NOT NULL,
    wanted         text NOT NULL CHECK (wanted IN ('CRASH', 'BARRIER', 'FILESYSTEM')),
    achieved       text NOT NULL CHECK (achieved IN ('CRASH', 'BARRIER', 'FILESYSTEM')),
    pause_millis   bigint NOT NULL CHECK (pause_millis >= 0),
    certificate    jsonb NOT NULL,
    machine        jsonb NOT NULL,
    logical_bytes  bigint NOT NULL CHECK (logical_bytes >= 0),
    read_bytes     bigint NOT NULL CHECK (read_bytes >= 0),
    added_bytes    bigint NOT NULL CHECK (added_bytes >= 0),
    shared_bytes   bigint NOT NULL CHECK (shared_bytes >= 0),
    zero_bytes     bigint NOT NULL CHECK (zero_bytes >= 0),
    protected      boolean NOT NULL DEFAULT false,
    verified_at    timestamptz,
    damages        jsonb,
    -- Removed: can be brought back until purged_at is set, from when garbage collection may have taken its data.
    removed_at     timestamptz,
    removed_by     text,
    purged_at      timestamptz,
    version        bigint NOT NULL DEFAULT 0,
    CHECK (purged_at IS NULL OR removed_at IS NOT NULL),
    CHECK (NOT protected OR removed_at IS NULL),
    UNIQUE (tenant_id, id)
);
CREATE INDEX recovery_point_vm_idx ON recovery_point (tenant_id, vm_id, taken_at DESC);
CREATE INDEX recovery_point_live_idx ON recovery_point (tenant_id, store_id) WHERE purged_at IS NULL;

CREATE TABLE recovery_point_volume (
    tenant_id     uuid NOT NULL,
    point_id      uuid NOT NULL,
    volume_id     uuid NOT NULL,
    device_index  integer NOT NULL,
    name          text NOT NULL,
    size_bytes    bigint NOT NULL CHECK (size_bytes > 0),
    root          text NOT NULL CHECK (root ~ '^[!-~]{1,200}$'),
    checkpoint    text CHECK (length(checkpoint) <= 200),
    read_bytes    bigint NOT NULL,
    added_bytes   bigint NOT NULL,
    shared_bytes  bigint NOT NULL,
    zero_bytes    bigint NOT NULL,
    PRIMARY KEY (point_id, volume_id),
    FOREIGN KEY (tenant_id, point_id) REFERENCES recovery_point (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX recovery_point_volume_volume_idx ON recovery_point_volume (volume_id);

-- Points whose data an operation reads or shares: they stay while it is open.
CREATE TABLE recovery_point_pin (
    tenant_id     uuid NOT NULL,
    point_id      uuid NOT NULL,
    operation_id  uuid NOT NULL REFERENCES operation ON DELETE CASCADE,
    PRIMARY KEY (operation_id, point_id),
    FOREIGN KEY (tenant_id, point_id) REFERENCES recovery_point (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX recovery_point_pin_point_idx ON recovery_point_pin (point_id);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['backup_key', 'vm_label', 'backup_policy', 'backup_policy_label', 'recovery_point',
                             'recovery_point_volume', 'recovery_point_pin']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant_only ON %I TO freehold_portal USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant())', t);
        EXECUTE format('CREATE POLICY system_all ON %I TO freehold_system USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;

GRANT SELECT (id, name, kind, host_id, retired_at) ON backup_store TO freehold_portal;
GRANT SELECT, INSERT, UPDATE, DELETE ON vm_label, backup_policy, backup_policy_label TO freehold_portal;
-- That a point exists, and what it holds, only a host's word brings into being.
GRANT SELECT, UPDATE (note, protected, removed_at, removed_by, version) ON recovery_point TO freehold_portal;
GRANT SELECT ON recovery_point_volume TO freehold_portal;
GRANT SELECT, INSERT, DELETE ON recovery_point_pin TO freehold_portal;

GRANT SELECT, INSERT, UPDATE, DELETE ON backup_store, backup_key, backup_policy, recovery_point, recovery_point_volume, recovery_point_pin
    TO freehold_system;
GRANT SELECT ON vm_label, backup_policy_label TO freehold_system;
