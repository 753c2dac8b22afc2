package cloud.freehold.portal.firewall;

import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.TenantId;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** What other features do with the firewall. All calls need an open transaction of the tenant. */
public interface Firewall {

    /** By name. */
    List<GroupChoice> choices(TenantId tenant);

    /**
     * Makes these, in this order, all the security groups of a NIC; also right after the NIC's row was inserted, in the
     * same transaction.
     *
     * @throws cloud.freehold.portal.common.NotFoundException when the tenant has no such NIC or group
     */
    void attach(TenantId tenant, Actor actor, UUID nic, List<SecurityGroupId> groups);

    /** In the order in which they count hits. */
    List<GroupChoice> attachedTo(TenantId tenant, UUID nic);

    /** The rules with these ids; what is no rule of the tenant, or not any more, is left out. */
    Map<UUID, RuleMention> mentions(TenantId tenant, Collection<UUID> rules);

    /**
     * The group with this name; when there is none it is created with these rules.
     *
     * @param rules lines of CSV without a header: {@code direction,action,protocol,ports,remote,description}
     */
    SecurityGroupId provideGroup(TenantId tenant, Actor actor, String name, String description, String... rules);

    /**
     * The group that new NICs have unless one chooses others: answers ping, and lets nothing else in.
     */
    SecurityGroupId provideDefaultGroup(TenantId tenant, Actor actor);
}
