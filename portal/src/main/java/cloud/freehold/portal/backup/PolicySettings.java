package cloud.freehold.portal.backup;

import cloud.freehold.api.backup.Consistency;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a policy is told to do.
 *
 * @param allVms every VM of the tenant; else those with one of the labels
 * @param objective how old a VM's latest point may be; null: nobody watches that
 * @param verify when all its points are read again and compared; null: never
 * @param drill when the latest point of each VM is started for a test; null: never
 * @param drillPort the test looks for a TCP answer there; null: for the guest agent
 * @param drillPath the test asks for this path by HTTP on that port; null: a connection is enough
 * @param recoveryObjective how long a restore may take in a drill; null: nobody watches that
 */
public record PolicySettings(
        String name,
        boolean enabled,
        StoreId store,
        boolean allVms,
        List<String> labels,
        Schedule schedule,
        Consistency wanted,
        Consistency acceptable,
        int freezeLimitMillis,
        Retention retention,
        @Nullable Duration objective,
        @Nullable Schedule verify,
        @Nullable Schedule drill,
        @Nullable Integer drillPort,
        @Nullable String drillPath,
        @Nullable Duration recoveryObjective) {}
