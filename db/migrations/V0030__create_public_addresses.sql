-- Networks outside: the provider's, and the tenants' routers lead to them. first_address to last_address are for tenants.
CREATE TABLE external_network (
    id             uuid PRIMARY KEY,
    name           text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 63),
    vni            integer NOT NULL UNIQUE CHECK (vni BETWEEN 1 AND 16777215),
    mtu            integer NOT NULL CHECK (mtu BETWEEN 1280 AND 65535),
    prefix         cidr NOT NULL CHECK (family(prefix) = 4),
    gateway        inet NOT NULL CHECK (gateway << prefix),
    first_address  inet NOT NULL CHECK (masklen(first_address) = 32 AND first_address << prefix),
    last_address   inet NOT NULL CHECK (masklen(last_address) = 32 AND last_address << prefix AND last_address >= first_address),
    created_at     timestamptz NOT NULL
);

-- A device of a host that its dataplane may use. By name, since a host may come later.
CREATE TABLE uplink (
    id         uuid PRIMARY KEY,
    host_name  text NOT NULL,
    device     text NOT NULL CHECK (length(device) BETWEEN 1 AND 15),
    UNIQUE (host_name, device)
);

-- Which of its uplinks leads a host to an external network, and by which tag; 0: untagged.
CREATE TABLE external_link (
    external_network_id  uuid NOT NULL REFERENCES external_network ON DELETE CASCADE,
    uplink_id            uuid NOT NULL REFERENCES uplink ON DELETE CASCADE,
    vlan                 integer NOT NULL CHECK (vlan BETWEEN 0 AND 4094),
    PRIMARY KEY (external_network_id, uplink_id)
);
GRANT SELECT ON external_network TO freehold_portal;
GRANT SELECT, INSERT, UPDATE, DELETE ON external_network, uplink, external_link TO freehold_system;

ALTER TABLE router ADD COLUMN external_network_id uuid REFERENCES external_network,
    ADD COLUMN source_nat boolean NOT NULL DEFAULT false,
    ADD CHECK (external_network_id IS NOT NULL OR NOT source_nat);

-- An address of an external network that a tenant has: floating (one NIC's, or nobody's yet), or a router's, whose NICs
-- share it for the connections that they open.
CREATE TABLE public_address (
    id                   uuid PRIMARY KEY,
    tenant_id            uuid NOT NULL REFERENCES tenant,
    external_network_id  uuid NOT NULL REFERENCES external_network,
    ip                   inet NOT NULL CHECK (family(ip) = 4 AND masklen(ip) = 32),
    router_id            uuid,
    nic_id               uuid UNIQUE CHECK (nic_id IS NULL OR router_id IS NULL),
    version              bigint NOT NULL DEFAULT 1,
    created_at           timestamptz NOT NULL,
    UNIQUE (external_network_id, ip),
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, router_id) REFERENCES router (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, nic_id) REFERENCES nic (tenant_id, id) ON DELETE SET NULL (nic_id)
);
CREATE INDEX public_address_tenant_idx ON public_address (tenant_id);
CREATE INDEX public_address_router_idx ON public_address (router_id);

