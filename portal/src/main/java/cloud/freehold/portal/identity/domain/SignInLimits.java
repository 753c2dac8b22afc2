package cloud.freehold.portal.identity.domain;

import cloud.freehold.portal.identity.domain.Throttle.Limit;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;
import org.springframework.stereotype.Component;

/**
 * How often one may try. The limit on an account counts per source address, so that nobody can lock another out from
 * elsewhere; the limit on an address stops one source from trying many accounts.
 */
@Component
class SignInLimits {

    private static final Limit ACCOUNT_AND_ADDRESS = new Limit(5, Duration.ofSeconds(30));
    private static final Limit ADDRESS = new Limit(60, Duration.ofSeconds(5));

    private final Throttle throttle;

    SignInLimits(Throttle throttle) {
        this.throttle = throttle;
    }

    Duration waitBeforeTry(String email, String address) {
        Duration byAddress = throttle.tryOnce("sign-in:" + address, ADDRESS);
        Duration byBoth = throttle.tryOnce(key(email, address), ACCOUNT_AND_ADDRESS);
        return byAddress.compareTo(byBoth) > 0 ? byAddress : byBoth;
    }

    void succeeded(String email, String address) {
        throttle.forget(key(email, address));
    }

    /** What was typed may be of any length, the key may not. */
    private static String key(String email, String address) {
        return "sign-in:" + address + ":" + UUID.nameUUIDFromBytes(email.getBytes(StandardCharsets.UTF_8));
    }
}
