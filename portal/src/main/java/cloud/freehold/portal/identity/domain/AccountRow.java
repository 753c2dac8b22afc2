package cloud.freehold.portal.identity.domain;

import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.identity.Accounts.Account;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** An account as it is stored, with the hash that never leaves this package. */
record AccountRow(
        UserId id,
        String email,
        String displayName,
        @Nullable String passwordHash,
        boolean disabled) {

    static final String COLUMNS = "id, email, display_name, password_hash, disabled";

    static AccountRow read(ResultSet row, int number) throws SQLException {
        return new AccountRow(
                new UserId(row.getObject("id", UUID.class)),
                row.getString("email"),
                row.getString("display_name"),
                row.getString("password_hash"),
                row.getBoolean("disabled"));
    }

    Account toAccount() {
        return new Account(id, email, displayName, passwordHash != null, disabled);
    }

    @Override
    public String toString() {
        return "account " + id;
    }
}
