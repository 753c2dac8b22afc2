package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.firewall.domain.Revision;
import cloud.freehold.portal.firewall.domain.RuleSet;
import cloud.freehold.portal.firewall.domain.SecurityGroup;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A group's page.
 *
 * @param shown the rules as they are shown: the draft's, or the group's
 * @param meanwhile versions that others applied after the draft was begun
 * @param remotes what the remote field offers to complete
 */
record GroupView(
        SecurityGroup group,
        RuleSet shown,
        RuleTable ingress,
        RuleTable egress,
        @Nullable OpenEditor editor,
        @Nullable ChangeBar bar,
        List<Revision> meanwhile,
        List<String> remotes,
        ViewState state,
        boolean overdue) {

    public boolean isStale() {
        return !meanwhile.isEmpty();
    }
}
