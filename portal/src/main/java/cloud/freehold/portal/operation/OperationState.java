package cloud.freehold.portal.operation;

import java.util.Locale;

public enum OperationState {
    /** Stored; the host has not taken it up. */
    QUEUED,
    RUNNING,
    DONE,
    FAILED,
    /** Another operation made it pointless. */
    CANCELLED;

    public boolean isOpen() {
        return this == QUEUED || this == RUNNING;
    }

    /** The state's chip. */
    public String chip() {
        return switch (this) {
            case QUEUED -> "queued";
            case RUNNING -> "applying";
            case DONE -> "done";
            case FAILED -> "failed";
            case CANCELLED -> "off";
        };
    }

    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
