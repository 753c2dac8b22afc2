package cloud.freehold.agent.libvirt;

/** libvirt or QEMU did not do it. */
public final class HypervisorException extends Exception {
    private static final long serialVersionUID = 1L;

    /** What kind of no it was. */
    public enum Kind {
        /** libvirt is not there, or its connection broke. */
        UNAVAILABLE,
        /** There was no answer before the deadline; it may still happen. */
        TIMED_OUT,
        /** There is no such domain. */
        GONE,
        /** The domain is not in a state for it. */
        WRONG_STATE,
        /** No guest agent is connected: it was not asked. */
        NO_AGENT,
        /** The guest agent is connected and did not answer in time; it may still do what it was asked for. */
        AGENT_SILENT,
        REFUSED
    }

    private final Kind kind;

    public HypervisorException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
