package cloud.freehold.portal.notification;

import cloud.freehold.portal.common.Id;
import cloud.freehold.portal.common.Ids;
import java.util.UUID;

/** Something that was told. */
public record NotificationId(UUID value) implements Id {

    public static NotificationId of(String text) {
        return new NotificationId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
