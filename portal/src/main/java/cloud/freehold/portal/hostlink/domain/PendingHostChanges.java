package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.portal.common.TenantId;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What one transaction has to tell hosts about one tenant. */
final class PendingHostChanges {

    private final TenantId tenant;
    private final Set<ObjectRef> touched = new LinkedHashSet<>();
    private final Set<ObjectRef> around = new LinkedHashSet<>();
    private final Set<UUID> rearranged = new LinkedHashSet<>();
    private final Set<UUID> unplaced = new LinkedHashSet<>();

    PendingHostChanges(TenantId tenant) {
        this.tenant = tenant;
    }

    TenantId tenant() {
        return tenant;
    }

    PendingHostChanges touched(ObjectKind kind, Collection<UUID> ids) {
        ids.forEach(id -> touched.add(new ObjectRef(kind, id)));
        return this;
    }

    PendingHostChanges around(ObjectKind kind, Collection<UUID> ids) {
        ids.forEach(id -> around.add(new ObjectRef(kind, id)));
        return this;
    }

    PendingHostChanges rearranged(Collection<UUID> hostIds) {
        rearranged.addAll(hostIds);
        return this;
    }

    PendingHostChanges unplaced(UUID vmId) {
        unplaced.add(vmId);
        return this;
    }

    /** Last in the transaction: takes locks that other tenants' changes wait for. */
    void apply(JdbcClient jdbc) {
        if (touched.isEmpty() && around.isEmpty() && rearranged.isEmpty() && unplaced.isEmpty()) {
            return;
        }
        jdbc.sql("select change_hosts(:tenant, :touchedKinds, :touchedIds, :aroundKinds, :aroundIds, :hosts, :vms)")
                .param("tenant", tenant.value())
                .param("touchedKinds", array(touched, ref -> ref.kind().name(), String[]::new))
                .param("touchedIds", array(touched, ObjectRef::id, UUID[]::new))
                .param("aroundKinds", array(around, ref -> ref.kind().name(), String[]::new))
                .param("aroundIds", array(around, ObjectRef::id, UUID[]::new))
                .param("hosts", rearranged.toArray(UUID[]::new))
                .param("vms", unplaced.toArray(UUID[]::new))
                .query((row, number) -> number)
                .list();
    }

    private static <T, R> R[] array(Set<T> items, Function<T, R> part, java.util.function.IntFunction<R[]> array) {
        return items.stream().map(part).toArray(array);
    }
}
