CREATE TABLE image (
    id            uuid PRIMARY KEY,
    tenant_id     uuid REFERENCES tenant,          -- null: the provider's, for everybody
    name          text NOT NULL,
    description   text NOT NULL DEFAULT '',
    command_line  text NOT NULL DEFAULT '',
    min_disk_bytes  bigint NOT NULL DEFAULT 0,
    retired_at    timestamptz,
    created_at    timestamptz NOT NULL
);

CREATE TABLE image_file (
    image_id    uuid NOT NULL REFERENCES image ON DELETE CASCADE,
    role        text NOT NULL CHECK (role IN ('KERNEL', 'INITRD', 'DISK')),
    sha256      text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes  bigint NOT NULL CHECK (size_bytes > 0),
    PRIMARY KEY (image_id, role)
);

CREATE TABLE flavor (
    id          uuid PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    vcpus       integer NOT NULL CHECK (vcpus BETWEEN 1 AND 256),
    memory_mib  bigint NOT NULL CHECK (memory_mib >= 64),
    disk_gib    integer NOT NULL CHECK (disk_gib >= 1),
    retired_at  timestamptz
);

CREATE TABLE vm (
    id              uuid PRIMARY KEY,
    tenant_id       uuid NOT NULL REFERENCES tenant,
    name            text NOT NULL CHECK (name ~ '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$'),   -- a host name, RFC 1123
    description     text NOT NULL DEFAULT '' CHECK (length(description) <= 500),
    host_id         uuid REFERENCES host,
    image_id        uuid NOT NULL REFERENCES image,
    flavor_id       uuid NOT NULL REFERENCES flavor,
    vcpus           integer NOT NULL CHECK (vcpus >= 1),
    max_vcpus       integer NOT NULL CHECK (max_vcpus >= vcpus),
    memory_mib      bigint NOT NULL CHECK (memory_mib >= 64),
    max_memory_mib  bigint NOT NULL CHECK (max_memory_mib >= memory_mib),
    power           text NOT NULL CHECK (power IN ('RUNNING', 'STOPPED')),
    deletion_protection  boolean NOT NULL DEFAULT false,
    deleting_since  timestamptz,
    created_at      timestamptz NOT NULL,
    version         bigint NOT NULL DEFAULT 0,
    UNIQUE (tenant_id, id)
);
-- A name is free again once its VM is being deleted.
CREATE UNIQUE INDEX vm_name_idx ON vm (tenant_id, name) WHERE deleting_since IS NULL;
CREATE INDEX vm_host_idx ON vm (host_id);

CREATE TABLE vm_status (
    vm_id        uuid PRIMARY KEY REFERENCES vm ON DELETE CASCADE,
    tenant_id    uuid NOT NULL REFERENCES tenant,
    state        text NOT NULL,
    instance     text,
    started_at   timestamptz,
    guest        jsonb,
    problem      jsonb,
    reported_at  timestamptz NOT NULL
);

CREATE TABLE volume (
    id          uuid PRIMARY KEY,
    tenant_id   uuid NOT NULL,
    vm_id       uuid,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 63),
    device_index  integer CHECK (device_index BETWEEN 0 AND 25),
    size_bytes  bigint NOT NULL CHECK (size_bytes BETWEEN 1048576 AND 17592186044416),
    from_image  boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, vm_id) REFERENCES vm (tenant_id, id) ON DELETE CASCADE,
    UNIQUE (vm_id, device_index)
);

CREATE TABLE nic (
    id           uuid PRIMARY KEY,
    tenant_id    uuid NOT NULL,
    vm_id        uuid NOT NULL,
    network_id   uuid NOT NULL,
    device_index integer NOT NULL CHECK (device_index BETWEEN 0 AND 15),
    mac          macaddr NOT NULL UNIQUE,
    port_security  boolean NOT NULL DEFAULT true,
    allowed_address_pairs  cidr[] NOT NULL DEFAULT '{}',
    incarnation  bigint NOT NULL DEFAULT 1,
    queue_pairs  integer NOT NULL DEFAULT 1 CHECK (queue_pairs BETWEEN 1 AND 16),
    connection_quota  integer NOT NULL DEFAULT 65536 CHECK (connection_quota BETWEEN 1024 AND 4194304),
    established_timeout_seconds  integer NOT NULL DEFAULT 86400 CHECK (established_timeout_seconds BETWEEN 60 AND 432000),
    created_at   timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, vm_id) REFERENCES vm (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, network_id) REFERENCES network (tenant_id, id),
    UNIQUE (vm_id, device_index),
    UNIQUE (tenant_id, id)
);
CREATE INDEX nic_network_idx ON nic (network_id);

CREATE TABLE address (
    tenant_id   uuid NOT NULL,
    subnet_id   uuid NOT NULL,
    network_id  uuid NOT NULL,
    nic_id      uuid NOT NULL,
    ip          inet NOT NULL CHECK (masklen(ip) = CASE family(ip) WHEN 4 THEN 32 ELSE 128 END),
    PRIMARY KEY (network_id, ip),
    FOREIGN KEY (tenant_id, subnet_id) REFERENCES subnet (tenant_id, id),
    FOREIGN KEY (tenant_id, network_id) REFERENCES network (tenant_id, id),
    FOREIGN KEY (tenant_id, nic_id) REFERENCES nic (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX address_nic_idx ON address (nic_id);
CREATE INDEX address_subnet_idx ON address (subnet_id);

-- What a host last said of a NIC. applied_revision counts only while problem is set: without one the host's does.
CREATE TABLE nic_status (
    nic_id            uuid PRIMARY KEY REFERENCES nic ON DELETE CASCADE,
    tenant_id         uuid NOT NULL REFERENCES tenant,
    host_id           uuid NOT NULL REFERENCES host,
    applied_revision  bigint NOT NULL,
    link              text NOT NULL CHECK (link IN ('DOWN', 'CONNECTED', 'UP')),
    rx_packets  bigint NOT NULL DEFAULT 0,
    rx_bytes    bigint NOT NULL DEFAULT 0,
    tx_packets  bigint NOT NULL DEFAULT 0,
    tx_bytes    bigint NOT NULL DEFAULT 0,
    drops       bigint NOT NULL DEFAULT 0,
    connections bigint NOT NULL DEFAULT 0,
    problem           jsonb,
    reported_at       timestamptz NOT NULL
);
