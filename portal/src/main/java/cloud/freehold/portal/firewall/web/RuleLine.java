package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.firewall.RuleId;
import cloud.freehold.portal.firewall.domain.Hits;
import cloud.freehold.portal.firewall.domain.HourlyHits;
import cloud.freehold.portal.firewall.domain.RuleSpec;
import org.jspecify.annotations.Nullable;

/**
 * A row of the table of rules.
 *
 * @param change added, removed, changed or moved by the draft; null for none
 * @param service the well-known name of the ports; null when there is none
 * @param match protocol and ports in words
 * @param remoteIcon null for an address, which is copied instead
 * @param ownerName the VM that has the remote's address
 * @param warning what is open to everybody, when that is dangerous
 */
record RuleLine(
        RuleId id,
        RuleSpec spec,
        @Nullable String change,
        @Nullable String service,
        String match,
        String sentence,
        @Nullable String remoteIcon,
        String remoteText,
        @Nullable String remoteHref,
        @Nullable String ownerName,
        @Nullable String ownerHref,
        boolean expired,
        Hits.Count hits,
        HourlyHits curve,
        @Nullable String warning,
        boolean editing) {

    public boolean isRemoved() {
        return "removed".equals(change);
    }
}
