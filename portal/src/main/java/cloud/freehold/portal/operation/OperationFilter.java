package cloud.freehold.portal.operation;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which operations to list, newest first.
 *
 * @param state open, failed, done; null for all
 * @param target of this VM only
 * @param after the last id of the page before
 */
public record OperationFilter(
        @Nullable State state,
        @Nullable UUID target,
        @Nullable OperationId after,
        int limit) {

    public enum State {
        OPEN,
        FAILED,
        DONE
    }

    public static OperationFilter latest(int limit) {
        return new OperationFilter(null, null, null, limit);
    }

    public static OperationFilter of(UUID target, int limit) {
        return new OperationFilter(null, target, null, limit);
    }
}
