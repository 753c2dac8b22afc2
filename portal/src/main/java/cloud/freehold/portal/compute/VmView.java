package cloud.freehold.portal.compute;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A VM as pages and the API show it.
 *
 * @param wantsToRun what was asked for
 * @param guest what its agent says; null when it has none
 * @param problem why it is not as it was asked for
 * @param openOperation what is being done, in a few words
 * @param hostLastSeen null while it has no host
 * @param hostAway the host is silent, so the state is the last one known
 */
public record VmView(
        VmId id,
        String name,
        String description,
        VmState state,
        boolean wantsToRun,
        String image,
        String flavor,
        int vcpus,
        long memoryMib,
        long diskGib,
        List<String> addresses,
        @Nullable Guest guest,
        @Nullable VmProblem problem,
        @Nullable String openOperation,
        boolean deletionProtection,
        @Nullable UUID hostId,
        @Nullable Instant hostLastSeen,
        boolean hostAway,
        @Nullable Instant startedAt,
        Instant createdAt,
        long version) {

    public record Guest(
            @Nullable String hostname,
            @Nullable String operatingSystem,
            @Nullable List<String> addresses) {}

    /** @param message says what happened and what to do next */
    public record VmProblem(
            String code, String message, @Nullable Instant since) {}

    public boolean canStart() {
        return !isDeleting() && (!wantsToRun || state == VmState.STOPPED || state == VmState.CRASHED);
    }

    public boolean canStop() {
        return !isDeleting() && wantsToRun && state != VmState.STOPPED;
    }

    public boolean canReboot() {
        return state == VmState.RUNNING;
    }

    public boolean canForceOff() {
        return hostId != null
                && (state == VmState.RUNNING
                        || state == VmState.STOPPING
                        || state == VmState.PAUSED
                        || state == VmState.REBOOTING
                        || state == VmState.STARTING);
    }

    public boolean isDeleting() {
        return state == VmState.DELETING;
    }

    public String memory() {
        return memoryMib % 1024 == 0 ? memoryMib / 1024 + " GiB" : memoryMib + " MiB";
    }
}
