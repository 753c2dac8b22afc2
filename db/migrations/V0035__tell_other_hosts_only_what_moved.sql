-- NICs that came to a host or left it, for other hosts that know their network: a few rows each, however much they hold.
CREATE FUNCTION tell_of_moving_nics(hosts uuid[], come uuid[], gone uuid[]) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH news AS (
            SELECT own.id AS host_id, c.id AS nic_id, c.tenant_id, false AS removed
            FROM nic c JOIN vm v ON v.id = c.vm_id
            JOIN host h ON h.id = v.host_id JOIN uplink there ON there.host_name = h.name AND there.tunnel_address IS NOT NULL
            JOIN host_object n ON n.kind = 'NETWORK' AND n.object_id = c.network_id AND NOT n.removed
            JOIN host own ON own.id = n.host_id JOIN uplink here ON here.host_name = own.name AND here.tunnel_address IS NOT NULL
            WHERE c.id = ANY (come) AND own.id = ANY (hosts) AND own.id <> v.host_id
            UNION ALL
            SELECT host_id, object_id, tenant_id, true FROM host_object
            WHERE kind = 'REMOTE_NIC' AND object_id = ANY (gone) AND host_id = ANY (hosts) AND NOT removed),
         told AS (UPDATE host SET desired_revision = desired_revision + 1 WHERE id IN (SELECT host_id FROM news)
                  RETURNING id, desired_revision),
         kept AS (INSERT INTO host_object (host_id, kind, object_id, tenant_id, revision, removed)
                  SELECT n.host_id, 'REMOTE_NIC', n.nic_id, n.tenant_id, t.desired_revision, n.removed
                  FROM news n JOIN told t ON t.id = n.host_id
                  ON CONFLICT (host_id, kind, object_id)
                  DO UPDATE SET removed = excluded.removed, revision = excluded.revision),
         counted AS (INSERT INTO enforcement (host_id, revision, committed_at)
                     SELECT id, desired_revision, clock_timestamp() FROM told)
    SELECT pg_notify('host', id::text) FROM told
$$;
REVOKE EXECUTE ON FUNCTION tell_of_moving_nics(uuid[], uuid[], uuid[]) FROM PUBLIC;

-- As before, but
-- * hosts that only hear of others' NICs are not compared with all that they should know;
-- * a new VM's host is picked with all hosts locked: the one that was picked was locked before others with lower ids, and
--   two tenants' transactions could wait for each other until one was cancelled.
CREATE OR REPLACE FUNCTION change_hosts(of_tenant uuid, touched_kinds text[], touched_ids uuid[], around_kinds text[], around_ids uuid[],
                                        rearranged uuid[], unplaced uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    w record;
    picked uuid;
    refreshed uuid[];
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

    SELECT array_agg(DISTINCT id) INTO refreshed FROM (
        SELECT unnest(rearranged) AS id
        UNION SELECT o.host_id FROM host_object o JOIN unnest(around_kinds, around_ids) a (kind, id)
              ON o.kind = a.kind AND o.object_id = a.id WHERE NOT o.removed) x;

    SELECT array_agg(nic_id) FILTER (WHERE comes),
           array_agg(nic_id) FILTER (WHERE NOT comes)
        INTO come, gone FROM moving_nics(refreshed);
    gone := ARRAY(SELECT unnest(gone) EXCEPT SELECT unnest(come));
    peers := ARRAY(
        SELECT o.host_id FROM nic c JOIN host_object o ON o.kind = 'NETWORK' AND o.object_id = c.network_id
            WHERE c.id = ANY (come) AND NOT o.removed
        UNION SELECT host_id FROM host_object WHERE kind = 'REMOTE_NIC' AND object_id = ANY (gone || come) AND NOT removed);

    PERFORM 1 FROM host
        WHERE id = ANY (refreshed || peers)
           OR id IN (SELECT o.host_id FROM host_object o JOIN unnest(touched_kinds, touched_ids) t (kind, id)
                     ON o.kind = t.kind AND o.object_id = t.id WHERE NOT o.removed)
        ORDER BY id FOR UPDATE;

    -- References first: what a host only now learns of has its newest content with it.
    PERFORM refresh_host_objects(id) FROM unnest(refreshed) AS r (id) ORDER BY id;
    PERFORM tell_of_moving_nics(peers, come, gone);
    FOR w IN SELECT kind, array_agg(id) AS ids FROM unnest(touched_kinds, touched_ids) t (kind, id) GROUP BY kind ORDER BY kind
    LOOP
        PERFORM touch_host_objects(w.kind, w.ids);
    END LOOP;
END $$;
