package cloud.freehold.api.observed;

import java.util.List;

/**
 * Flow records on their way to the portal, in order. They are sent until the portal says that it has them, so some come more
 * than once: host, epoch and sequence name a record.
 *
 * @param epoch of the sequences
 * @param lost how many of this epoch found no room at the host
 */
public record FlowBatch(long epoch, long lost, List<FlowRecord> records) {}
