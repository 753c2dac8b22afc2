package cloud.freehold.portal.firewall.domain;

import java.time.Instant;

/**
 * What a member has edited in a group and not yet applied.
 *
 * @param base the version that it started from
 * @param target the rules as they should become
 */
public record Draft(long base, RuleSet target, Instant updatedAt) {

    /** Tells one state of the draft from another. */
    public String stamp() {
        return updatedAt.getEpochSecond() + "." + updatedAt.getNano();
    }
}
