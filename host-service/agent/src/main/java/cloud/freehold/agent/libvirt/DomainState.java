package cloud.freehold.agent.libvirt;

/** libvirt's states and reasons, as far as they make a difference. */
public enum DomainState {
    RUNNING,
    /** Paused by an administrator or a job. */
    PAUSED,
    /** Paused by QEMU because the host could not write. */
    PAUSED_ON_ERROR,
    /** The guest is on its way down. */
    SHUTTING_DOWN,
    /** Off, nothing is known about why (the host was restarted, it never ran). */
    OFF,
    /** The guest powered itself off, asked or not. */
    OFF_BY_GUEST,
    /** Somebody pulled the plug. */
    OFF_BY_FORCE,
    /** QEMU died or the guest's kernel panicked. */
    CRASHED;

    private static final int REASON_PAUSED_IO_ERROR = 5;
    private static final int REASON_OFF_SHUTDOWN = 1;
    private static final int REASON_OFF_DESTROYED = 2;
    private static final int REASON_OFF_CRASHED = 3;

    public boolean isOff() {
        return this == OFF || this == OFF_BY_GUEST || this == OFF_BY_FORCE || this == CRASHED;
    }

    static DomainState of(int state, int reason) {
        return switch (state) {
            case 1, 2 -> RUNNING;
            case 3 -> reason == REASON_PAUSED_IO_ERROR ? PAUSED_ON_ERROR : PAUSED;
            case 7 -> PAUSED;
            case 4 -> SHUTTING_DOWN;
            case 6 -> CRASHED;
            default ->
                switch (reason) {
                    case REASON_OFF_SHUTDOWN -> OFF_BY_GUEST;
                    case REASON_OFF_DESTROYED -> OFF_BY_FORCE;
                    case REASON_OFF_CRASHED -> CRASHED;
                    default -> OFF;
                };
        };
    }
}
