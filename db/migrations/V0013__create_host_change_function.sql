-- The one way in which a tenant's transaction tells hosts. It runs at the very end of the transaction, and one after
-- another for one tenant: else a transaction that makes a host refer to a set and one that changes that set could each
-- miss the other, and the host would never hear of the change. Locks: tenant (advisory), then hosts in order of id.

CREATE FUNCTION lock_host_changes(of_tenant uuid) RETURNS void LANGUAGE sql VOLATILE
    AS $$ SELECT pg_advisory_xact_lock(hashtextextended('host-changes:' || of_tenant::text, 0)) $$;

-- The host with the most free memory that has room for so much; one that was seen lately comes first.
CREATE FUNCTION host_with_room(need_vcpus integer, need_memory_mib bigint, among uuid DEFAULT NULL) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT h.id FROM host h
    CROSS JOIN LATERAL (SELECT coalesce(sum(v.vcpus), 0) AS vcpus, coalesce(sum(v.memory_mib), 0) AS memory_mib
                        FROM vm v WHERE v.host_id = h.id) used
    WHERE (among IS NULL OR h.id = among)
      AND h.capacity_vcpus - used.vcpus >= need_vcpus AND h.capacity_memory_mib - used.memory_mib >= need_memory_mib
    ORDER BY coalesce(h.last_seen_at > now() - interval '1 minute', false) DESC, h.capacity_memory_mib - used.memory_mib DESC, h.id
    LIMIT 1
$$;

-- touched: these objects' content changed. around: what the hosts that hold these objects have to know may have changed.
-- rearranged: likewise, hosts named by id. unplaced: VMs that want a host; they stay without one while there is no host
-- at all, and it is an error (FH001) when there are hosts but none has room.
CREATE FUNCTION change_hosts(of_tenant uuid, touched_kinds text[], touched_ids uuid[], around_kinds text[], around_ids uuid[],
                             rearranged uuid[], unplaced uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    w record;
    picked uuid;
    refreshed uuid[];
BEGIN
    PERFORM lock_host_changes(of_tenant);

    FOR w IN SELECT id, vcpus, memory_mib FROM vm
             WHERE id = ANY (unplaced) AND tenant_id = of_tenant AND host_id IS NULL AND deleting_since IS NULL ORDER BY id
    LOOP
        picked := host_with_room(w.vcpus, w.memory_mib);
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

    PERFORM 1 FROM host
        WHERE id = ANY (refreshed)
           OR id IN (SELECT o.host_id FROM host_object o JOIN unnest(touched_kinds, touched_ids) t (kind, id)
                     ON o.kind = t.kind AND o.object_id = t.id WHERE NOT o.removed)
        ORDER BY id FOR UPDATE;

    -- References first: what a host only now learns of has its newest content with it.
    PERFORM refresh_host_objects(id) FROM unnest(refreshed) AS r (id) ORDER BY id;
    FOR w IN SELECT kind, array_agg(id) AS ids FROM unnest(touched_kinds, touched_ids) t (kind, id) GROUP BY kind ORDER BY kind
    LOOP
        PERFORM touch_host_objects(w.kind, w.ids);
    END LOOP;
END $$;

REVOKE EXECUTE ON FUNCTION lock_host_changes(uuid), host_with_room(integer, bigint, uuid),
    change_hosts(uuid, text[], uuid[], text[], uuid[], uuid[], uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION change_hosts(uuid, text[], uuid[], text[], uuid[], uuid[], uuid[]) TO freehold_portal, freehold_system;
