package cloud.freehold.portal.identity.domain;

import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.database.SystemAccess;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The table of accounts. */
@Component
class AccountRows {

    private static final String SELECT = "select " + AccountRow.COLUMNS + " from account ";

    private final JdbcClient system;
    private final Uuid7 ids;
    private final Clock clock;

    AccountRows(@SystemAccess JdbcClient system, Uuid7 ids, Clock clock) {
        this.system = system;
        this.ids = ids;
        this.clock = clock;
    }

    Optional<AccountRow> findByEmail(String email) {
        return system.sql(SELECT + "where email = :email")
                .param("email", EmailAddress.normalise(email))
                .query(AccountRow::read)
                .optional();
    }

    Optional<AccountRow> find(UserId id) {
        return system.sql(SELECT + "where id = :id")
                .param("id", id.value())
                .query(AccountRow::read)
                .optional();
    }

    /** Does nothing when the address is taken, also by somebody at the same moment. */
    void insertIfAbsent(String email, String displayName, @Nullable String passwordHash) {
        system.sql("""
                        insert into account (id, email, display_name, password_hash, created_at)
                        values (:id, :email, :name, :hash, :now) on conflict (email) do nothing
                        """)
                .param("id", ids.next())
                .param("email", EmailAddress.normalise(email))
                .param("name", displayName)
                .param("hash", passwordHash)
                .param("now", OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC))
                .update();
    }

    void setPassword(UserId id, String passwordHash) {
        system.sql("update account set password_hash = :hash where id = :id")
                .param("hash", passwordHash)
                .param("id", id.value())
                .update();
    }

    void setDisplayName(UserId id, String displayName) {
        system.sql("update account set display_name = :name where id = :id")
                .param("name", displayName)
                .param("id", id.value())
                .update();
    }
}
