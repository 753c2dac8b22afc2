package cloud.freehold.portal.backup;

import java.util.UUID;

/** A file or folder in a recovery point. */
public record FilePlace(PointId point, UUID volume, FilePath path) {

    public FilePlace in(FilePath other) {
        return new FilePlace(point, volume, other);
    }
}
