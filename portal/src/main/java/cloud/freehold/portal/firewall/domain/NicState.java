package cloud.freehold.portal.firewall.domain;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Whether a NIC's packets are judged by the rules that are stored.
 *
 * @param since for {@link Kind#AWAY}: when its host was last heard of
 * @param took for {@link Kind#ENFORCED}: from the commit to the host's acknowledgement, while that is still known
 * @param problem for {@link Kind#PROBLEM}: the host's sentence
 */
public record NicState(
        UUID nicId,
        UUID vmId,
        String vmName,
        int index,
        List<String> addresses,
        Kind kind,
        @Nullable Instant since,
        @Nullable Duration took,
        @Nullable String problem) {

    public enum Kind {
        ENFORCED("enforced"),
        APPLYING("applying"),
        /** The host does not answer; it gets the change when it is back. */
        AWAY("away"),
        /** The host cannot do what it was told. */
        PROBLEM("error"),
        /** The VM has no host yet. */
        UNPLACED("pending");

        private final String chip;

        Kind(String chip) {
            this.chip = chip;
        }

        /** The state of the shell's chip. */
        public String chip() {
            return chip;
        }
    }

    public String name() {
        return vmName + "/eth" + index;
    }

    /** Milliseconds, or seconds when there are many. */
    public @Nullable String tookText() {
        if (took == null) {
            return null;
        }
        long millis = Math.max(took.toMillis(), 0);
        return millis < 10_000 ? millis + " ms" : took.toSeconds() + " s";
    }
}
