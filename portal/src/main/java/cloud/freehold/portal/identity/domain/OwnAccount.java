package cloud.freehold.portal.identity.domain;

import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.identity.SignedInUser;
import cloud.freehold.portal.identity.domain.Throttle.Limit;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.stereotype.Service;

/** What people do with their own account. */
@Service
public class OwnAccount {

    private static final Limit CHECKS = new Limit(5, Duration.ofMinutes(1));

    private final AccountRows rows;
    private final SignInLinks links;
    private final PasswordEncoder passwords;
    private final Throttle throttle;
    private final SignInAudit audit;
    private final OwnSessions sessions;

    OwnAccount(
            AccountRows rows,
            SignInLinks links,
            PasswordEncoder passwords,
            Throttle throttle,
            SignInAudit audit,
            OwnSessions sessions) {
        this.rows = rows;
        this.links = links;
        this.passwords = passwords;
        this.throttle = throttle;
        this.audit = audit;
        this.sessions = sessions;
    }

    /** Ends all other sessions: whoever else knew the old password is out. */
    public void changePassword(
            SignedInUser user, String current, String wanted, String sessionId, @Nullable String sourceIp) {
        if (!throttle.tryOnce("password:" + user.id(), CHECKS).isZero()) {
            throw new CapacityException("account.throttled", "Too many attempts. Wait a minute, then try again.");
        }
        AccountRow account = rows.find(user.id()).orElseThrow(OwnAccount::gone);
        if (account.passwordHash() == null || !passwords.matches(current, account.passwordHash())) {
            throw InvalidInputException.field(
                    "account.password-wrong", "current", "This is not your present password. Type it again.");
        }
        PasswordPolicy.check("wanted", wanted, account.email());
        rows.setPassword(user.id(), passwords.encode(wanted));
        links.revoke(user.id());
        sessions.endOthers(user, sessionId);
        audit.record("account.password-changed", user.id(), user.email(), sourceIp);
    }

    /** Whose link this is; empty when it is used, expired or invented. */
    public Optional<String> emailOfLink(String secret) {
        return links.peek(secret).flatMap(rows::find).map(AccountRow::email);
    }

    /** Sets a password with a one-time link, which is used up by it. All sessions end. */
    public void redeemLink(String secret, String displayName, String wanted, @Nullable String sourceIp) {
        AccountRow account = links.peek(secret).flatMap(rows::find).orElseThrow(OwnAccount::linkUsed);
        PasswordPolicy.check("wanted", wanted, account.email());
        String hash = passwords.encode(wanted);
        if (links.redeem(secret).isEmpty()) {
            throw linkUsed();
        }
        rows.setPassword(account.id(), hash);
        if (!displayName.isBlank()) {
            rows.setDisplayName(account.id(), displayName.strip());
        }
        sessions.endAll(account.id());
        audit.record("account.password-set", account.id(), account.email(), sourceIp);
    }

    private static NotFoundException gone() {
        return new NotFoundException("This account no longer exists. Sign out, and ask an admin to add you again.");
    }

    private static NotFoundException linkUsed() {
        return new NotFoundException(
                "This link was used already or has expired. Ask an owner or admin of your tenant" + " for a new one.");
    }
}
