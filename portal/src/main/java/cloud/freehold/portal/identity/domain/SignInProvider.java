package cloud.freehold.portal.identity.domain;

import cloud.freehold.portal.identity.SignedInUser;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.security.web.authentication.WebAuthenticationDetails;
import org.springframework.stereotype.Component;

/**
 * Checks e-mail address and password. An unknown address, one without a password, a disabled account and a wrong
 * password take the same time and give the same answer.
 */
@Component
class SignInProvider implements AuthenticationProvider {

    private static final int LONGEST_PASSWORD = 256;

    private final AccountRows accounts;
    private final PasswordEncoder passwords;
    private final SignInLimits limits;
    private final SignInAudit audit;
    private final String nobodysHash;

    SignInProvider(AccountRows accounts, PasswordEncoder passwords, SignInLimits limits, SignInAudit audit) {
        this.accounts = accounts;
        this.passwords = passwords;
        this.limits = limits;
        this.audit = audit;
        this.nobodysHash = passwords.encode("nobody signs in with this");
    }

    @Override
    public Authentication authenticate(Authentication attempt) {
        String email = EmailAddress.normalise(attempt.getName());
        String password = String.valueOf(attempt.getCredentials());
        String address = sourceIp(attempt);
        Duration wait = limits.waitBeforeTry(email, address);
        if (!wait.isZero()) {
            throw new TooManyAttemptsException(wait);
        }
        Optional<AccountRow> account = EmailAddress.isPlausible(email) ? accounts.findByEmail(email) : Optional.empty();
        String hash = account.map(AccountRow::passwordHash).orElse(nobodysHash);
        boolean matches = password.length() <= LONGEST_PASSWORD && passwords.matches(password, hash);
        if (!matches
                || account.isEmpty()
                || account.get().disabled()
                || account.get().passwordHash() == null) {
            audit.refused(email, account, address);
            throw new BadCredentialsException("E-mail address or password is wrong");
        }
        limits.succeeded(email, address);
        return signedIn(account.get(), attempt);
    }

    private static Authentication signedIn(AccountRow account, Authentication attempt) {
        SignedInUser user = new SignedInUser(account.id(), account.email(), account.displayName());
        UsernamePasswordAuthenticationToken token = UsernamePasswordAuthenticationToken.authenticated(
                user, null, List.of(new SimpleGrantedAuthority("ROLE_USER")));
        token.setDetails(attempt.getDetails());
        return token;
    }

    private static String sourceIp(Authentication attempt) {
        return attempt.getDetails() instanceof WebAuthenticationDetails details && details.getRemoteAddress() != null
                ? details.getRemoteAddress()
                : "unknown";
    }

    @Override
    public boolean supports(Class<?> authentication) {
        return UsernamePasswordAuthenticationToken.class.isAssignableFrom(authentication);
    }
}
