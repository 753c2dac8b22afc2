package cloud.freehold.portal.operation;

import java.util.Locale;

public enum OperationState {
    /** Another operation of its chain comes first. */
    WAITING,
    /** Stored; the host has not taken it up. */
    QUEUED,
    RUNNING,
    DONE,
    FAILED,
    /** Another operation made it pointless, or somebody took it back. */
    CANCELLED;

    public boolean isOpen() {
        return this == WAITING || this == QUEUED || this == RUNNING;
    }

    /** The state's chip. */
    public String chip() {
        return switch (this) {
            case WAITING -> "pending";
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
