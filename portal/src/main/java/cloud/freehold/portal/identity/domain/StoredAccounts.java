package cloud.freehold.portal.identity.domain;

import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.identity.Accounts;
import java.util.Optional;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.stereotype.Component;

@Component
class StoredAccounts implements Accounts {

    private final AccountRows rows;
    private final SignInLinks links;
    private final PasswordEncoder passwords;

    StoredAccounts(AccountRows rows, SignInLinks links, PasswordEncoder passwords) {
        this.rows = rows;
        this.links = links;
        this.passwords = passwords;
    }

    @Override
    public Optional<Account> findByEmail(String email) {
        return rows.findByEmail(email).map(AccountRow::toAccount);
    }

    @Override
    public Optional<Account> find(UserId id) {
        return rows.find(id).map(AccountRow::toAccount);
    }

    @Override
    public Account findOrCreate(String email) {
        if (!EmailAddress.isPlausible(email)) {
            throw InvalidInputException.field(
                    "account.email", "email", "This is not an e-mail address. Write it like name@company.example.");
        }
        String address = EmailAddress.normalise(email);
        rows.insertIfAbsent(address, EmailAddress.localPart(address), null);
        return findByEmail(address).orElseThrow();
    }

    @Override
    public SignInLink createSignInLink(UserId account) {
        return links.create(account);
    }

    @Override
    public Account provide(String email, String displayName, String password) {
        Optional<AccountRow> known = rows.findByEmail(email);
        if (known.isEmpty()) {
            rows.insertIfAbsent(email, displayName, passwords.encode(password));
        } else if (!passwords.matches(password, known.get().passwordHash())) {
            rows.setPassword(known.get().id(), passwords.encode(password));
        }
        return findByEmail(email).orElseThrow();
    }
}
