package cloud.freehold.portal.tenancy;

import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.TenantId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Lets a request that is repeated with its {@code Idempotency-Key} within a day create one thing. */
@Component
public class CreatedOnce {

    private static final Duration REMEMBERED = Duration.ofDays(1);

    private record Earlier(byte[] request, UUID object) {}

    private final JdbcClient jdbc;
    private final TenantLock lock;
    private final Clock clock;

    CreatedOnce(JdbcClient jdbc, TenantLock lock, Clock clock) {
        this.jdbc = jdbc;
        this.lock = lock;
        this.clock = clock;
    }

    /**
     * @param key null: nothing is remembered
     * @param request what was asked for; the same request has the same text
     * @return what {@code create} made, now or when the key was first sent
     */
    public UUID once(TenantId tenant, @Nullable String key, Record request, Supplier<UUID> create) {
        lock.take(tenant);
        if (key == null) {
            return create.get();
        }
        byte[] digest = digest(request);
        Optional<Earlier> earlier = find(tenant, key);
        if (earlier.isPresent() && !Arrays.equals(earlier.get().request(), digest)) {
            throw new ConflictException(
                    "idempotency.key-reused",
                    "This Idempotency-Key was used for another request. Send a new key with a new request.");
        }
        return earlier.map(Earlier::object).orElseGet(() -> remember(tenant, key, digest, create.get()));
    }

    private Optional<Earlier> find(TenantId tenant, String key) {
        jdbc.sql("delete from request_key where tenant_id = :tenant and created_at < :limit")
                .param("tenant", tenant.value())
                .param("limit", now().minus(REMEMBERED))
                .update();
        return jdbc.sql("select request, object_id from request_key where tenant_id = :tenant and key = :key")
                .param("tenant", tenant.value())
                .param("key", key)
                .query((row, number) -> new Earlier(row.getBytes("request"), row.getObject("object_id", UUID.class)))
                .optional();
    }

    private UUID remember(TenantId tenant, String key, byte[] digest, UUID object) {
        jdbc.sql("""
                        insert into request_key (tenant_id, key, request, object_id, created_at)
                        values (:tenant, :key, :request, :object, :now)
                        """)
                .param("tenant", tenant.value())
                .param("key", key)
                .param("request", digest)
                .param("object", object)
                .param("now", now())
                .update();
        return object;
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }

    private static byte[] digest(Record request) {
        try {
            String text = request.getClass().getSimpleName() + request;
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java runtime has no SHA-256", e);
        }
    }
}
