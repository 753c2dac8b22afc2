package cloud.freehold.portal.compute;

import cloud.freehold.portal.hostlink.HostProgress;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.NicSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A NIC with what is wanted of it and what its host says.
 *
 * @param version grows with each change of its settings
 * @param allowedAddresses further prefixes that it may send from
 * @param desired the revision that it should be judged by; null while no host knows it
 * @param applied the revision that it is judged by
 * @param committedAt when desired was saved
 * @param appliedAt when the host had it applied
 */
public record NicView(
        UUID id,
        long version,
        int index,
        UUID vmId,
        String vm,
        NetworkId networkId,
        String network,
        String mac,
        List<String> addresses,
        boolean portSecurity,
        List<String> allowedAddresses,
        List<String> securityGroups,
        @Nullable Long desired,
        @Nullable Long applied,
        NicPlug plug,
        @Nullable String problem,
        @Nullable Instant committedAt,
        @Nullable Instant appliedAt,
        boolean hostAway,
        long rxPackets,
        long rxBytes,
        long txPackets,
        long txBytes,
        long drops,
        long connections) {

    public boolean isEnforced() {
        return desired != null && applied != null && applied >= desired;
    }

    /** The state's chip. */
    public String chip() {
        if (problem != null) {
            return "failed";
        }
        if (isEnforced()) {
            return "enforced";
        }
        return hostAway ? "away" : desired == null ? "pending" : "applying";
    }

    /** What the chip says. */
    public String enforcement() {
        if (problem != null) {
            return "not enforced";
        }
        if (isEnforced()) {
            return committedAt == null || appliedAt == null
                    ? "enforced"
                    : "enforced in " + HostProgress.duration(Duration.between(committedAt, appliedAt));
        }
        return hostAway ? "host away, change waits" : desired == null ? "waiting for a host" : "applying";
    }

    /** Of what was saved last, and how far the host is with it. */
    public String generation() {
        if (desired == null) {
            return "—";
        }
        return isEnforced() ? desired.toString() : (applied == null ? 0 : applied) + " of " + desired;
    }

    /** As guests and people call it. */
    public String name() {
        return "eth" + index;
    }

    public NicSettings settings() {
        return new NicSettings(portSecurity, allowedAddresses);
    }
}
