package cloud.freehold.portal.notification;

import cloud.freehold.portal.common.Ids;
import java.io.Serializable;
import java.util.UUID;

/** A way by which a tenant is told. */
public record ChannelId(UUID value) implements Serializable {

    public static ChannelId of(String text) {
        return new ChannelId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
