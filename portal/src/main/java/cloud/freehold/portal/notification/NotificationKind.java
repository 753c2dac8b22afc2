package cloud.freehold.portal.notification;

import java.util.Arrays;
import java.util.Optional;

/** What tenants can be told of. */
public enum NotificationKind {
    BACKUP_FAILED("backup.failed", "A backup failed", Tone.BAD),
    BACKUP_LATE("backup.late", "A VM's latest recovery point is too old", Tone.WARN),
    BACKUP_LEFT_OUT("backup.left-out", "A policy could not back up a VM", Tone.WARN),
    BACKUP_WEAKER("backup.weaker", "A recovery point is weaker than wanted", Tone.WARN),
    POINT_DAMAGED("backup.damaged", "A verification found damage", Tone.BAD),
    RESTORE_DONE("restore.done", "A restore is done", Tone.GOOD),
    RESTORE_FAILED("restore.failed", "A restore failed", Tone.BAD),
    DRILL_FAILED("drill.failed", "A restore drill failed", Tone.BAD),
    DRILL_SLOW("drill.slow", "A restore drill took too long", Tone.WARN),
    TEST("test", "A test of a channel", Tone.INFO);

    /** How grave it is. */
    public enum Tone {
        BAD("failed"),
        WARN("warning"),
        INFO("info"),
        GOOD("done");

        private final String chip;

        Tone(String chip) {
            this.chip = chip;
        }

        public String chip() {
            return chip;
        }
    }

    private final String code;
    private final String label;
    private final Tone tone;

    NotificationKind(String code, String label, Tone tone) {
        this.code = code;
        this.label = label;
        this.tone = tone;
    }

    /** Stable, for programs. */
    public String code() {
        return code;
    }

    public String label() {
        return label;
    }

    public Tone tone() {
        return tone;
    }

    public static Optional<NotificationKind> of(String code) {
        return Arrays.stream(values()).filter(kind -> kind.code.equals(code)).findFirst();
    }
}
