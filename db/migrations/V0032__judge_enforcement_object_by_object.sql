-- Each object is looked up by its key, whatever the planner believes of how many a host has: minutes after a thousand
-- NICs came, before their tables are analyzed, it read all of a host's objects for each NIC.
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
        SELECT max((SELECT o.revision FROM host_object o
                    WHERE o.host_id = v.host_id AND o.kind = judged.kind AND o.object_id = judged.object_id
                          AND NOT o.removed)) AS desired_revision
        FROM (SELECT 'NIC' AS kind, n.id AS object_id
              UNION ALL SELECT 'NETWORK', n.network_id
              UNION ALL SELECT 'ROUTER', x.router_id FROM router_network x WHERE x.network_id = n.network_id
              UNION ALL SELECT 'SECURITY_GROUP', x.group_id FROM nic_security_group x WHERE x.nic_id = n.id
              UNION ALL SELECT r.kind, r.object_id FROM nic_security_group x
                        JOIN security_group_reference r ON r.group_id = x.group_id WHERE x.nic_id = n.id) judged
    ) d ON true
    LEFT JOIN enforcement e ON e.host_id = v.host_id AND e.revision = d.desired_revision;
