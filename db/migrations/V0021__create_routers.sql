CREATE TABLE router (
    id          uuid PRIMARY KEY,
    tenant_id   uuid NOT NULL REFERENCES tenant,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 63),
    version     bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    UNIQUE (tenant_id, name),
    UNIQUE (tenant_id, id)
);

-- A network has at most one router.
CREATE TABLE router_network (
    tenant_id   uuid NOT NULL,
    router_id   uuid NOT NULL,
    network_id  uuid PRIMARY KEY,
    FOREIGN KEY (tenant_id, router_id) REFERENCES router (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, network_id) REFERENCES network (tenant_id, id)
);
CREATE INDEX router_network_router_idx ON router_network (router_id);

CREATE TABLE router_route (
    tenant_id  uuid NOT NULL,
    router_id  uuid NOT NULL,
    prefix     cidr NOT NULL,
    next_hop   inet NOT NULL CHECK (masklen(next_hop) = CASE family(next_hop) WHEN 4 THEN 32 ELSE 128 END
                                    AND family(next_hop) = family(prefix)),
    PRIMARY KEY (router_id, prefix),
    FOREIGN KEY (tenant_id, router_id) REFERENCES router (tenant_id, id) ON DELETE CASCADE
);

-- What a request with an Idempotency-Key created; kept for a day.
CREATE TABLE request_key (
    tenant_id   uuid NOT NULL REFERENCES tenant,
    key         text NOT NULL CHECK (length(key) <= 200),
    request     bytea NOT NULL,
    object_id   uuid NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, key)
);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['router', 'router_network', 'router_route', 'request_key']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant_only ON %I TO freehold_portal USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant())', t);
        EXECUTE format('CREATE POLICY system_all ON %I TO freehold_system USING (true) WITH CHECK (true)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO freehold_portal, freehold_system', t);
    END LOOP;
END $$;

ALTER TABLE host_object DROP CONSTRAINT host_object_kind_check;
ALTER TABLE host_object ADD CONSTRAINT host_object_kind_check
    CHECK (kind IN ('VM', 'NIC', 'NETWORK', 'ROUTER', 'SECURITY_GROUP', 'ADDRESS_GROUP', 'GROUP_MEMBERS'));

-- What a host has to know: its VMs, their NICs, those NICs' networks, those networks' routers with all that they join,
-- the NICs' groups, and the sets that those groups refer to (also in the version that an unconfirmed change falls back to).
CREATE OR REPLACE FUNCTION wanted_host_objects(of_host uuid) RETURNS TABLE (kind text, object_id uuid, tenant_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH v AS (SELECT id, tenant_id FROM vm WHERE host_id = of_host AND deleting_since IS NULL),
         n AS (SELECT nic.id, nic.tenant_id, nic.network_id FROM nic JOIN v ON v.id = nic.vm_id),
         r AS (SELECT DISTINCT x.router_id AS id, x.tenant_id FROM router_network x JOIN n ON n.network_id = x.network_id),
         g AS (SELECT DISTINCT s.group_id AS id, s.tenant_id FROM nic_security_group s JOIN n ON n.id = s.nic_id),
         fallback AS (SELECT jsonb_array_elements(r.rules) AS rule, g.tenant_id
                      FROM g JOIN security_group sg ON sg.id = g.id
                      JOIN ruleset_revision r ON r.group_id = sg.id AND r.version = sg.fallback_version)
    SELECT 'VM', id, tenant_id FROM v
    UNION SELECT 'NIC', id, tenant_id FROM n
    UNION SELECT 'NETWORK', network_id, tenant_id FROM n
    UNION SELECT 'ROUTER', id, tenant_id FROM r
    UNION SELECT 'NETWORK', x.network_id, x.tenant_id FROM router_network x JOIN r ON r.id = x.router_id
    UNION SELECT 'SECURITY_GROUP', id, tenant_id FROM g
    UNION SELECT 'GROUP_MEMBERS', r.remote_group_id, r.tenant_id FROM rule r JOIN g ON g.id = r.group_id
          WHERE r.remote_group_id IS NOT NULL
    UNION SELECT 'ADDRESS_GROUP', r.remote_address_group_id, r.tenant_id FROM rule r JOIN g ON g.id = r.group_id
          WHERE r.remote_address_group_id IS NOT NULL
    UNION SELECT 'GROUP_MEMBERS', (rule ->> 'remoteGroupId')::uuid, tenant_id FROM fallback WHERE rule ->> 'remoteGroupId' IS NOT NULL
    UNION SELECT 'ADDRESS_GROUP', (rule ->> 'remoteAddressGroupId')::uuid, tenant_id FROM fallback
          WHERE rule ->> 'remoteAddressGroupId' IS NOT NULL
$$;

-- Where a NIC's packets go is the router's word, too.
CREATE OR REPLACE VIEW nic_enforcement WITH (security_invoker = true) AS
    SELECT n.id AS nic_id, n.tenant_id, n.vm_id, v.host_id,
           d.desired_revision,
           CASE WHEN s.problem IS NULL THEN h.applied_revision ELSE s.applied_revision END AS applied_revision,
           s.link, s.problem, h.last_seen_at AS host_last_seen_at,
           e.committed_at, e.applied_at
    FROM nic n JOIN vm v ON v.id = n.vm_id
    LEFT JOIN host h ON h.id = v.host_id
    LEFT JOIN nic_status s ON s.nic_id = n.id
    LEFT JOIN LATERAL (
        SELECT max(o.revision) AS desired_revision
        FROM (SELECT 'NIC' AS kind, n.id AS object_id
              UNION ALL SELECT 'NETWORK', n.network_id
              UNION ALL SELECT 'ROUTER', x.router_id FROM router_network x WHERE x.network_id = n.network_id
              UNION ALL SELECT 'SECURITY_GROUP', x.group_id FROM nic_security_group x WHERE x.nic_id = n.id
              UNION ALL SELECT r.kind, r.object_id FROM nic_security_group x
                        JOIN security_group_reference r ON r.group_id = x.group_id WHERE x.nic_id = n.id) judged
        JOIN host_object o ON o.host_id = v.host_id AND o.kind = judged.kind AND o.object_id = judged.object_id
        WHERE NOT o.removed
    ) d ON true
    LEFT JOIN enforcement e ON e.host_id = v.host_id AND e.revision = d.desired_revision;
