package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.desired.DesiredAddressSet;
import cloud.freehold.api.desired.DesiredAddressSet.SetRef;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** The addresses that the rules on a host refer to: whole, or what changed since this portal last told the host. */
final class DesiredSets {

    private DesiredSets() {}

    static List<DesiredAddressSet> read(HostQuery query, boolean full, SentSets sent) {
        List<DesiredAddressSet> sets = new ArrayList<>();
        // A set that nobody is in is told as well: rules refer to it.
        read(query, full, sent, sets, ObjectKind.GROUP_MEMBERS, """
                select o.object_id, o.revision, o.tenant_id,
                       array(select distinct host(a.ip) from nic_security_group s
                             join nic n on n.id = s.nic_id
                             join vm v on v.id = n.vm_id and v.deleting_since is null
                             join address a on a.nic_id = n.id
                             where s.group_id = o.object_id order by 1) as members
                from (select 1) one
                """);
        read(query, full, sent, sets, ObjectKind.ADDRESS_GROUP, """
                select o.object_id, o.revision, o.tenant_id,
                       array(select e.prefix::text from address_group_entry e
                             where e.group_id = o.object_id order by 1) as members
                from (select 1) one
                """);
        return sets;
    }

    private static void read(
            HostQuery query,
            boolean full,
            SentSets sent,
            List<DesiredAddressSet> into,
            ObjectKind kind,
            String select) {
        query.changed(kind, select, "o.object_id", "order by o.object_id").query(row -> {
            SetRef ref = new SetRef(kind, row.getObject("object_id", UUID.class));
            long revision = row.getLong("revision");
            UUID tenant = row.getObject("tenant_id", UUID.class);
            List<String> members = DesiredNetworking.list(row, "members", String[].class);
            into.add(
                    full
                            ? sent.whole(query.hostId(), ref, revision, tenant, members)
                            : sent.changed(query.hostId(), ref, revision, tenant, members, query.after()));
        });
    }
}
