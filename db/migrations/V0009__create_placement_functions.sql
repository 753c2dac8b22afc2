-- How a change reaches hosts. Both functions take the locks of the affected hosts in one order and give each host its
-- next revision, so a host's revisions become visible in their order and a poller can never skip one. They run as the
-- owner because a tenant may not write these tables itself.

-- Objects changed: every host that holds one of them is told.
CREATE FUNCTION touch_host_objects(object_kind text, object_ids uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    h record;
BEGIN
    FOR h IN
        SELECT id FROM host
        WHERE id IN (SELECT host_id FROM host_object WHERE kind = object_kind AND object_id = ANY (object_ids) AND NOT removed)
        ORDER BY id FOR UPDATE
    LOOP
        UPDATE host SET desired_revision = desired_revision + 1 WHERE id = h.id;
        UPDATE host_object o SET revision = (SELECT desired_revision FROM host WHERE id = h.id)
            WHERE o.host_id = h.id AND o.kind = object_kind AND o.object_id = ANY (object_ids) AND NOT o.removed;
        INSERT INTO enforcement (host_id, revision, committed_at)
            SELECT id, desired_revision, clock_timestamp() FROM host WHERE id = h.id;
        PERFORM pg_notify('host', h.id::text);
    END LOOP;
END $$;

-- What a host has to know: its VMs, their NICs, those NICs' networks and groups, and the sets that those groups refer to
-- (also in the version that an unconfirmed change falls back to).
CREATE FUNCTION wanted_host_objects(of_host uuid) RETURNS TABLE (kind text, object_id uuid, tenant_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH v AS (SELECT id, tenant_id FROM vm WHERE host_id = of_host AND deleting_since IS NULL),
         n AS (SELECT nic.id, nic.tenant_id, nic.network_id FROM nic JOIN v ON v.id = nic.vm_id),
         g AS (SELECT DISTINCT s.group_id AS id, s.tenant_id FROM nic_security_group s JOIN n ON n.id = s.nic_id),
         fallback AS (SELECT jsonb_array_elements(r.rules) AS rule, g.tenant_id
                      FROM g JOIN security_group sg ON sg.id = g.id
                      JOIN ruleset_revision r ON r.group_id = sg.id AND r.version = sg.fallback_version)
    SELECT 'VM', id, tenant_id FROM v
    UNION SELECT 'NIC', id, tenant_id FROM n
    UNION SELECT 'NETWORK', network_id, tenant_id FROM n
    UNION SELECT 'SECURITY_GROUP', id, tenant_id FROM g
    UNION SELECT 'GROUP_MEMBERS', r.remote_group_id, r.tenant_id FROM rule r JOIN g ON g.id = r.group_id
          WHERE r.remote_group_id IS NOT NULL
    UNION SELECT 'ADDRESS_GROUP', r.remote_address_group_id, r.tenant_id FROM rule r JOIN g ON g.id = r.group_id
          WHERE r.remote_address_group_id IS NOT NULL
    UNION SELECT 'GROUP_MEMBERS', (rule ->> 'remoteGroupId')::uuid, tenant_id FROM fallback WHERE rule ->> 'remoteGroupId' IS NOT NULL
    UNION SELECT 'ADDRESS_GROUP', (rule ->> 'remoteAddressGroupId')::uuid, tenant_id FROM fallback
          WHERE rule ->> 'remoteAddressGroupId' IS NOT NULL
$$;

-- Placement or references changed (a VM, a NIC, a group attached, a rule's remote): compare and tell the difference.
CREATE FUNCTION refresh_host_objects(of_host uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    next_revision bigint;
BEGIN
    PERFORM 1 FROM host WHERE id = of_host FOR UPDATE;
    IF NOT EXISTS (
        (SELECT kind, object_id FROM wanted_host_objects(of_host)
         EXCEPT SELECT kind, object_id FROM host_object WHERE host_id = of_host AND NOT removed)
        UNION ALL
        (SELECT kind, object_id FROM host_object WHERE host_id = of_host AND NOT removed
         EXCEPT SELECT kind, object_id FROM wanted_host_objects(of_host))) THEN
        RETURN;
    END IF;
    UPDATE host SET desired_revision = desired_revision + 1 WHERE id = of_host RETURNING desired_revision INTO next_revision;
    INSERT INTO host_object AS o (host_id, kind, object_id, tenant_id, revision)
        SELECT of_host, w.kind, w.object_id, w.tenant_id, next_revision FROM wanted_host_objects(of_host) w
        ON CONFLICT (host_id, kind, object_id)
        DO UPDATE SET removed = false, revision = next_revision WHERE o.removed;
    UPDATE host_object o SET removed = true, revision = next_revision
        WHERE o.host_id = of_host AND NOT o.removed
          AND NOT EXISTS (SELECT FROM wanted_host_objects(of_host) w WHERE w.kind = o.kind AND w.object_id = o.object_id);
    INSERT INTO enforcement (host_id, revision, committed_at) VALUES (of_host, next_revision, clock_timestamp());
    PERFORM pg_notify('host', of_host::text);
END $$;

-- A NIC is enforced when its host has applied the last change of anything that its packets are judged by.
CREATE VIEW nic_enforcement WITH (security_invoker = true) AS
    SELECT n.id AS nic_id, n.tenant_id, n.vm_id, v.host_id,
           d.desired_revision,
           CASE WHEN s.problem IS NULL THEN h.applied_revision ELSE s.applied_revision END AS applied_revision,
           s.link, s.problem, h.last_seen_at AS host_last_seen_at,
           e.committed_at, e.applied_at
    FROM nic n
    JOIN vm v ON v.id = n.vm_id
    LEFT JOIN host h ON h.id = v.host_id
    LEFT JOIN nic_status s ON s.nic_id = n.id
    LEFT JOIN LATERAL (
        SELECT max(o.revision) AS desired_revision FROM host_object o
        WHERE o.host_id = v.host_id AND NOT o.removed AND (
              (o.kind = 'NIC' AND o.object_id = n.id)
           OR (o.kind = 'NETWORK' AND o.object_id = n.network_id)
           OR (o.kind = 'SECURITY_GROUP' AND o.object_id IN (SELECT group_id FROM nic_security_group x WHERE x.nic_id = n.id))
           OR (o.kind IN ('GROUP_MEMBERS', 'ADDRESS_GROUP') AND o.object_id IN (
                 SELECT coalesce(r.remote_group_id, r.remote_address_group_id)
                 FROM rule r JOIN nic_security_group x ON x.group_id = r.group_id WHERE x.nic_id = n.id)))
    ) d ON true
    LEFT JOIN enforcement e ON e.host_id = v.host_id AND e.revision = d.desired_revision;
