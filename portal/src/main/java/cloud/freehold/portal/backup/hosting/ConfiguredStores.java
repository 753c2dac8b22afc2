package cloud.freehold.portal.backup.hosting;

import cloud.freehold.portal.backup.hosting.BackupProperties.ConfiguredStore;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.secrets.Secrets;
import cloud.freehold.portal.secrets.Wrapped;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/** Brings the provider's stores from the configuration into the database; a host's store waits until the host has enrolled. */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
@EnableConfigurationProperties(BackupProperties.class)
class ConfiguredStores implements ApplicationRunner {

    private static final Logger log = LoggerFactory.getLogger(ConfiguredStores.class);

    private final JdbcClient system;
    private final TransactionTemplate transaction;
    private final BackupProperties properties;
    private final Secrets secrets;
    private final Uuid7 ids;
    private final Clock clock;
    private int missing = -1;

    ConfiguredStores(
            @SystemAccess JdbcClient system,
            @SystemAccess TransactionTemplate transaction,
            BackupProperties properties,
            Secrets secrets,
            Uuid7 ids,
            Clock clock) {
        this.system = system;
        this.transaction = transaction;
        this.properties = properties;
        this.secrets = secrets;
        this.ids = ids;
        this.clock = clock;
    }

    @Override
    public void run(ApplicationArguments arguments) {
        bringIn();
    }

    /** Until all are there; what is there stays as it was configured at the portal's start. */
    @Scheduled(fixedDelayString = "PT2S")
    synchronized void bringIn() {
        if (missing == 0) {
            return;
        }
        transaction.executeWithoutResult(status -> missing = bringIn(properties.stores()));
    }

    /** @return how many still wait for their host */
    int bringIn(Map<String, ConfiguredStore> stores) {
        int waiting = 0;
        for (Map.Entry<String, ConfiguredStore> store : stores.entrySet()) {
            ConfiguredStore settings = store.getValue();
            Optional<UUID> host = settings.host() == null ? Optional.empty() : host(settings.host());
            if (settings.host() != null && host.isEmpty()) {
                waiting++;
            } else {
                save(store.getKey(), settings, host.orElse(null));
            }
        }
        system.sql("update backup_store set retired_at = :now where retired_at is null and name <> all(:names)")
                .param("now", now())
                .param("names", stores.keySet().toArray(String[]::new))
                .update();
        return waiting;
    }

    private Optional<UUID> host(String name) {
        return system.sql("select id from host where name = :name")
                .param("name", name)
                .query(UUID.class)
                .optional();
    }

    private void save(String name, ConfiguredStore store, @Nullable UUID host) {
        UUID id = system.sql("select id from backup_store where name = :name")
                .param("name", name)
                .query(UUID.class)
                .optional()
                .orElseGet(ids::next);
        Wrapped access = wrap(id, store.accessKey());
        Wrapped secret = wrap(id, store.secretKey());
        int saved = system.sql("""
                        insert into backup_store (id, name, kind, host_id, path, endpoint, bucket, prefix, region, access_key,
                            secret_key, wrapped_by, keep_free_bytes, bytes_per_second, created_at)
                        values (:id, :name, :kind, :host, :path, :endpoint, :bucket, :prefix, :region, :access, :secret,
                            :by, :keepFree, :rate, :now)
                        on conflict (name) do update set kind = excluded.kind, host_id = excluded.host_id,
                            path = excluded.path, endpoint = excluded.endpoint, bucket = excluded.bucket,
                            prefix = excluded.prefix, region = excluded.region, access_key = excluded.access_key,
                            secret_key = excluded.secret_key, wrapped_by = excluded.wrapped_by,
                            keep_free_bytes = excluded.keep_free_bytes, bytes_per_second = excluded.bytes_per_second,
                            retired_at = null
                        """)
                .param("id", id)
                .param("name", name)
                .param("kind", store.isDirectory() ? "DIRECTORY" : "S3")
                .param("host", host, java.sql.Types.OTHER)
                .param("path", store.path(), java.sql.Types.VARCHAR)
                .param("endpoint", store.endpoint(), java.sql.Types.VARCHAR)
                .param("bucket", store.bucket(), java.sql.Types.VARCHAR)
                .param("prefix", store.prefix(), java.sql.Types.VARCHAR)
                .param("region", store.region(), java.sql.Types.VARCHAR)
                .param("access", access == null ? null : access.bytes(), java.sql.Types.BINARY)
                .param("secret", secret == null ? null : secret.bytes(), java.sql.Types.BINARY)
                .param("by", secret == null ? null : secret.by(), java.sql.Types.VARCHAR)
                .param("keepFree", store.keepFree().toBytes())
                .param("rate", store.rate().toBytes())
                .param("now", now())
                .update();
        log.info("Backup store {}: {}", name, saved > 0 ? "ready" : "unchanged");
    }

    private @Nullable Wrapped wrap(UUID store, @Nullable String secret) {
        return secret == null ? null : secrets.wrap(secret.getBytes(StandardCharsets.UTF_8), StoreRows.purpose(store));
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
