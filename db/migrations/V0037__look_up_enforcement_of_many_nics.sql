-- Desired against applied, for these NICs: the view nic_enforcement for many NICs at once. A NIC is enforced when its host
-- has applied the last change of anything that its packets are judged by.
--
-- The view joins as the planner likes, and it likes nested loops over whole tables while it believes that there are three
-- NICs: after a thousand came at once, the page of their group took seconds until the tables were analyzed, and longer in
-- sessions that kept the plan. Here each row is looked up by its key (LATERAL with OFFSET 0 is not merged into the rest, and
-- there is no scan but by an index), what the NICs of a group share is looked up once a host, and the few joins that remain
-- are hashed. So one plan suits 3 and 30,000 NICs and need not be made anew.
--
-- The view stays for portals of the version before.
CREATE FUNCTION enforcement_of_nics(nics uuid[])
    RETURNS TABLE (nic_id uuid, vm_id uuid, host_id uuid, desired_revision bigint, applied_revision bigint, link text,
                   problem jsonb, host_last_seen_at timestamptz, committed_at timestamptz, applied_at timestamptz, addresses text[])
    LANGUAGE plpgsql STABLE
    SET enable_seqscan = off SET enable_nestloop = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    WITH asked AS MATERIALIZED (
            SELECT n.id, n.vm_id AS vm, n.network_id AS network, v.host
            FROM (SELECT DISTINCT unnest(nics) AS id) a
            CROSS JOIN LATERAL (SELECT c.id, c.vm_id, c.network_id FROM nic c WHERE c.id = a.id OFFSET 0) n
            CROSS JOIN LATERAL (SELECT m.host_id AS host FROM vm m WHERE m.id = n.vm_id OFFSET 0) v),
         membership AS MATERIALIZED (
            SELECT a.id AS nic, a.host, g.id AS grp
            FROM asked a
            CROSS JOIN LATERAL (SELECT x.group_id AS id FROM nic_security_group x WHERE x.nic_id = a.id OFFSET 0) g),
         grp AS MATERIALIZED (SELECT DISTINCT m.host, m.grp AS id FROM membership m),
         part AS MATERIALIZED (
            SELECT g.host, g.id AS grp, 'SECURITY_GROUP' AS kind, g.id FROM grp g
            UNION ALL
            SELECT g.host, g.id, r.kind, r.id
            FROM grp g
            CROSS JOIN LATERAL (SELECT s.kind, s.object_id AS id FROM security_group_reference s
                                WHERE s.group_id = g.id OFFSET 0) r),
         told AS MATERIALIZED (
            SELECT p.host, p.grp, max(o.revision) AS revision
            FROM part p
            CROSS JOIN LATERAL (SELECT h.revision FROM host_object h WHERE h.host_id = p.host AND h.kind = p.kind
                                AND h.object_id = p.id AND NOT h.removed OFFSET 0) o
            GROUP BY p.host, p.grp),
         by_groups AS (
            SELECT m.nic, max(t.revision) AS revision
            FROM membership m JOIN told t ON t.host = m.host AND t.grp = m.grp GROUP BY m.nic)
    SELECT a.id, a.vm, a.host, d.revision,
           CASE WHEN s.problem IS NULL THEN h.applied_revision ELSE s.applied_revision END,
           s.link, s.problem, h.last_seen_at, e.committed_at, e.applied_at,
           ARRAY(SELECT host(i.ip) FROM address i WHERE i.nic_id = a.id ORDER BY family(i.ip), i.ip)
    FROM asked a
    LEFT JOIN by_groups b ON b.nic = a.id
    CROSS JOIN LATERAL (
        SELECT greatest(b.revision,
            (SELECT o.revision FROM host_object o
             WHERE o.host_id = a.host AND o.kind = 'NIC' AND o.object_id = a.id AND NOT o.removed),
            (SELECT o.revision FROM host_object o
             WHERE o.host_id = a.host AND o.kind = 'NETWORK' AND o.object_id = a.network AND NOT o.removed),
            (SELECT max((SELECT o.revision FROM host_object o
                         WHERE o.host_id = a.host AND o.kind = 'ROUTER' AND o.object_id = r.router_id AND NOT o.removed))
             FROM router_network r WHERE r.network_id = a.network)) AS revision OFFSET 0) d
    LEFT JOIN LATERAL (SELECT x.applied_revision, x.last_seen_at FROM host x WHERE x.id = a.host OFFSET 0) h ON true
    LEFT JOIN LATERAL (SELECT x.applied_revision, x.link, x.problem FROM nic_status x WHERE x.nic_id = a.id OFFSET 0) s ON true
    LEFT JOIN LATERAL (SELECT x.committed_at, x.applied_at FROM enforcement x
                       WHERE x.host_id = a.host AND x.revision = d.revision OFFSET 0) e ON true;
END $$;
REVOKE EXECUTE ON FUNCTION enforcement_of_nics(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION enforcement_of_nics(uuid[]) TO freehold_portal, freehold_system;