-- The ports of a router's address that are one NIC's.
CREATE TABLE nat_block (
    tenant_id          uuid NOT NULL,
    public_address_id  uuid NOT NULL,
    first_port         integer NOT NULL CHECK (first_port % 1024 = 0 AND first_port BETWEEN 1024 AND 64512),
    nic_id             uuid PRIMARY KEY,
    UNIQUE (public_address_id, first_port),
    FOREIGN KEY (tenant_id, public_address_id) REFERENCES public_address (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, nic_id) REFERENCES nic (tenant_id, id) ON DELETE CASCADE
);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['public_address', 'nat_block']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant_only ON %I TO freehold_portal USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant())', t);
        EXECUTE format('CREATE POLICY system_all ON %I TO freehold_system USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;
-- New ones come from take_public_address() alone.
GRANT SELECT, DELETE, UPDATE (nic_id, version) ON public_address TO freehold_portal;
GRANT SELECT, INSERT, DELETE ON nat_block TO freehold_portal;
GRANT SELECT, INSERT, UPDATE, DELETE ON public_address, nat_block TO freehold_system;

-- Gives the acting tenant the lowest free address of an external network; null: none is left. It sees what the tenant
-- may not: the addresses of the others.
CREATE FUNCTION take_public_address(new_id uuid, of_network uuid, for_router uuid, taken_at timestamptz) RETURNS inet
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    free inet;
BEGIN
    PERFORM 1 FROM external_network WHERE id = of_network FOR NO KEY UPDATE;
    SELECT n.first_address + i INTO free
        FROM external_network n CROSS JOIN LATERAL generate_series(0, n.last_address - n.first_address) i
        WHERE n.id = of_network AND host(n.gateway)::inet <> n.first_address + i
          AND NOT EXISTS (SELECT FROM public_address p WHERE p.external_network_id = n.id AND p.ip = n.first_address + i)
        ORDER BY i LIMIT 1;
    IF free IS NOT NULL THEN
        INSERT INTO public_address (id, tenant_id, external_network_id, ip, router_id, created_at)
            VALUES (new_id, app_tenant(), of_network, free, for_router, taken_at);
    END IF;
    RETURN free;
END $$;
REVOKE EXECUTE ON FUNCTION take_public_address(uuid, uuid, uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION take_public_address(uuid, uuid, uuid, timestamptz) TO freehold_portal;

ALTER TABLE quota DROP CONSTRAINT quota_resource_check;
ALTER TABLE quota ADD CONSTRAINT quota_resource_check
    CHECK (resource IN ('VMS', 'VCPUS', 'MEMORY_MIB', 'VOLUME_GIB', 'SECURITY_GROUPS', 'RULES_PER_GROUP', 'ADDRESS_GROUPS',
                        'CONNECTIONS_PER_NIC', 'PUBLIC_ADDRESSES'));

-- Uplinks and external networks are no tenant's.
ALTER TABLE host_object ALTER COLUMN tenant_id DROP NOT NULL;
ALTER TABLE host_object DROP CONSTRAINT host_object_kind_check;
ALTER TABLE host_object ADD CONSTRAINT host_object_kind_check
    CHECK (kind IN ('VM', 'NIC', 'NETWORK', 'ROUTER', 'UPLINK', 'SECURITY_GROUP', 'ADDRESS_GROUP', 'GROUP_MEMBERS'));

-- As before, and the external networks that the routers lead to, with the host's uplinks that lead there.
CREATE OR REPLACE FUNCTION wanted_host_objects(of_host uuid) RETURNS TABLE (kind text, object_id uuid, tenant_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH v AS (SELECT id, tenant_id FROM vm WHERE host_id = of_host AND deleting_since IS NULL),
         n AS (SELECT nic.id, nic.tenant_id, nic.network_id FROM nic JOIN v ON v.id = nic.vm_id),
         r AS (SELECT DISTINCT x.router_id AS id, x.tenant_id FROM router_network x JOIN n ON n.network_id = x.network_id),
         e AS (SELECT DISTINCT o.external_network_id AS id, l.uplink_id
               FROM r JOIN router o ON o.id = r.id
               JOIN external_link l ON l.external_network_id = o.external_network_id
               JOIN uplink u ON u.id = l.uplink_id
               JOIN host h ON h.name = u.host_name AND h.id = of_host),
         g AS (SELECT DISTINCT s.group_id AS id, s.tenant_id FROM nic_security_group s JOIN n ON n.id = s.nic_id),
         fallback AS (SELECT jsonb_array_elements(r.rules) AS rule, g.tenant_id
                      FROM g JOIN security_group sg ON sg.id = g.id
                      JOIN ruleset_revision r ON r.group_id = sg.id AND r.version = sg.fallback_version)
    SELECT 'VM', id, tenant_id FROM v
    UNION SELECT 'NIC', id, tenant_id FROM n
    UNION SELECT 'NETWORK', network_id, tenant_id FROM n
    UNION SELECT 'ROUTER', id, tenant_id FROM r
    UNION SELECT 'NETWORK', x.network_id, x.tenant_id FROM router_network x JOIN r ON r.id = x.router_id
    UNION SELECT 'NETWORK', id, NULL FROM e
    UNION SELECT 'UPLINK', uplink_id, NULL FROM e
    UNION SELECT 'SECURITY_GROUP', id, tenant_id FROM g
    UNION SELECT 'GROUP_MEMBERS', r.remote_group_id, r.tenant_id FROM rule r JOIN g ON g.id = r.group_id
          WHERE r.remote_group_id IS NOT NULL
    UNION SELECT 'ADDRESS_GROUP', r.remote_address_group_id, r.tenant_id FROM rule r JOIN g ON g.id = r.group_id
          WHERE r.remote_address_group_id IS NOT NULL
    UNION SELECT 'GROUP_MEMBERS', (rule ->> 'remoteGroupId')::uuid, tenant_id FROM fallback WHERE rule ->> 'remoteGroupId' IS NOT NULL
    UNION SELECT 'ADDRESS_GROUP', (rule ->> 'remoteAddressGroupId')::uuid, tenant_id FROM fallback
          WHERE rule ->> 'remoteAddressGroupId' IS NOT NULL
$$;
