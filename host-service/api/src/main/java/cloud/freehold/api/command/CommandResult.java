package cloud.freehold.api.command;

import cloud.freehold.api.backup.Certificate;
import cloud.freehold.api.backup.VolumeRoot;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import java.util.UUID;

/** What a command brought, with status DONE. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = CommandResult.BackupTaken.class, name = "backup-taken"),
    @JsonSubTypes.Type(value = CommandResult.PointsVerified.class, name = "points-verified"),
    @JsonSubTypes.Type(value = CommandResult.GarbageCollected.class, name = "garbage-collected"),
    @JsonSubTypes.Type(value = CommandResult.DrillDone.class, name = "drill-done"),
    @JsonSubTypes.Type(value = CommandResult.FilesListed.class, name = "files-listed"),
    @JsonSubTypes.Type(value = CommandResult.SnapshotsTaken.class, name = "snapshots-taken"),
    @JsonSubTypes.Type(value = CommandResult.RolledBack.class, name = "rolled-back")
})
public sealed interface CommandResult {

    /** A recovery point is complete and durable in the store. */
    record BackupTaken(Certificate certificate, List<StoredVolume> volumes) implements CommandResult {}

    /**
     * @param checkpoint the dirty bitmap that the next backup may start from; null: the next one reads everything
     * @param readBytes read from QEMU
     * @param addedBytes what this point added to the store (compressed, encrypted)
     * @param sharedBytes logical bytes that earlier points already held
     * @param zeroBytes logical bytes that are zero or unallocated
     */
    record StoredVolume(
            VolumeRoot root, String checkpoint, long readBytes, long addedBytes, long sharedBytes, long zeroBytes) {}

    /** @param damages empty: everything is as it was written; else up to 1,000 of them */
    record PointsVerified(long bytesRead, long chunks, List<Damage> damages) implements CommandResult {}

    /**
     * @param root whose data is damaged
     * @param offset of the volume, bytes; −1: its index
     * @param length bytes of the volume that cannot be restored
     * @param what MISSING, TRUNCATED, ALTERED or WRONG_KEY
     * @param where the object in the store
     */
    record Damage(String root, long offset, long length, String what, String where) {}

    /** @param bytesWasted dead, but in objects that also hold live data and could not be shortened */
    record GarbageCollected(long bytesFreed, long bytesKept, long objectsRemoved, long bytesWasted)
            implements CommandResult {}

    /**
     * @param bootMillis from the start of the VM to the first answer
     * @param restoreMillis from the order to the first answer: the measured recovery time
     * @param check what was looked for and found, a sentence
     * @param screenshotPng base64; null when the console could not be read
     */
    record DrillDone(boolean passed, long restoreMillis, long bootMillis, String check, String screenshotPng)
            implements CommandResult {}

    /** @param truncated the folder has more than the entries given */
    record FilesListed(List<Entry> entries, boolean truncated) implements CommandResult {

        /** @param modifiedSeconds Unix time */
        public record Entry(String name, Kind kind, long sizeBytes, long modifiedSeconds) {}

        public enum Kind {
            FILE,
            FOLDER,
            LINK,
            OTHER
        }
    }

    /** All of the order's snapshots, of one moment. */
    record SnapshotsTaken(List<Taken> snapshots) implements CommandResult {

        /**
         * @param memoryBytes 0: disks alone
         * @param note what the tenant should know, a sentence (as that the next backup reads everything); null: nothing
         */
        public record Taken(
                UUID snapshotId, Certificate certificate, List<UUID> volumes, long memoryBytes, String note) {}
    }

    /** @param note what the tenant should know, a sentence; null: nothing */
    record RolledBack(String note) implements CommandResult {}
}
