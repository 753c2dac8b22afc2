package cloud.freehold.api.desired;

import java.util.List;
import java.util.UUID;

/**
 * A security group as the host enforces it now and by its own clock.
 *
 * <p>Commit-confirm is expressed in the rules' validity: while a change waits for confirmation, what it adds ends at the
 * deadline and what it takes away begins there, so that the host goes back without being told.
 *
 * @param version the rule set's version that tenants see
 */
public record DesiredSecurityGroup(
        UUID id, long revision, UUID tenantId, long version, EgressDefault egressDefault, List<DesiredRule> rules) {

    /** What happens to egress that no rule matches. */
    public enum EgressDefault {
        ALLOW,
        DROP
    }
}
