package cloud.freehold.api.command;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.backup.StoreRef;
import cloud.freehold.api.backup.VolumeRoot;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * A one-off order to a host. The portal repeats it until the agent reports an end; the agent remembers what it has done
 * by {@link #id()}, so that it is carried out once.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = HostCommand.RebootVm.class, name = "reboot-vm"),
    @JsonSubTypes.Type(value = HostCommand.ForceOffVm.class, name = "force-off-vm"),
    @JsonSubTypes.Type(value = HostCommand.BackupVm.class, name = "backup-vm"),
    @JsonSubTypes.Type(value = HostCommand.RestoreVolumes.class, name = "restore-volumes"),
    @JsonSubTypes.Type(value = HostCommand.VerifyPoints.class, name = "verify-points"),
    @JsonSubTypes.Type(value = HostCommand.CollectGarbage.class, name = "collect-garbage"),
    @JsonSubTypes.Type(value = HostCommand.DrillPoint.class, name = "drill-point"),
    @JsonSubTypes.Type(value = HostCommand.ListFiles.class, name = "list-files"),
    @JsonSubTypes.Type(value = HostCommand.FetchFile.class, name = "fetch-file"),
    @JsonSubTypes.Type(value = HostCommand.TakeSnapshots.class, name = "take-snapshots"),
    @JsonSubTypes.Type(value = HostCommand.RollBack.class, name = "roll-back"),
    @JsonSubTypes.Type(value = HostCommand.DeleteSnapshot.class, name = "delete-snapshot"),
    @JsonSubTypes.Type(value = HostCommand.MirrorVolume.class, name = "mirror-volume")
})
public sealed interface HostCommand {
    /** The operation's id. */
    UUID id();

    /** When it is no longer wanted. */
    Instant deadline();

    /** Restarts the guest; asks it first, then resets it when {@code force} is set or after the grace period. */
    record RebootVm(UUID id, Instant deadline, UUID vmId, boolean force) implements HostCommand {}

    /** Pulls the plug. The VM's desired power is already STOPPED. */
    record ForceOffVm(UUID id, Instant deadline, UUID vmId) implements HostCommand {}

    /**
     * A recovery point of all volumes of a VM at one moment; a stopped VM is read as it lies. Ends with
     * {@link CommandResult.BackupTaken}.
     *
     * @param wanted the level to try for
     * @param acceptable the weakest level to go on with; weaker fails with CONSISTENCY_NOT_REACHED
     * @param freezeLimitMillis the thaw is certain by then, 100–60,000
     * @param bytesPerSecond 0: unlimited
     * @param keepFreeBytes fails with STORE_FULL before the store's free space falls below; DIRECTORY alone
     */
    record BackupVm(
            UUID id,
            Instant deadline,
            UUID tenantId,
            UUID vmId,
            UUID pointId,
            StoreRef store,
            List<Source> volumes,
            Consistency wanted,
            Consistency acceptable,
            int freezeLimitMillis,
            long bytesPerSecond,
            long keepFreeBytes)
            implements HostCommand {

        /**
         * @param base the volume's latest point in this store, null: none
         * @param checkpoint the dirty bitmap since that point; null or lost: everything is read once
         */
        public record Source(UUID volumeId, String base, String checkpoint) {}
    }

    /**
     * Brings volumes back. Their VM is stopped, or it is a new one that starts only after its volumes are there (or, live, while they
     * arrive). What a volume held before is kept until the command is done. Volumes of a running VM must be new to it.
     *
     * @param live the VM may start at once and reads ahead of the copy
     */
    record RestoreVolumes(
            UUID id,
            Instant deadline,
            UUID tenantId,
            UUID vmId,
            StoreRef store,
            List<VolumeRoot> volumes,
            boolean live,
            long bytesPerSecond)
            implements HostCommand {}

    /** Reads and re-hashes all that the input's roots need. Ends with {@link CommandResult.PointsVerified}. */
    record VerifyPoints(UUID id, Instant deadline, UUID tenantId, StoreRef store, long bytesPerSecond)
            implements HostCommand {}

    /** Removes from the store what none of the input's roots needs. Ends with {@link CommandResult.GarbageCollected}. */
    record CollectGarbage(UUID id, Instant deadline, UUID tenantId, StoreRef store) implements HostCommand {}

    /**
     * Boots a point in a throwaway VM without a way out, looks for a sign of life, deletes it. Ends with
     * {@link CommandResult.DrillDone}.
     *
     * @param like the VM whose CPU, memory and image the throwaway takes
     * @param check null: the guest agent answers
     */
    record DrillPoint(
            UUID id,
            Instant deadline,
            UUID tenantId,
            UUID like,
            UUID pointId,
            StoreRef store,
            List<VolumeRoot> volumes,
            Check check)
            implements HostCommand {

        /**
         * @param port 1–65535
         * @param path of an HTTP GET that must answer 2xx or 3xx; null: a TCP connection is enough
         */
        public record Check(int port, String path) {}
    }

    /** Lists a folder of a point. A throwaway guest reads the filesystem. Ends with {@link CommandResult.FilesListed}. */
    record ListFiles(UUID id, Instant deadline, UUID tenantId, StoreRef store, VolumeRoot volume, String path)
            implements HostCommand {}

    /** Sends a file, or a folder as a tar, to PUT {@link cloud.freehold.api.AgentPaths#COMMANDS}/{id}/output. */
    record FetchFile(UUID id, Instant deadline, UUID tenantId, StoreRef store, VolumeRoot volume, String path)
            implements HostCommand {}

    /**
     * A quick point in place, of several VMs of the host at one moment or of one. All are taken or none. Ends with
     * {@link CommandResult.SnapshotsTaken}.
     *
     * @param targets 1–16
     * @param withMemory the guest goes on from that moment after a roll-back; the VMs must run, one at a time
     */
    record TakeSnapshots(
            UUID id,
            Instant deadline,
            List<Target> targets,
            boolean withMemory,
            Consistency wanted,
            Consistency acceptable,
            int freezeLimitMillis)
            implements HostCommand {

        public record Target(UUID vmId, UUID snapshotId) {}
    }

    /**
     * Puts the VM's disks (and memory, if the snapshot has it) back; what they hold now is lost. A VM that runs is switched off for it and
     * started again. Ends with {@link CommandResult.RolledBack}.
     */
    record RollBack(UUID id, Instant deadline, UUID vmId, UUID snapshotId) implements HostCommand {}

    /** Removing one that is not there succeeds. */
    record DeleteSnapshot(UUID id, Instant deadline, UUID vmId, UUID snapshotId) implements HostCommand {}

    /**
     * Moves a volume to another pool of the host while its VM runs.
     *
     * @param pool a name that the host reported
     */
    record MirrorVolume(UUID id, Instant deadline, UUID vmId, UUID volumeId, String pool, long bytesPerSecond)
            implements HostCommand {}
}
