package cloud.freehold.portal.notification;

import cloud.freehold.portal.common.Id;
import cloud.freehold.portal.common.Ids;
import java.util.UUID;

/** One telling by one channel. */
public record DeliveryId(UUID value) implements Id {

    public static DeliveryId of(String text) {
        return new DeliveryId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
