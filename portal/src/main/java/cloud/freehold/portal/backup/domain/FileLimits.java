package cloud.freehold.portal.backup.domain;

import java.time.Duration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;
import org.springframework.util.unit.DataSize;

/** What may come out of points by way of the portal. Whoever needs more restores the volume. */
@Component
public class FileLimits {

    /** So many of a tenant's files wait to be downloaded. */
    static final int MOST_WAITING = 5;

    /** For so long a listed folder is shown without asking a host again. */
    public static final Duration LISTED = Duration.ofHours(1);

    /** For so long a file waits to be downloaded. */
    public static final Duration WAITS = Duration.ofHours(1);

    /** A download may have broken off at its very end: for so long it can be repeated. */
    static final Duration AGAIN = Duration.ofMinutes(5);

    private final DataSize largest;

    FileLimits(@Value("${freehold.backup.largest-download:1GB}") DataSize largest) {
        this.largest = largest;
    }

    /** Bytes of one file or tar. */
    public long largest() {
        return largest.toBytes();
    }
}
