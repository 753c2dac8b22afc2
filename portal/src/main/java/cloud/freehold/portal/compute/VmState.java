package cloud.freehold.portal.compute;

import cloud.freehold.portal.operation.OperationKind;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a VM is doing, from what its host last said and what was asked for since. */
public enum VmState {
    /** The provider has no host for it yet. */
    WAITING("pending"),
    CREATING("creating"),
    STARTING("starting"),
    RUNNING("running"),
    REBOOTING("rebooting"),
    STOPPING("stopping"),
    STOPPED("stopped"),
    PAUSED("paused"),
    /** The guest ended in a way that nobody asked for. */
    CRASHED("error"),
    DELETING("deleting");

    private final String chip;

    VmState(String chip) {
        this.chip = chip;
    }

    public String chip() {
        return chip;
    }

    public String label() {
        return this == WAITING ? "waiting for a host" : name().toLowerCase(Locale.ROOT);
    }

    /** @param reported null: the host has said nothing yet */
    public static VmState of(
            boolean deleting, boolean placed, @Nullable String reported, @Nullable OperationKind open) {
        if (deleting) {
            return DELETING;
        }
        if (!placed) {
            return WAITING;
        }
        VmState said = reported == null ? CREATING : said(reported);
        if (open == null) {
            return said;
        }
        return switch (open) {
            case VM_START -> said == STOPPED || said == CRASHED ? STARTING : said;
            case VM_STOP, VM_FORCE_OFF -> said == RUNNING || said == PAUSED ? STOPPING : said;
            case VM_REBOOT -> said == RUNNING ? REBOOTING : said;
            case VM_CREATE,
                    VM_DELETE,
                    BACKUP,
                    RESTORE,
                    SNAPSHOT_TAKE,
                    SNAPSHOT_ROLL_BACK,
                    SNAPSHOT_DELETE,
                    VOLUME_MIRROR,
                    POINTS_VERIFY,
                    GARBAGE_COLLECT,
                    DRILL,
                    FILES_LIST,
                    FILE_FETCH -> said;
        };
    }

    private static VmState said(String reported) {
        return switch (reported) {
            case "STARTING" -> STARTING;
            case "RUNNING" -> RUNNING;
            case "STOPPING" -> STOPPING;
            case "STOPPED" -> STOPPED;
            case "PAUSED" -> PAUSED;
            case "CRASHED" -> CRASHED;
            case "DELETING", "DELETED" -> DELETING;
            default -> CREATING;
        };
    }
}
