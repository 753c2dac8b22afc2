package cloud.freehold.portal.identity.domain;

import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.identity.Accounts.SignInLink;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/** One-time links for a first or forgotten password. The secret is shown once; the table keeps its hash. */
@Component
class SignInLinks {

    static final Duration VALID_FOR = Duration.ofHours(48);
    private static final int SECRET_BYTES = 32;

    private final JdbcClient system;
    private final TransactionTemplate transaction;
    private final Uuid7 ids;
    private final Clock clock;
    private final SecureRandom random = new SecureRandom();

    SignInLinks(
            @SystemAccess JdbcClient system, @SystemAccess TransactionTemplate transaction, Uuid7 ids, Clock clock) {
        this.system = system;
        this.transaction = transaction;
        this.ids = ids;
        this.clock = clock;
    }

    SignInLink create(UserId account) {
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(secret);
        String text = Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
        Instant expires = clock.instant().plus(VALID_FOR);
        transaction.executeWithoutResult(status -> {
            revoke(account);
            insert(account, hash(text), expires);
        });
        return new SignInLink("/sign-in-link/" + text, expires);
    }

    private void insert(UserId account, byte[] hash, Instant expires) {
        system.sql("""
                        insert into sign_in_link (id, account_id, secret_hash, created_at, expires_at)
                        values (:id, :account, :hash, :now, :expires)
                        """)
                .param("id", ids.next())
                .param("account", account.value())
                .param("hash", hash)
                .param("now", utc(clock.instant()))
                .param("expires", utc(expires))
                .update();
    }

    /** All links of the account stop working. */
    void revoke(UserId account) {
        system.sql("update sign_in_link set used_at = :now where account_id = :account and used_at is null")
                .param("now", utc(clock.instant()))
                .param("account", account.value())
                .update();
    }

    /** Whose link this is, without using it up: mail programs and browsers fetch links ahead. */
    Optional<UserId> peek(String secret) {
        return system.sql("""
                        select account_id from sign_in_link
                         where secret_hash = :hash and used_at is null and expires_at > :now
                        """)
                .param("hash", hash(secret))
                .param("now", utc(clock.instant()))
                .query(UUID.class)
                .optional()
                .map(UserId::new);
    }

    /** Uses the link up; of two at the same moment one gets it. */
    Optional<UserId> redeem(String secret) {
        return system.sql("""
                        update sign_in_link set used_at = :now
                         where secret_hash = :hash and used_at is null and expires_at > :now
                        returning account_id
                        """)
                .param("hash", hash(secret))
                .param("now", utc(clock.instant()))
                .query(UUID.class)
                .optional()
                .map(UserId::new);
    }

    private static OffsetDateTime utc(Instant instant) {
        return OffsetDateTime.ofInstant(instant, ZoneOffset.UTC);
    }

    private static byte[] hash(String secret) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has SHA-256", e);
        }
    }
}
