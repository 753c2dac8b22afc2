package cloud.freehold.portal.firewall.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.firewall.AddressGroupId;
import cloud.freehold.portal.firewall.domain.AddressGroup.Entry;
import cloud.freehold.portal.firewall.domain.Quotas.Limit;
import cloud.freehold.portal.hostlink.HostChanges;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** A tenant's address groups. Rules refer to them, so a changed entry changes no rule. */
@Component
public class AddressGroups {

    private static final int AUDITED = 200;

    private final AddressGroupRows rows;
    private final GroupUsage usage;
    private final Quotas quotas;
    private final HostChanges hosts;
    private final LiveEvents live;
    private final AuditTrail audit;
    private final Uuid7 ids;
    private final Clock clock;

    AddressGroups(
            AddressGroupRows rows,
            GroupUsage usage,
            Quotas quotas,
            HostChanges hosts,
            LiveEvents live,
            AuditTrail audit,
            Uuid7 ids,
            Clock clock) {
        this.rows = rows;
        this.usage = usage;
        this.quotas = quotas;
        this.hosts = hosts;
        this.live = live;
        this.audit = audit;
        this.ids = ids;
        this.clock = clock;
    }

    /** A line in the list; its group is without entries. */
    public record Summary(AddressGroup group, int entries, int rules) {}

    @Transactional(readOnly = true)
    public List<Summary> list(TenantId tenant) {
        return rows.list(tenant);
    }

    @Transactional(readOnly = true)
    public AddressGroup get(TenantId tenant, AddressGroupId id) {
        return rows.find(tenant, id).orElseThrow(AddressGroups::notFound);
    }

    @Transactional(readOnly = true)
    public Usage usage(TenantId tenant, AddressGroupId id) {
        return usage.ofAddressGroup(tenant, id);
    }

    @Transactional
    public AddressGroup create(TenantId tenant, Actor actor, String name, String description, List<Entry> entries) {
        Naming.check(name, description);
        rows.table().requireFree(tenant, name, null);
        quotas.require(tenant, Limit.ADDRESS_GROUPS, rows.table().count(tenant) + 1);
        AddressGroup group =
                new AddressGroup(new AddressGroupId(ids.next()), name, description, 1, clock.instant(), entries);
        try {
            rows.insert(tenant, group);
        } catch (DuplicateKeyException e) {
            throw rows.table().taken(name);
        }
        live.publish(tenant, LiveTopic.GROUPS);
        audit.record(tenant, actor, entry("address-group.created", group).after(state(group, entries)));
        return group;
    }

    /** @param base the version that the caller saw */
    @Transactional
    public AddressGroup change(
            TenantId tenant,
            Actor actor,
            AddressGroupId id,
            long base,
            String name,
            String description,
            List<Entry> entries) {
        Naming.check(name, description);
        AddressGroup before = rows.lock(tenant, id).orElseThrow(AddressGroups::notFound);
        if (before.version() != base) {
            throw new ConflictException(
                    "address-group.stale",
                    before.name() + " was changed since you loaded it (version "
                            + base + ", now " + before.version()
                            + "), so nothing of yours was saved. Load it again and repeat your"
                            + " change.");
        }
        rows.table().requireFree(tenant, name, id.value());
        Map<Cidr, Entry> old = index(before.entries());
        Map<Cidr, Entry> wanted = index(entries);
        List<Entry> removed = before.entries().stream()
                .filter(entry -> !wanted.containsKey(entry.prefix()))
                .toList();
        List<Entry> written = wanted.values().stream()
                .filter(entry -> !entry.equals(old.get(entry.prefix())))
                .toList();
        List<Entry> added = written.stream()
                .filter(entry -> !old.containsKey(entry.prefix()))
                .toList();
        AddressGroup after = new AddressGroup(
                id, name, description, before.version() + 1, clock.instant(), List.copyOf(wanted.values()));
        rows.update(tenant, after, after.updatedAt());
        rows.remove(tenant, id, removed);
        rows.add(tenant, id, written);
        if (!removed.isEmpty() || !added.isEmpty()) {
            hosts.touched(ObjectKind.ADDRESS_GROUP, id.value());
        }
        live.publish(tenant, LiveTopic.GROUPS, LiveTopic.NICS);
        audit.record(
                tenant,
                actor,
                entry("address-group.changed", after)
                        .before(state(before, removed))
                        .after(state(after, added)));
        return rows.find(tenant, id).orElseThrow(AddressGroups::notFound);
    }

    @Transactional
    public void delete(TenantId tenant, Actor actor, AddressGroupId id) {
        AddressGroup group = rows.lock(tenant, id).orElseThrow(AddressGroups::notFound);
        Usage used = usage.ofAddressGroup(tenant, id);
        if (!used.isFree()) {
            throw new ConflictException("address-group.in-use", GroupUsage.sentence(group.name(), used));
        }
        rows.table().delete(tenant, id.value());
        live.publish(tenant, LiveTopic.GROUPS);
        audit.record(tenant, actor, entry("address-group.deleted", group).before(state(group, group.entries())));
    }

    private static Map<Cidr, Entry> index(List<Entry> entries) {
        Map<Cidr, Entry> index = new LinkedHashMap<>();
        entries.forEach(entry -> index.put(entry.prefix(), entry));
        return index;
    }

    private static NotFoundException notFound() {
        return new NotFoundException(
                "There is no such address group. It may have been deleted; the list shows those there are.");
    }

    private static AuditEntry entry(String action, AddressGroup group) {
        return AuditEntry.of(action, "address-group", group.id().value(), group.name());
    }

    /** @param entries those that came or went, not the whole list */
    private static Map<String, Object> state(AddressGroup group, List<Entry> entries) {
        Map<String, Object> state = new LinkedHashMap<>();
        state.put("name", group.name());
        state.put("description", group.description());
        List<String> prefixes = new ArrayList<>();
        entries.stream()
                .limit(AUDITED)
                .forEach(entry -> prefixes.add(entry.prefix().toString()));
        state.put("addresses", prefixes);
        if (entries.size() > AUDITED) {
            state.put("addressCount", entries.size());
        }
        return state;
    }
}
