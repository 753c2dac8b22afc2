-- Where a host's tunnels to the others end, as its agent says: one of its uplinks has an address, which is no other host's.
ALTER TABLE uplink
    ADD COLUMN tunnel_address  inet CHECK (family(tunnel_address) = 4),
    ADD COLUMN tunnel_gateway  inet CHECK (tunnel_gateway IS NULL OR tunnel_address IS NOT NULL AND tunnel_gateway << network(tunnel_address)),
    ADD COLUMN tunnel_vlan     integer NOT NULL DEFAULT 0 CHECK (tunnel_vlan BETWEEN 0 AND 4094);
CREATE UNIQUE INDEX uplink_tunnel_idx ON uplink (host_name) WHERE tunnel_address IS NOT NULL;
CREATE UNIQUE INDEX uplink_tunnel_end_idx ON uplink (host(tunnel_address));

ALTER TABLE host_object DROP CONSTRAINT host_object_kind_check;
ALTER TABLE host_object ADD CONSTRAINT host_object_kind_check
    CHECK (kind IN ('VM', 'NIC', 'NETWORK', 'ROUTER', 'UPLINK', 'REMOTE_NIC', 'SECURITY_GROUP', 'ADDRESS_GROUP', 'GROUP_MEMBERS'));

-- As before, and what its NICs can reach on other hosts: the NICs of their networks and of what is routed with those.
CREATE OR REPLACE FUNCTION wanted_host_objects(of_host uuid) RETURNS TABLE (kind text, object_id uuid, tenant_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH v AS (SELECT id, tenant_id FROM vm WHERE host_id = of_host AND deleting_since IS NULL),
         n AS (SELECT nic.id, nic.tenant_id, nic.network_id FROM nic JOIN v ON v.id = nic.vm_id),
         r AS (SELECT DISTINCT x.router_id AS id, x.tenant_id FROM router_network x JOIN n ON n.network_id = x.network_id),
         w AS (SELECT network_id AS id, tenant_id FROM n
               UNION SELECT x.network_id, x.tenant_id FROM router_network x JOIN r ON r.id = x.router_id),
         t AS (SELECT u.id FROM uplink u JOIN host h ON h.name = u.host_name AND h.id = of_host
               WHERE u.tunnel_address IS NOT NULL AND EXISTS (SELECT FROM n)),
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
    UNION SELECT 'NETWORK', id, tenant_id FROM w
    UNION SELECT 'ROUTER', id, tenant_id FROM r
    UNION SELECT 'NETWORK', id, NULL FROM e
    UNION SELECT 'UPLINK', uplink_id, NULL FROM e
    UNION SELECT 'UPLINK', id, NULL FROM t
    UNION SELECT 'REMOTE_NIC', c.id, c.tenant_id
          FROM w JOIN nic c ON c.network_id = w.id
          JOIN vm m ON m.id = c.vm_id AND m.host_id <> of_host AND m.deleting_since IS NULL
          JOIN host h ON h.id = m.host_id
          JOIN uplink u ON u.host_name = h.name AND u.tunnel_address IS NOT NULL
          WHERE EXISTS (SELECT FROM t)
    UNION SELECT 'SECURITY_GROUP', id, tenant_id FROM g
    UNION SELECT 'GROUP_MEMBERS', r.remote_group_id, r.tenant_id FROM rule r JOIN g ON g.id = r.group_id
          WHERE r.remote_group_id IS NOT NULL
    UNION SELECT 'ADDRESS_GROUP', r.remote_address_group_id, r.tenant_id FROM rule r JOIN g ON g.id = r.group_id
          WHERE r.remote_address_group_id IS NOT NULL
    UNION SELECT 'GROUP_MEMBERS', (rule ->> 'remoteGroupId')::uuid, tenant_id FROM fallback WHERE rule ->> 'remoteGroupId' IS NOT NULL
    UNION SELECT 'ADDRESS_GROUP', (rule ->> 'remoteAddressGroupId')::uuid, tenant_id FROM fallback
          WHERE rule ->> 'remoteAddressGroupId' IS NOT NULL
$$;

-- The NICs that come to one of these hosts, and those that leave it, once it is refreshed.
CREATE FUNCTION moving_nics(hosts uuid[]) RETURNS TABLE (nic_id uuid, network_id uuid, comes boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH wanted AS (SELECT v.host_id, c.id, c.network_id FROM vm v JOIN nic c ON c.vm_id = v.id
                    WHERE v.host_id = ANY (hosts) AND v.deleting_since IS NULL),
         held AS (SELECT host_id, object_id AS id FROM host_object
                  WHERE host_id = ANY (hosts) AND kind = 'NIC' AND NOT removed)
    SELECT w.id, w.network_id, true FROM wanted w
        WHERE NOT EXISTS (SELECT FROM held h WHERE h.host_id = w.host_id AND h.id = w.id)
    UNION ALL
    SELECT h.id, NULL, false FROM held h
        WHERE NOT EXISTS (SELECT FROM wanted w WHERE w.host_id = h.host_id AND w.id = h.id)
$$;

-- As before, and the other hosts hear of NICs that come, go or move.
CREATE OR REPLACE FUNCTION change_hosts(of_tenant uuid, touched_kinds text[], touched_ids uuid[], around_kinds text[], around_ids uuid[],
                                        rearranged uuid[], unplaced uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    w record;
    picked uuid;
    refreshed uuid[];
    peers uuid[];
    moved uuid[];
BEGIN
    PERFORM lock_host_changes(of_tenant);

    FOR w IN SELECT id, vcpus, memory_mib, bound_host_id FROM vm
             WHERE id = ANY (unplaced) AND tenant_id = of_tenant AND host_id IS NULL AND deleting_since IS NULL ORDER BY id
    LOOP
        picked := host_with_room(w.vcpus, w.memory_mib, w.bound_host_id);
        IF picked IS NOT NULL THEN
            PERFORM 1 FROM host WHERE id = picked FOR UPDATE;
            picked := host_with_room(w.vcpus, w.memory_mib, picked);
        END IF;
        IF picked IS NOT NULL THEN
            UPDATE vm SET host_id = picked WHERE id = w.id;
            rearranged := rearranged || picked;
        ELSIF EXISTS (SELECT FROM host WHERE capacity_vcpus > 0) THEN
            RAISE EXCEPTION 'no host has room for % vCPUs and % MiB', w.vcpus, w.memory_mib USING ERRCODE = 'FH001';
        END IF;
    END LOOP;

    SELECT array_agg(DISTINCT id) INTO refreshed FROM (
        SELECT unnest(rearranged) AS id
        UNION SELECT o.host_id FROM host_object o JOIN unnest(around_kinds, around_ids) a (kind, id)
              ON o.kind = a.kind AND o.object_id = a.id WHERE NOT o.removed) x;

    SELECT array_agg(DISTINCT o.host_id), array_agg(DISTINCT m.nic_id) FILTER (WHERE m.comes AND o.kind = 'REMOTE_NIC')
        INTO peers, moved
        FROM moving_nics(refreshed) m
        JOIN host_object o ON (o.kind, o.object_id) IN (('NETWORK', m.network_id), ('REMOTE_NIC', m.nic_id))
        WHERE NOT o.removed;
    refreshed := refreshed || peers;
    IF moved IS NOT NULL THEN
        touched_kinds := touched_kinds || array_fill('REMOTE_NIC'::text, ARRAY[cardinality(moved)]);
        touched_ids := touched_ids || moved;
    END IF;

    PERFORM 1 FROM host
        WHERE id = ANY (refreshed)
           OR id IN (SELECT o.host_id FROM host_object o JOIN unnest(touched_kinds, touched_ids) t (kind, id)
                     ON o.kind = t.kind AND o.object_id = t.id WHERE NOT o.removed)
        ORDER BY id FOR UPDATE;

    -- References first: what a host only now learns of has its newest content with it.
    PERFORM refresh_host_objects(id) FROM (SELECT DISTINCT unnest(refreshed) AS id) r ORDER BY id;
    FOR w IN SELECT kind, array_agg(id) AS ids FROM unnest(touched_kinds, touched_ids) t (kind, id) GROUP BY kind ORDER BY kind
    LOOP
        PERFORM touch_host_objects(w.kind, w.ids);
    END LOOP;
END $$;

-- Where the host's tunnels end from now on (new_device null: nowhere); the hosts that share networks with it are told.
-- False: another host has that address, and nothing changed.
CREATE FUNCTION set_host_tunnel(of_host uuid, spare_id uuid, new_device text, new_address inet, new_gateway inet, new_vlan integer)
    RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    own_name text;
BEGIN
    -- All: what they share may change until they are locked, and a tunnel's end seldom does.
    PERFORM 1 FROM host ORDER BY id FOR UPDATE;
    SELECT name INTO own_name FROM host WHERE id = of_host;
    IF EXISTS (SELECT FROM uplink WHERE host_name <> own_name AND host(tunnel_address) = host(new_address)) THEN
        RETURN false;
    END IF;
    UPDATE uplink SET tunnel_address = NULL, tunnel_gateway = NULL, tunnel_vlan = 0
        WHERE host_name = own_name AND device IS DISTINCT FROM new_device;
    IF new_device IS NOT NULL THEN
        INSERT INTO uplink (id, host_name, device, tunnel_address, tunnel_gateway, tunnel_vlan)
            VALUES (spare_id, own_name, new_device, new_address, new_gateway, new_vlan)
            ON CONFLICT (host_name, device) DO UPDATE SET tunnel_address = excluded.tunnel_address,
                tunnel_gateway = excluded.tunnel_gateway, tunnel_vlan = excluded.tunnel_vlan;
    END IF;
    PERFORM refresh_host_objects(id) FROM (
        SELECT of_host AS id
        UNION SELECT o.host_id FROM host_object o
              JOIN host_object own ON own.host_id = of_host AND own.kind = 'NETWORK' AND NOT own.removed
              WHERE o.kind = 'NETWORK' AND o.object_id = own.object_id AND NOT o.removed) x ORDER BY id;
    PERFORM touch_host_objects('UPLINK', ARRAY(SELECT id FROM uplink WHERE host_name = own_name));
    PERFORM touch_host_objects('NETWORK',
        ARRAY(SELECT object_id FROM host_object WHERE host_id = of_host AND kind = 'NETWORK' AND NOT removed));
    PERFORM touch_host_objects('REMOTE_NIC',
        ARRAY(SELECT object_id FROM host_object WHERE host_id = of_host AND kind = 'NIC' AND NOT removed));
    DELETE FROM uplink u WHERE host_name = own_name AND tunnel_address IS NULL
        AND NOT EXISTS (SELECT FROM external_link l WHERE l.uplink_id = u.id);
    RETURN true;
END $$;
REVOKE EXECUTE ON FUNCTION moving_nics(uuid[]), set_host_tunnel(uuid, uuid, text, inet, inet, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION set_host_tunnel(uuid, uuid, text, inet, inet, integer) TO freehold_system;
