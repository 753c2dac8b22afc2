package cloud.freehold.portal.notification;

import cloud.freehold.portal.common.Ids;
import java.io.Serializable;
import java.util.UUID;

/** One telling by one channel. */
public record DeliveryId(UUID value) implements Serializable {

    public static DeliveryId of(String text) {
        return new DeliveryId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
