package cloud.freehold.portal.compute.web;

import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.compute.VolumeView;
import cloud.freehold.portal.compute.Volumes.StoragePool;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** @param key makes a form that is sent twice move once */
record MoveForm(
        @Nullable String volume,
        @Nullable String pool,
        @Nullable String key) {

    /** Proposes the first disk, and the first pool that it is not in. */
    static MoveForm proposal(List<VolumeView> volumes, List<StoragePool> pools) {
        VolumeView first = volumes.isEmpty() ? null : volumes.get(0);
        String pool = pools.stream()
                .map(StoragePool::name)
                .filter(name -> first == null || !name.equals(first.pool()))
                .findFirst()
                .orElse("");
        return new MoveForm(first == null ? "" : first.id().toString(), pool, IdempotencyKey.forForm());
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
