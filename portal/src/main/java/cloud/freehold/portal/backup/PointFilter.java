package cloud.freehold.portal.backup;

import cloud.freehold.portal.compute.VmId;
import org.jspecify.annotations.Nullable;

/**
 * Which recovery points to list, newest first.
 *
 * @param vm of this VM only
 * @param policy taken by this policy only
 * @param removed those that were removed and can be brought back, instead of those that are there
 * @param after the last id of the page before
 */
public record PointFilter(
        @Nullable VmId vm,
        @Nullable PolicyId policy,
        boolean removed,
        @Nullable PointId after,
        int limit) {

    public static PointFilter latest(int limit) {
        return new PointFilter(null, null, false, null, limit);
    }

    public static PointFilter of(VmId vm, int limit) {
        return new PointFilter(vm, null, false, null, limit);
    }
}
