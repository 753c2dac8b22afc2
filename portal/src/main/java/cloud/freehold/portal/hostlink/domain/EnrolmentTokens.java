package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.portal.database.SystemAccess;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The table of one-time tokens; a token itself is never stored. */
@Component
class EnrolmentTokens {

    private static final int RANDOM_BYTES = 32;

    record Token(
            String hostName, Instant expiresAt, @Nullable Instant usedAt) {}

    private final JdbcClient system;
    private final SecureRandom random = new SecureRandom();

    EnrolmentTokens(@SystemAccess JdbcClient system) {
        this.system = system;
    }

    String issue(String hostName, Instant now, Duration lifetime) {
        byte[] bytes = new byte[RANDOM_BYTES];
        random.nextBytes(bytes);
        String token = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        system.sql("""
                        insert into host_enrolment_token (token_hash, host_name, created_at, expires_at)
                        values (:hash, :name, :now, :expires)
                        """)
                .param("hash", hash(token))
                .param("name", hostName)
                .param("now", now.atOffset(ZoneOffset.UTC))
                .param("expires", now.plus(lifetime).atOffset(ZoneOffset.UTC))
                .update();
        return token;
    }

    /** Nobody else can use it until the transaction ends. */
    Optional<Token> lock(String token) {
        return system.sql("""
                        select host_name, expires_at, used_at from host_enrolment_token where token_hash = :hash for update
                        """)
                .param("hash", hash(token))
                .query((row, number) -> {
                    OffsetDateTime used = row.getObject("used_at", OffsetDateTime.class);
                    return new Token(
                            row.getString("host_name"),
                            row.getObject("expires_at", OffsetDateTime.class).toInstant(),
                            used == null ? null : used.toInstant());
                })
                .optional();
    }

    void used(String token, Instant now) {
        system.sql("update host_enrolment_token set used_at = :now where token_hash = :hash")
                .param("now", now.atOffset(ZoneOffset.UTC))
                .param("hash", hash(token))
                .update();
    }

    private static byte[] hash(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is missing", e);
        }
    }
}
