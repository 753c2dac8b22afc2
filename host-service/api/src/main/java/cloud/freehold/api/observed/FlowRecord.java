package cloud.freehold.api.observed;

import java.time.Instant;
import java.util.UUID;

/**
 * One connection of a NIC that is over, or that has lasted another five minutes. Counts are totals since it began, so the
 * last record of a connection says everything.
 *
 * @param sequence grows by one within the batch's epoch
 * @param ingress its first packet came to the VM
 * @param end why the record was written
 * @param revoked it was cut because the rules had changed
 * @param protocol 0–255
 * @param source of the first packet, before translation, as the destination
 * @param sourcePort of ICMP: the identifier
 * @param destinationPort of ICMP: type × 256 + code
 * @param publicAddress the NIC's end as seen outside; null with its port: it was not translated
 * @param state its last one, such as {@code time-wait}
 * @param first packet, by the host's clock, as the last
 * @param packetsForth along the first packet's direction
 * @param ruleId that allowed it; null: a default, or not known any more
 */
public record FlowRecord(
        long sequence,
        UUID nicId,
        boolean ingress,
        End end,
        boolean revoked,
        int protocol,
        String source,
        int sourcePort,
        String destination,
        int destinationPort,
        String publicAddress,
        Integer publicPort,
        String state,
        Instant first,
        Instant last,
        long packetsForth,
        long bytesForth,
        long packetsBack,
        long bytesBack,
        UUID ruleId) {

    /** IPFIX's flowEndReason. */
    public enum End {
        /** Nothing came for as long as its state allows. */
        IDLE,
        /** It goes on; another record follows. */
        ACTIVE,
        /** Its ends closed or reset it. */
        ENDED,
        /** Somebody ended it, the rules no longer allowed it, or its NIC went. */
        FORCED,
        /** It gave way, because the NIC had as many connections as it may have. */
        RESOURCES
    }
}
