package cloud.freehold.portal.operation;

import java.time.Duration;

/** What can be asked for, and how long it may take before it counts as failed. */
public enum OperationKind {
    VM_CREATE("Create VM", Duration.ofMinutes(15), false),
    VM_START("Start VM", Duration.ofMinutes(5), false),
    VM_STOP("Stop VM", Duration.ofMinutes(5), false),
    VM_REBOOT("Reboot VM", Duration.ofMinutes(5), true),
    VM_FORCE_OFF("Force off VM", Duration.ofMinutes(2), true),
    VM_DELETE("Delete VM", Duration.ofMinutes(15), false);

    private final String label;
    private final Duration limit;
    private final boolean command;

    OperationKind(String label, Duration limit, boolean command) {
        this.label = label;
        this.limit = limit;
        this.command = command;
    }

    public String label() {
        return label;
    }

    public Duration limit() {
        return limit;
    }

    /** A one-off order to the host; else the host follows the desired state by itself. */
    public boolean isCommand() {
        return command;
    }
}
