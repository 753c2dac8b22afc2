package cloud.freehold.agent.dataplane;

import cloud.freehold.api.Problem;
import cloud.freehold.api.observed.NicTraffic;
import cloud.freehold.api.observed.RuleHits;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Who wants to know what the dataplane does. Called by its threads: must not block. */
public interface DataplaneListener {
    /** Everything up to the revision is enforced, but for the NICs with a problem. */
    void applied(UUID epoch, long revision, Instant enforcedAt, Map<UUID, NicApplied> nics);

    /** @param revision whose rules its packets are judged by; {@code problem}: why that is not the newest */
    record NicApplied(long revision, Problem problem) {}

    void ports(List<NicCounters> ports);

    /** @param up the driver is ready; {@code connected}: QEMU is there; {@code drops}: by the reason's name */
    record NicCounters(
            UUID nic,
            boolean connected,
            boolean up,
            long rxPackets,
            long rxBytes,
            long txPackets,
            long txBytes,
            long connections,
            Map<String, Long> drops,
            NicTraffic traffic,
            long flowsLost) {}

    /** Oldest first, each once. */
    void drops(List<DropEvent> dropped);

    void ruleHits(List<RuleHits> cumulative);

    /** @param version null while it does not answer; {@code problem} says why */
    void dataplane(String version, Problem problem);
}
