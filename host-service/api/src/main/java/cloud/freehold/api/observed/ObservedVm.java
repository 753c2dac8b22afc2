package cloud.freehold.api.observed;

import cloud.freehold.api.Problem;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * @param instance names this run of the VM's QEMU process; null when it does not run
 * @param guest what the guest agent told, null when it is not there
 * @param problem why the VM is not as desired, null when it is or is on its way
 * @param volumes those that are there, null from a host that does not tell
 */
public record ObservedVm(
        UUID id,
        State state,
        String instance,
        Instant startedAt,
        GuestFacts guest,
        Problem problem,
        long appliedRevision,
        List<ObservedVolume> volumes) {

    public ObservedVm(
            UUID id,
            State state,
            String instance,
            Instant startedAt,
            GuestFacts guest,
            Problem problem,
            long appliedRevision) {
        this(id, state, instance, startedAt, guest, problem, appliedRevision, null);
    }

    /** @param pool the host's storage pool that it lies in */
    public record ObservedVolume(UUID id, String pool) {}

    public enum State {
        /** Disks are being prepared. */
        CREATING,
        STARTING,
        RUNNING,
        /** The guest was asked to shut down. */
        STOPPING,
        STOPPED,
        PAUSED,
        CRASHED,
        DELETING,
        /** Gone with its disks. */
        DELETED
    }

    /**
     * @param addresses as the guest reports them, without prefix length
     * @param disks how the guest uses its disks; null: it did not tell
     */
    public record GuestFacts(String hostname, String operatingSystem, List<String> addresses, List<GuestDisk> disks) {

        public GuestFacts(String hostname, String operatingSystem, List<String> addresses) {
            this(hostname, operatingSystem, addresses, null);
        }
    }

    /**
     * What a guest really does with a disk. Null: it did not tell.
     *
     * @param volumeId of the volume behind it
     * @param device the guest's name of it
     * @param scheduler that the guest has chosen; none is best, the host schedules
     * @param rotational whether the guest takes it for a spinning disk
     * @param largestRequestBytes that the guest sends
     * @param queues that the guest uses
     */
    public record GuestDisk(
            UUID volumeId,
            String device,
            String scheduler,
            Boolean rotational,
            Long largestRequestBytes,
            Integer queues) {}
}
