package cloud.freehold.api.observed;

import cloud.freehold.api.Problem;
import java.util.UUID;

/**
 * @param appliedRevision the host revision whose rules this NIC's packets are judged by
 * @param link what the dataplane says of the queue
 * @param problem why appliedRevision is behind the host's, null when it is not
 */
public record ObservedNic(
        UUID id,
        long appliedRevision,
        Link link,
        long rxPackets,
        long rxBytes,
        long txPackets,
        long txBytes,
        long drops,
        long connections,
        Problem problem) {

    public enum Link {
        /** No VM behind it. */
        DOWN,
        /** QEMU is connected; the guest's driver is not ready. */
        CONNECTED,
        UP
    }
}
