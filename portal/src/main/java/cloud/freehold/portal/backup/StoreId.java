package cloud.freehold.portal.backup;

import cloud.freehold.portal.common.Id;
import cloud.freehold.portal.common.Ids;
import java.util.UUID;

/** A place where recovery points are kept. */
public record StoreId(UUID value) implements Id {

    public static StoreId of(String text) {
        return new StoreId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
