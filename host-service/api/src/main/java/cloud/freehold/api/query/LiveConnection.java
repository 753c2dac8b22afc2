package cloud.freehold.api.query;

import java.util.UUID;

/**
 * A connection that a NIC's dataplane tracks.
 *
 * @param ingress its first packet came to the VM
 * @param state as the dataplane calls it: syn-sent, established, time-wait … for TCP, unreplied or replied for the rest
 * @param answered a packet went against the first one's direction
 * @param packetsForth along the first packet's direction
 * @param packetsBack against it
 * @param expiresInMillis when no packet comes any more
 * @param ruleId that allowed it; null: none, or it is not known any more
 */
public record LiveConnection(
        ConnectionName name,
        boolean ingress,
        String state,
        boolean answered,
        long packetsForth,
        long bytesForth,
        long packetsBack,
        long bytesBack,
        long ageMillis,
        long expiresInMillis,
        UUID ruleId) {}
