package cloud.freehold.portal.operation;

import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

/** What can be asked for, and how long it may take before it counts as failed. */
public enum OperationKind {
    VM_CREATE("Create VM", Duration.ofMinutes(15), Group.LIFE),
    VM_START("Start VM", Duration.ofMinutes(5), Group.POWER),
    VM_STOP("Stop VM", Duration.ofMinutes(5), Group.POWER),
    VM_REBOOT("Reboot VM", Duration.ofMinutes(5), Group.POWER),
    VM_FORCE_OFF("Force off VM", Duration.ofMinutes(2), Group.POWER),
    VM_DELETE("Delete VM", Duration.ofMinutes(15), Group.LIFE),
    BACKUP("Back up", Duration.ofHours(12), Group.DISKS),
    RESTORE("Restore", Duration.ofHours(12), Group.DISKS),
    SNAPSHOT_TAKE("Take snapshot", Duration.ofMinutes(15), Group.DISKS),
    SNAPSHOT_ROLL_BACK("Roll back", Duration.ofMinutes(30), Group.DISKS),
    SNAPSHOT_DELETE("Delete snapshot", Duration.ofHours(2), Group.DISKS),
    VOLUME_MIRROR("Move volume", Duration.ofHours(12), Group.DISKS),
    POINTS_VERIFY("Verify recovery points", Duration.ofHours(24), Group.BESIDE),
    GARBAGE_COLLECT("Free space in the store", Duration.ofHours(6), Group.BESIDE),
    DRILL("Restore drill", Duration.ofHours(2), Group.BESIDE),
    FILES_LIST("Read folder", Duration.ofMinutes(5), Group.GLANCE),
    FILE_FETCH("Download from backup", Duration.ofHours(6), Group.BESIDE);

    /** What else may go on for the same VM meanwhile. */
    private enum Group {
        /** One replaces another. */
        POWER,
        /** A deletion ends all others. */
        LIFE,
        /** One after another for one VM: each needs its disks for itself. */
        DISKS,
        /** Beside anything. */
        BESIDE,
        /** Too small for a list of what was done; somebody looks at one at a time. */
        GLANCE
    }

    private final String label;
    private final Duration limit;
    private final Group group;

    OperationKind(String label, Duration limit, Group group) {
        this.label = label;
        this.limit = limit;
        this.group = group;
    }

    public String label() {
        return label;
    }

    /** From when it can begin. */
    public Duration limit() {
        return limit;
    }

    /** Ends when the host reports the state of the VM that it wished for, and not by a word of its own. */
    public boolean followsState() {
        return group == Group.LIFE || (group == Group.POWER && this != VM_REBOOT);
    }

    /** Those of a VM are given to the host one after another. */
    public boolean needsDisksAlone() {
        return group == Group.DISKS;
    }

    /** Whether a person can take it back while it is open; what follows a desired state is taken back by wishing otherwise. */
    public boolean isCancellable() {
        return group == Group.DISKS || group == Group.BESIDE || group == Group.GLANCE;
    }

    /** Whether lists of operations show it. */
    public boolean isListed() {
        return group != Group.GLANCE;
    }

    /** Open operations of the same target that this one makes pointless. */
    public Set<OperationKind> replaces() {
        if (this == VM_DELETE) {
            return EnumSet.allOf(OperationKind.class);
        }
        if (group != Group.POWER && group != Group.GLANCE) {
            return EnumSet.noneOf(OperationKind.class);
        }
        return Arrays.stream(values())
                .filter(other -> other.group == group)
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(OperationKind.class)));
    }
}
