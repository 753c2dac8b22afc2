package cloud.freehold.portal.traffic.domain;

import cloud.freehold.api.query.ConnectionName;
import cloud.freehold.portal.firewall.RuleMention;
import org.jspecify.annotations.Nullable;

/**
 * A live connection as a NIC's owner sees it.
 *
 * @param name tells it from all others
 * @param ingress it was opened from outside
 * @param remote the other end's address
 * @param remotePort null where the protocol has none
 * @param peer the tenant's own NIC that has the remote address
 * @param service what it is for: "443 (HTTPS)", "echo-request"; empty where there is nothing to say
 * @param receivedBytes by the VM
 * @param rule that let it through; null when it is not known (any more)
 */
public record Connection(
        ConnectionName name,
        boolean ingress,
        String protocol,
        String local,
        String remote,
        @Nullable Integer remotePort,
        @Nullable TrafficNic peer,
        String service,
        String state,
        boolean answered,
        long receivedBytes,
        long receivedPackets,
        long sentBytes,
        long sentPackets,
        long ageMillis,
        long expiresInMillis,
        @Nullable RuleMention rule) {

    /** Names it in forms and as a row. */
    public String key() {
        return ConnectionKey.write(name);
    }

    public String age() {
        return Spans.words(ageMillis);
    }

    public String expires() {
        return Spans.words(expiresInMillis);
    }

    /** Both ends, for a button's label. */
    public String sentence() {
        String end = remotePort == null ? remote : remote + " port " + remotePort;
        return protocol + (service.isEmpty() ? "" : " " + service) + (ingress ? " from " : " to ") + end;
    }
}
