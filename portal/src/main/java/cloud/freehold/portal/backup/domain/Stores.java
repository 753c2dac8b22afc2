package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.backup.Store;
import cloud.freehold.portal.backup.StoreId;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.TenantId;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The provider's stores, as tenants may choose them. */
@Component
class Stores {

    private final JdbcClient jdbc;

    Stores(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    List<Store> offered(TenantId tenant) {
        Objects.requireNonNull(tenant);
        return jdbc.sql("select id, name, kind, host_id from backup_store where retired_at is null order by name")
                .query((row, number) -> new Store(
                        new StoreId(row.getObject("id", UUID.class)),
                        row.getString("name"),
                        row.getString("kind"),
                        row.getObject("host_id", UUID.class)))
                .list();
    }

    /** The only host that reaches it, also when it is no longer offered; null: all do. */
    @Nullable
    UUID hostOf(StoreId store) {
        return jdbc.sql("select host_id from backup_store where id = :id and host_id is not null")
                .param("id", store.value())
                .query(UUID.class)
                .optional()
                .orElse(null);
    }

    /** @param wanted null: the first that the host reaches */
    Store choose(TenantId tenant, @Nullable StoreId wanted, UUID host) {
        List<Store> offered = offered(tenant);
        if (wanted == null) {
            return offered.stream()
                    .filter(store -> store.isReachedBy(host))
                    .findFirst()
                    .orElseThrow(() -> new ConflictException(
                            "backup.no-store",
                            "The provider has set up no place for backups that the VM's host reaches. Ask the provider for"
                                    + " one."));
        }
        Store chosen = offered.stream()
                .filter(store -> store.id().equals(wanted))
                .findFirst()
                .orElseThrow(() -> InvalidInputException.field(
                        "backup.store", "store", "There is no such store. Choose one of the list."));
        if (!chosen.isReachedBy(host)) {
            throw InvalidInputException.field(
                    "backup.store-out-of-reach",
                    "store",
                    "The VM's host does not reach " + chosen.name() + ". Choose another store.");
        }
        return chosen;
    }
}
