package cloud.freehold.portal.firewall.domain;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A change set that was stored (and is being enforced).
 *
 * @param changed false when the set was the same already; then there is no new version
 */
public record Applied(
        long version,
        RuleSetDiff diff,
        boolean changed,
        @Nullable Instant confirmUntil) {}
