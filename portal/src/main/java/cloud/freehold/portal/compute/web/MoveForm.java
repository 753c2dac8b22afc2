package cloud.freehold.portal.compute.web;

import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** @param key makes a form that is sent twice move once */
record MoveForm(
        @Nullable String volume,
        @Nullable String pool,
        @Nullable String key) {

    static MoveForm empty() {
        return new MoveForm("", "", IdempotencyKey.forForm());
    }

    UUID volumeId() {
        try {
            return Ids.parse(Objects.requireNonNullElse(volume, "").strip());
        } catch (NotFoundException e) {
            throw InvalidInputException.field("volume.chosen", "volume", "Choose a disk of the list.");
        }
    }

    String poolName() {
        return Objects.requireNonNullElse(pool, "").strip();
    }
}
