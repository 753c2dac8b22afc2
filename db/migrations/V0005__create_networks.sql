CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE network (
    id           uuid PRIMARY KEY,
    tenant_id    uuid NOT NULL REFERENCES tenant,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 63),
    vni          integer NOT NULL UNIQUE CHECK (vni BETWEEN 1 AND 16777215),
    mtu          integer NOT NULL DEFAULT 65000 CHECK (mtu BETWEEN 1280 AND 65535),
    gateway_mac  macaddr NOT NULL,
    created_at   timestamptz NOT NULL,
    UNIQUE (tenant_id, name),
    UNIQUE (tenant_id, id)
);

CREATE TABLE subnet (
    id           uuid PRIMARY KEY,
    tenant_id    uuid NOT NULL,
    network_id   uuid NOT NULL,
    prefix       cidr NOT NULL,
    gateway      inet NOT NULL CHECK (gateway << prefix),
    dns_servers  inet[] NOT NULL DEFAULT '{}',
    dhcp         boolean NOT NULL DEFAULT true,
    FOREIGN KEY (tenant_id, network_id) REFERENCES network (tenant_id, id) ON DELETE CASCADE,
    EXCLUDE USING gist (network_id WITH =, prefix inet_ops WITH &&),
    UNIQUE (tenant_id, id)
);
