package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.firewall.SecurityGroupId;
import java.util.List;

/**
 * What keeps a group from being deleted.
 *
 * @param nics names like {@code web/eth0}
 * @param referringGroups groups whose rules have it as their remote
 */
public record Usage(List<String> nics, List<Referring> referringGroups) {

    /** A group with rules that refer to the one in question. */
    public record Referring(SecurityGroupId id, String name, int rules) {}

    public boolean isFree() {
        return nics.isEmpty() && referringGroups.isEmpty();
    }
}
