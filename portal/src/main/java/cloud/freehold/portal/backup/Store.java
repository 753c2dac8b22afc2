package cloud.freehold.portal.backup;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** @param hostId the only host that reaches it; null: all do */
public record Store(
        StoreId id, String name, String kind, @Nullable UUID hostId) {

    public boolean isReachedBy(@Nullable UUID host) {
        return hostId == null || hostId.equals(host);
    }
}
