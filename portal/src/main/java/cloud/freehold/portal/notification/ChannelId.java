package cloud.freehold.portal.notification;

import cloud.freehold.portal.common.Id;
import cloud.freehold.portal.common.Ids;
import java.util.UUID;

/** A way by which a tenant is told. */
public record ChannelId(UUID value) implements Id {

    public static ChannelId of(String text) {
        return new ChannelId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
