package cloud.freehold.portal.identity;

import cloud.freehold.portal.common.UserId;
import java.time.Instant;
import java.util.Optional;

/** People who may sign in. Works across tenants, in transactions of the system's data source. */
public interface Accounts {

    /** @param email in lower case */
    record Account(UserId id, String email, String displayName, boolean hasPassword, boolean disabled) {}

    /** A link with which its bearer sets a password once; {@code path} starts with a slash and holds the secret. */
    record SignInLink(String path, Instant expiresAt) {}

    Optional<Account> findByEmail(String email);

    Optional<Account> find(UserId id);

    /** The account with this address; a new one without a password when there is none. */
    Account findOrCreate(String email);

    /** A fresh link; earlier ones of the account stop working. */
    SignInLink createSignInLink(UserId account);

    /** Creates the account with this password, or gives an existing one this password. Only for the demo's bootstrap. */
    Account provide(String email, String displayName, String password);
}
