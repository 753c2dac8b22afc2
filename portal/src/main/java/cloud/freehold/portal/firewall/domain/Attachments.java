package cloud.freehold.portal.firewall.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.hostlink.HostChanges;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Which groups a NIC has. Attaching works on a running VM; its connections are judged again at once. */
@Component
public class Attachments {

    /** What a host's policy holds for one NIC. */
    public static final int GROUPS_PER_NIC = 64;

    private final JdbcClient jdbc;
    private final SecurityGroupRows groups;
    private final HostChanges hosts;
    private final LiveEvents live;
    private final AuditTrail audit;

    Attachments(JdbcClient jdbc, SecurityGroupRows groups, HostChanges hosts, LiveEvents live, AuditTrail audit) {
        this.jdbc = jdbc;
        this.groups = groups;
        this.hosts = hosts;
        this.live = live;
        this.audit = audit;
    }

    /** A NIC that groups can be attached to. */
    public record Nic(UUID id, UUID vmId, String vmName, int index) {

        public String name() {
            return vmName + "/eth" + index;
        }
    }

    @Transactional(readOnly = true)
    public List<Nic> nics(TenantId tenant) {
        return jdbc.sql("SELECT n.id, n.vm_id, v.name, n.device_index FROM nic n JOIN vm v ON v.id = n.vm_id"
                        + " WHERE n.tenant_id = ? AND v.deleting_since IS NULL ORDER BY v.name, n.device_index")
                .param(tenant.value())
                .query((row, number) -> new Nic(
                        row.getObject("id", UUID.class),
                        row.getObject("vm_id", UUID.class),
                        row.getString("name"),
                        row.getInt("device_index")))
                .list();
    }

    /** In the order in which they were attached. */
    @Transactional(readOnly = true)
    public List<SecurityGroup> groupsOf(TenantId tenant, UUID nic) {
        return ids(tenant, nic).stream()
                .flatMap(id -> groups.find(tenant, id).stream())
                .toList();
    }

    /** @throws NotFoundException when the tenant has no such NIC */
    @Transactional(readOnly = true)
    public Nic nic(TenantId tenant, UUID id) {
        return one(tenant, id, "");
    }

    /** @param name as {@link Nic#name()} says it */
    @Transactional(readOnly = true)
    public Nic named(TenantId tenant, String name) {
        return nics(tenant).stream()
                .filter(nic -> nic.name().equals(name))
                .findFirst()
                .orElseThrow(() -> InvalidInputException.field(
                        "nic.unknown",
                        "nic",
                        "There is no NIC “" + name
                                + "”. Write the VM's name, a slash and the NIC, for example web/eth0."));
    }

    @Transactional
    public void attach(TenantId tenant, Actor actor, UUID nicId, SecurityGroupId group) {
        Nic nic = lock(tenant, nicId);
        Set<SecurityGroupId> wanted = new LinkedHashSet<>(ids(tenant, nicId));
        if (wanted.add(group)) {
            replace(tenant, actor, nic, wanted);
        }
    }

    @Transactional
    public void detach(TenantId tenant, Actor actor, UUID nicId, SecurityGroupId group) {
        Nic nic = lock(tenant, nicId);
        Set<SecurityGroupId> wanted = new LinkedHashSet<>(ids(tenant, nicId));
        if (wanted.remove(group)) {
            replace(tenant, actor, nic, wanted);
        }
    }

    /** Makes these, in this order, all the groups of the NIC. */
    @Transactional
    public void set(TenantId tenant, Actor actor, UUID nicId, List<SecurityGroupId> wanted) {
        Nic nic = lock(tenant, nicId);
        Set<SecurityGroupId> distinct = new LinkedHashSet<>(wanted);
        if (!new ArrayList<>(distinct).equals(ids(tenant, nicId))) {
            replace(tenant, actor, nic, distinct);
        }
    }

    private void replace(TenantId tenant, Actor actor, Nic nic, Set<SecurityGroupId> wanted) {
        if (wanted.size() > GROUPS_PER_NIC) {
            throw new CapacityException(
                    "nic.too-many-groups",
                    nic.name() + " would have " + wanted.size() + " security groups; at most " + GROUPS_PER_NIC
                            + " fit. Detach one, or put the rules into one group.");
        }
        Map<SecurityGroupId, String> names = groups.names(tenant);
        for (SecurityGroupId id : wanted) {
            if (!names.containsKey(id)) {
                throw SecurityGroups.notFound();
            }
        }
        List<SecurityGroupId> before = ids(tenant, nic.id());
        jdbc.sql("DELETE FROM nic_security_group WHERE tenant_id = ? AND nic_id = ?")
                .params(tenant.value(), nic.id())
                .update();
        int position = 0;
        for (SecurityGroupId id : wanted) {
            jdbc.sql("INSERT INTO nic_security_group (tenant_id, nic_id, group_id, position) VALUES (?, ?, ?, ?)")
                    .params(tenant.value(), nic.id(), id.value(), position++)
                    .update();
        }
        tell(tenant, nic, before, wanted);
        audit.record(
                tenant,
                actor,
                AuditEntry.of("nic.security-groups-changed", "nic", nic.id(), nic.name())
                        .before(Map.of("securityGroups", named(before, names)))
                        .after(Map.of("securityGroups", named(List.copyOf(wanted), names))));
    }

    /** The NIC has another policy; who refers to a group that it joined or left sees other members. */
    private void tell(TenantId tenant, Nic nic, List<SecurityGroupId> before, Set<SecurityGroupId> wanted) {
        Set<UUID> changed = new LinkedHashSet<>();
        before.stream().filter(id -> !wanted.contains(id)).forEach(id -> changed.add(id.value()));
        wanted.stream().filter(id -> !before.contains(id)).forEach(id -> changed.add(id.value()));
        hosts.touched(ObjectKind.NIC, nic.id());
        hosts.rearrangedAround(ObjectKind.NIC, nic.id());
        if (!changed.isEmpty()) {
            hosts.touched(ObjectKind.GROUP_MEMBERS, changed);
        }
        live.publish(tenant, LiveTopic.GROUPS, LiveTopic.NICS);
    }

    private static List<String> named(List<SecurityGroupId> ids, Map<SecurityGroupId, String> names) {
        return ids.stream().map(id -> names.getOrDefault(id, id.toString())).toList();
    }

    private List<SecurityGroupId> ids(TenantId tenant, UUID nic) {
        return jdbc
                .sql(
                        "SELECT group_id FROM nic_security_group WHERE tenant_id = ? AND nic_id = ? ORDER BY position, group_id")
                .params(tenant.value(), nic)
                .query(UUID.class)
                .list()
                .stream()
                .map(SecurityGroupId::new)
                .toList();
    }

    private Nic lock(TenantId tenant, UUID id) {
        return one(tenant, id, " FOR UPDATE OF n");
    }

    private Nic one(TenantId tenant, UUID id, String suffix) {
        return jdbc.sql("SELECT n.id, n.vm_id, v.name, n.device_index FROM nic n JOIN vm v ON v.id = n.vm_id"
                        + " WHERE n.tenant_id = ? AND n.id = ? AND v.deleting_since IS NULL" + suffix)
                .params(tenant.value(), id)
                .query((row, number) -> new Nic(
                        row.getObject("id", UUID.class),
                        row.getObject("vm_id", UUID.class),
                        row.getString("name"),
                        row.getInt("device_index")))
                .optional()
                .orElseThrow(() -> new NotFoundException(
                        "There is no such NIC. It may have been removed; the VM's page shows those there are."));
    }
}
