package cloud.freehold.portal.firewall.domain;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A version of a rule set as it was applied.
 *
 * @param summary what it changed, in words
 * @param confirmedAt set when it was applied with a deadline and confirmed in time
 * @param revertedAt set when it was taken back before it was confirmed
 */
public record Revision(
        long version,
        String summary,
        String authorName,
        Instant createdAt,
        @Nullable Instant confirmedAt,
        @Nullable Instant revertedAt) {}
