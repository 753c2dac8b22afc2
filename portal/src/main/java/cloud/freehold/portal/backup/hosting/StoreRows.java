package cloud.freehold.portal.backup.hosting;

import cloud.freehold.api.backup.StoreRef;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.secrets.Secrets;
import cloud.freehold.portal.secrets.Wrapped;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Stores with all that hosts need to reach them, in the current transaction of the system's data source. */
@Component
class StoreRows {

    /** @param hostId the only host that reaches it; null: all do */
    record Row(StoreRef ref, @Nullable UUID hostId, long keepFreeBytes, long bytesPerSecond) {}

    record AccessKeys(@Nullable String access, @Nullable String secret) {}

    private final JdbcClient system;
    private final Secrets secrets;

    StoreRows(@SystemAccess JdbcClient system, Secrets secrets) {
        this.system = system;
        this.secrets = secrets;
    }

    Optional<Row> find(UUID id) {
        return system.sql("select * from backup_store where id = :id")
                .param("id", id)
                .query((row, number) -> new Row(
                        ref(row),
                        row.getObject("host_id", UUID.class),
                        row.getLong("keep_free_bytes"),
                        row.getLong("bytes_per_second")))
                .optional();
    }

    AccessKeys keys(UUID id) {
        return system.sql("select access_key, secret_key, wrapped_by from backup_store where id = :id")
                .param("id", id)
                .query((row, number) -> row.getBytes("access_key") == null
                        ? new AccessKeys(null, null)
                        : new AccessKeys(
                                unwrap(row.getBytes("access_key"), row.getString("wrapped_by"), id),
                                unwrap(row.getBytes("secret_key"), row.getString("wrapped_by"), id)))
                .single();
    }

    private String unwrap(byte[] bytes, String by, UUID store) {
        return new String(secrets.unwrap(new Wrapped(bytes, by), purpose(store)), StandardCharsets.UTF_8);
    }

    static String purpose(UUID store) {
        return "backup-store " + store;
    }

    private static StoreRef ref(ResultSet row) throws SQLException {
        return new StoreRef(
                row.getObject("id", UUID.class),
                StoreRef.Kind.valueOf(row.getString("kind")),
                row.getString("path"),
                row.getString("endpoint"),
                row.getString("bucket"),
                row.getString("prefix"),
                row.getString("region"));
    }
}
