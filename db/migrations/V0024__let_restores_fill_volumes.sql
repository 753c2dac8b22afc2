ALTER TABLE volume
    ADD COLUMN restored     boolean NOT NULL DEFAULT false,
    -- The operation that fills it.
    ADD COLUMN restored_by  uuid REFERENCES operation ON DELETE SET NULL;
CREATE INDEX volume_restored_idx ON volume (restored_by) WHERE restored_by IS NOT NULL;

-- The only host that a VM can be on, for example because its disks come from a store that only this host reaches.
ALTER TABLE vm ADD COLUMN bound_host_id uuid REFERENCES host;

CREATE OR REPLACE FUNCTION change_hosts(of_tenant uuid, touched_kinds text[], touched_ids uuid[], around_kinds text[], around_ids uuid[],
                                        rearranged uuid[], unplaced uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    w record;
    picked uuid;
    refreshed uuid[];
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
