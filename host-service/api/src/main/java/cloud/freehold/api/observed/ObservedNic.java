package cloud.freehold.api.observed;

import cloud.freehold.api.Problem;
import java.util.Map;
import java.util.UUID;

/**
 * @param appliedRevision the host revision whose rules this NIC's packets are judged by
 * @param link what the dataplane says of the queue
 * @param drops all together
 * @param problem why appliedRevision is behind the host's, null when it is not
 * @param dropReasons drops by the dataplane's name of the reason; what there is none of may be missing
 * @param traffic null: not known
 * @param flowsLost records of its connections that found no room, since its counters began
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
        Problem problem,
        Map<String, Long> dropReasons,
        NicTraffic traffic,
        long flowsLost) {

    public ObservedNic(
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
        this(
                id,
                appliedRevision,
                link,
                rxPackets,
                rxBytes,
                txPackets,
                txBytes,
                drops,
                connections,
                problem,
                Map.of(),
                null,
                0);
    }

    public enum Link {
        /** No VM behind it. */
        DOWN,
        /** QEMU is connected; the guest's driver is not ready. */
        CONNECTED,
        UP
    }
}
