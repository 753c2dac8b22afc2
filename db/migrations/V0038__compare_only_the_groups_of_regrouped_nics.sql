-- The kinds and ids that a host does not know yet or need not know any more become one change of it; nothing when there are
-- none. The host's row is locked by the caller.
CREATE FUNCTION tell_difference(of_host uuid, kinds text[], ids uuid[], tenants uuid[], gone boolean[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    next_revision bigint;
BEGIN
    IF coalesce(cardinality(ids), 0) = 0 THEN
        RETURN;
    END IF;
    UPDATE host SET desired_revision = desired_revision + 1 WHERE id = of_host RETURNING desired_revision INTO next_revision;
    INSERT INTO host_object (host_id, kind, object_id, tenant_id, revision, removed)
        SELECT of_host, d.kind, d.id, d.tenant, next_revision, d.gone
        FROM unnest(kinds, ids, tenants, gone) d (kind, id, tenant, gone)
        ON CONFLICT (host_id, kind, object_id) DO UPDATE SET removed = excluded.removed, revision = excluded.revision;
    INSERT INTO enforcement (host_id, revision, committed_at) VALUES (of_host, next_revision, clock_timestamp());
    PERFORM pg_notify('host', of_host::text);
END $$;

-- As before, but what the host has to know is found out once and not four times.
CREATE OR REPLACE FUNCTION refresh_host_objects(of_host uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    d record;
BEGIN
    PERFORM 1 FROM host WHERE id = of_host FOR UPDATE;
    SELECT array_agg(kind) AS kinds, array_agg(object_id) AS ids, array_agg(coalesce(w.tenant_id, h.tenant_id)) AS tenants,
           array_agg(w.wanted IS NULL) AS gone INTO d
        FROM (SELECT o.kind, o.object_id, o.tenant_id, true AS wanted FROM wanted_host_objects(of_host) o) w
        FULL JOIN (SELECT o.kind, o.object_id, o.tenant_id, true AS held FROM host_object o
                   WHERE o.host_id = of_host AND NOT o.removed) h USING (kind, object_id)
        WHERE w.wanted IS NULL OR h.held IS NULL;
    PERFORM tell_difference(of_host, d.kinds, d.ids, d.tenants, d.gone);
END $$;

-- The groups that a tenant's NICs on a host have, and the sets that those groups refer to (also in the version that an
-- unconfirmed change falls back to): those that the host knows or that came to these NICs. No other group can be new, and
-- for a known one the first NIC that has it is enough, so this does not read what the host has of VMs and NICs.
CREATE FUNCTION wanted_host_sets(of_host uuid, of_tenant uuid, nics uuid[]) RETURNS TABLE (kind text, object_id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    WITH g AS MATERIALIZED (
            SELECT c.id FROM (
                SELECT o.object_id AS id FROM host_object o
                WHERE o.host_id = of_host AND o.kind = 'SECURITY_GROUP' AND o.tenant_id = of_tenant AND NOT o.removed
                UNION SELECT x.group_id FROM unnest(nics) a (nic)
                CROSS JOIN LATERAL (SELECT y.group_id FROM nic_security_group y
                                    WHERE y.nic_id = a.nic AND y.tenant_id = of_tenant OFFSET 0) x) c
            WHERE (SELECT true FROM nic_security_group x
                   CROSS JOIN LATERAL (SELECT n.vm_id FROM nic n WHERE n.id = x.nic_id OFFSET 0) n
                   CROSS JOIN LATERAL (SELECT v.host_id, v.deleting_since FROM vm v WHERE v.id = n.vm_id OFFSET 0) v
                   WHERE x.group_id = c.id AND v.host_id = of_host AND v.deleting_since IS NULL LIMIT 1)),
         fallback AS (
            SELECT jsonb_array_elements(f.rules) AS rule FROM g
            CROSS JOIN LATERAL (SELECT r.rules FROM security_group s
                                JOIN ruleset_revision r ON r.group_id = s.id AND r.version = s.fallback_version
                                WHERE s.id = g.id OFFSET 0) f)
    SELECT 'SECURITY_GROUP', g.id FROM g
    UNION SELECT r.kind, r.object_id FROM g
          CROSS JOIN LATERAL (SELECT s.kind, s.object_id FROM security_group_reference s WHERE s.group_id = g.id OFFSET 0) r
    UNION SELECT 'GROUP_MEMBERS', (f.rule ->> 'remoteGroupId')::uuid FROM fallback f WHERE f.rule ->> 'remoteGroupId' IS NOT NULL
    UNION SELECT 'ADDRESS_GROUP', (f.rule ->> 'remoteAddressGroupId')::uuid FROM fallback f
          WHERE f.rule ->> 'remoteAddressGroupId' IS NOT NULL;
END $$;

-- Only the groups of these NICs of the tenant changed, or what its groups refer to: as refresh_host_objects, but without
-- what such a change leaves as it is. The host's row is locked by the caller.
CREATE FUNCTION refresh_host_sets(of_host uuid, of_tenant uuid, nics uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    d record;
BEGIN
    SELECT array_agg(kind) AS kinds, array_agg(object_id) AS ids, array_agg(of_tenant) AS tenants,
           array_agg(w.wanted IS NULL) AS gone INTO d
        FROM (SELECT o.kind, o.object_id, true AS wanted FROM wanted_host_sets(of_host, of_tenant, nics) o) w
        FULL JOIN (SELECT o.kind, o.object_id, true AS held FROM host_object o
                   WHERE o.host_id = of_host AND o.kind IN ('SECURITY_GROUP', 'GROUP_MEMBERS', 'ADDRESS_GROUP')
                     AND o.tenant_id = of_tenant AND NOT o.removed) h USING (kind, object_id)
        WHERE w.wanted IS NULL OR h.held IS NULL;
    PERFORM tell_difference(of_host, d.kinds, d.ids, d.tenants, d.gone);
END $$;
REVOKE EXECUTE ON FUNCTION tell_difference(uuid, text[], uuid[], uuid[], boolean[]), wanted_host_sets(uuid, uuid, uuid[]),
    refresh_host_sets(uuid, uuid, uuid[]) FROM PUBLIC;

-- As before, but around a NIC or a group only the groups and what they refer to are compared: attaching a group took 100 ms
-- on a host of 1,000 NICs.
CREATE OR REPLACE FUNCTION change_hosts(of_tenant uuid, touched_kinds text[], touched_ids uuid[], around_kinds text[], around_ids uuid[],
                                        rearranged uuid[], unplaced uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    w record;
    picked uuid;
    refreshed uuid[];
    regrouped uuid[];
    come uuid[];
    gone uuid[];
    peers uuid[];
BEGIN
    PERFORM lock_host_changes(of_tenant);
    IF cardinality(unplaced) > 0 THEN
        PERFORM 1 FROM host ORDER BY id FOR UPDATE;
    END IF;

    FOR w IN SELECT id, vcpus, memory_mib, bound_host_id FROM vm
             WHERE id = ANY (unplaced) AND tenant_id = of_tenant AND host_id IS NULL AND deleting_since IS NULL ORDER BY id
    LOOP
        picked := host_with_room(w.vcpus, w.memory_mib, w.bound_host_id);
        IF picked IS NOT NULL THEN
            UPDATE vm SET host_id = picked WHERE id = w.id;
            rearranged := rearranged || picked;
        ELSIF EXISTS (SELECT FROM host WHERE capacity_vcpus > 0) THEN
            RAISE EXCEPTION 'no host has room for % vCPUs and % MiB', w.vcpus, w.memory_mib USING ERRCODE = 'FH001';
        END IF;
    END LOOP;

    refreshed := ARRAY(
        SELECT unnest(rearranged)
        UNION SELECT o.host_id FROM host_object o JOIN unnest(around_kinds, around_ids) a (kind, id)
              ON o.kind = a.kind AND o.object_id = a.id WHERE NOT o.removed AND a.kind NOT IN ('NIC', 'SECURITY_GROUP'));
    regrouped := ARRAY(
        SELECT o.host_id FROM host_object o JOIN unnest(around_kinds, around_ids) a (kind, id)
              ON o.kind = a.kind AND o.object_id = a.id WHERE NOT o.removed AND a.kind IN ('NIC', 'SECURITY_GROUP')
        EXCEPT SELECT unnest(refreshed));

    SELECT array_agg(nic_id) FILTER (WHERE comes),
           array_agg(nic_id) FILTER (WHERE NOT comes)
        INTO come, gone FROM moving_nics(refreshed);
    gone := ARRAY(SELECT unnest(gone) EXCEPT SELECT unnest(come));
    peers := ARRAY(
        SELECT o.host_id FROM nic c JOIN host_object o ON o.kind = 'NETWORK' AND o.object_id = c.network_id
            WHERE c.id = ANY (come) AND NOT o.removed
        UNION SELECT host_id FROM host_object WHERE kind = 'REMOTE_NIC' AND object_id = ANY (gone || come) AND NOT removed);

    PERFORM 1 FROM host
        WHERE id = ANY (refreshed || regrouped || peers)
           OR id IN (SELECT o.host_id FROM host_object o JOIN unnest(touched_kinds, touched_ids) t (kind, id)
                     ON o.kind = t.kind AND o.object_id = t.id WHERE NOT o.removed)
        ORDER BY id FOR UPDATE;

    -- References first: what a host only now learns of has its newest content with it.
    PERFORM refresh_host_objects(id) FROM unnest(refreshed) AS r (id) ORDER BY id;
    PERFORM refresh_host_sets(r.id, of_tenant, ARRAY(SELECT a.id FROM unnest(around_kinds, around_ids) a (kind, id) WHERE a.kind = 'NIC'))
        FROM unnest(regrouped) AS r (id) ORDER BY r.id;
    PERFORM tell_of_moving_nics(peers, come, gone);
    FOR w IN SELECT kind, array_agg(id) AS ids FROM unnest(touched_kinds, touched_ids) t (kind, id) GROUP BY kind ORDER BY kind
    LOOP
        PERFORM touch_host_objects(w.kind, w.ids);
    END LOOP;
END $$;
