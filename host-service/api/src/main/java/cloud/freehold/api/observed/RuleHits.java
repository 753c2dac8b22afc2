package cloud.freehold.api.observed;

import java.time.Instant;
import java.util.UUID;

/**
 * Cumulative counters of a rule on this host since the counters' epoch; they only grow within it.
 *
 * @param counterEpoch changes when the dataplane's counters start from zero
 */
public record RuleHits(UUID ruleId, long counterEpoch, long connections, long packets, long bytes, Instant lastHit) {}
