-- Folders of recovery points as a host has listed them. A point does not change, so for a while nobody has to be asked again.
CREATE TABLE point_folder (
    operation_id  uuid PRIMARY KEY,
    tenant_id     uuid NOT NULL,
    point_id      uuid NOT NULL,
    volume_id     uuid NOT NULL,
    path          text NOT NULL CHECK (octet_length(path) BETWEEN 1 AND 4096),
    entries       jsonb NOT NULL,
    truncated     boolean NOT NULL,
    read_at       timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, point_id) REFERENCES recovery_point (tenant_id, id) ON DELETE CASCADE
);
-- A path may be longer than an index bears.
CREATE UNIQUE INDEX point_folder_place_idx ON point_folder (point_id, volume_id, md5(path));

-- Files and folders that were asked for out of recovery points: kept until they are downloaded, an hour at the longest.
CREATE TABLE fetched_file (
    operation_id    uuid PRIMARY KEY,
    tenant_id       uuid NOT NULL,
    point_id        uuid NOT NULL,
    volume_id       uuid NOT NULL,
    path            text NOT NULL CHECK (octet_length(path) BETWEEN 1 AND 4096),
    folder          boolean NOT NULL,                    -- comes as a tar
    expected_bytes  bigint CHECK (expected_bytes >= 0),  -- null: nobody knows, as of a folder
    bytes           bigint NOT NULL DEFAULT 0 CHECK (bytes >= 0),
    pieces          integer NOT NULL DEFAULT 0 CHECK (pieces >= 0),
    whole           boolean NOT NULL DEFAULT false,      -- the host has sent all of it
    expires_at      timestamptz NOT NULL,
    downloaded_at   timestamptz,
    FOREIGN KEY (tenant_id, point_id) REFERENCES recovery_point (tenant_id, id) ON DELETE CASCADE,
    UNIQUE (tenant_id, operation_id)
);
CREATE INDEX fetched_file_point_idx ON fetched_file (tenant_id, point_id);

CREATE TABLE fetched_piece (
    operation_id  uuid NOT NULL,
    tenant_id     uuid NOT NULL,
    number        integer NOT NULL CHECK (number >= 0),
    sealed        bytea NOT NULL CHECK (length(sealed) <= 1114112),
    sealed_by     text NOT NULL,
    PRIMARY KEY (operation_id, number),
    FOREIGN KEY (tenant_id, operation_id) REFERENCES fetched_file (tenant_id, operation_id) ON DELETE CASCADE
);
-- Encrypted bytes cannot be made shorter.
ALTER TABLE fetched_piece ALTER COLUMN sealed SET STORAGE EXTERNAL;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['point_folder', 'fetched_file', 'fetched_piece']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant_only ON %I TO freehold_portal USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant())', name);
        EXECUTE format('CREATE POLICY system_all ON %I TO freehold_system USING (true) WITH CHECK (true)', name);
    END LOOP;
END $$;
GRANT SELECT ON point_folder, fetched_piece TO freehold_portal;
GRANT SELECT, INSERT, DELETE, UPDATE (expires_at, downloaded_at) ON fetched_file TO freehold_portal;
GRANT SELECT, INSERT, UPDATE, DELETE ON point_folder, fetched_file, fetched_piece TO freehold_system;
