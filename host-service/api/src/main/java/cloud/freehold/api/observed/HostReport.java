package cloud.freehold.api.observed;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * What is, as a host sees it. Sent after each change and at least every 10 s; lists are complete when {@code complete}
 * is set (at least once a minute and after a start), else they hold what changed.
 *
 * @param agentBoot changes with each start of the agent
 * @param sequence grows within a boot; an older report that arrives late is ignored
 * @param appliedEpoch of appliedRevision
 * @param appliedRevision all objects up to here are applied, except the VMs and NICs that carry a problem
 * @param appliedAt when the dataplane acknowledged it, by the host's clock
 * @param drops what was dropped since the last report, also in a complete one
 */
public record HostReport(
        UUID agentBoot,
        long sequence,
        Instant at,
        boolean complete,
        UUID appliedEpoch,
        long appliedRevision,
        Instant appliedAt,
        HostFacts facts,
        List<ObservedVm> vms,
        List<ObservedNic> nics,
        List<RuleHits> ruleHits,
        List<DroppedPackets> drops) {

    public HostReport(
            UUID agentBoot,
            long sequence,
            Instant at,
            boolean complete,
            UUID appliedEpoch,
            long appliedRevision,
            Instant appliedAt,
            HostFacts facts,
            List<ObservedVm> vms,
            List<ObservedNic> nics,
            List<RuleHits> ruleHits) {
        this(
                agentBoot,
                sequence,
                at,
                complete,
                appliedEpoch,
                appliedRevision,
                appliedAt,
                facts,
                vms,
                nics,
                ruleHits,
                List.of());
    }
}
