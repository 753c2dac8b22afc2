package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.firewall.SecurityGroupId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A security group without its rules.
 *
 * @param version of the rule set; each applied change set is one
 * @param confirmUntil while set, the version goes back to {@code fallbackVersion} by itself unless it is confirmed
 */
public record SecurityGroup(
        SecurityGroupId id,
        String name,
        String description,
        Action egressDefault,
        long version,
        @Nullable Instant confirmUntil,
        @Nullable Long fallbackVersion,
        Instant createdAt,
        Instant updatedAt) {

    public boolean awaitsConfirmation() {
        return confirmUntil != null;
    }

    /** The time has run out; the hosts have gone back already, the portal is about to. */
    public boolean isOverdue(Instant now) {
        return confirmUntil != null && !now.isBefore(confirmUntil);
    }
}
