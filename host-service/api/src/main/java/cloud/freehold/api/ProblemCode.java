package cloud.freehold.api;

/** Stable codes of what goes wrong on a host, and who can do something about it. */
public enum ProblemCode {
    /** The dataplane does not answer; the host service restarts it or waits for it. */
    DATAPLANE_UNAVAILABLE(Kind.INTERNAL),
    /** The dataplane refused an object. */
    DATAPLANE_REFUSED(Kind.INTERNAL),
    /** The dataplane was not started with a device that desired state names; what does not need it works. */
    UPLINK_MISSING(Kind.INTERNAL),
    /** libvirt does not answer. */
    HYPERVISOR_UNAVAILABLE(Kind.INTERNAL),
    /** libvirt or QEMU refused the VM's definition or start. */
    HYPERVISOR_REFUSED(Kind.INTERNAL),
    /** A deadline passed on the host. */
    TIMED_OUT(Kind.INTERNAL),
    /** An image file could not be fetched or its digest does not match. */
    IMAGE_UNAVAILABLE(Kind.INTERNAL),
    /** The host has no room (memory, disk, ports). */
    HOST_CAPACITY(Kind.CAPACITY),
    /** The guest did not follow a request (shutdown, agent). */
    GUEST_UNRESPONSIVE(Kind.USER),
    /** The guest stopped by itself in a way that was not asked for. */
    GUEST_CRASHED(Kind.USER),
    /** The command does not fit the present state. */
    WRONG_STATE(Kind.USER),
    /** The command was cancelled or its object deleted. */
    CANCELLED(Kind.USER),
    /** The guest agent did not answer or could not freeze, or no barrier was found, and less was not acceptable. */
    CONSISTENCY_NOT_REACHED(Kind.USER),
    /** The backup store does not answer or refuses. */
    STORE_UNAVAILABLE(Kind.INTERNAL),
    /** The backup store has no room left. */
    STORE_FULL(Kind.CAPACITY),
    /** What the store holds is not what was written; nothing of it was handed out. */
    STORE_DAMAGED(Kind.INTERNAL),
    /** A name, path or object that the command refers to is not there. */
    NOT_THERE(Kind.USER),
    /** What was to be looked into holds no file system that can be read: it is empty, a member of a volume group, or of another kind. */
    NO_FILE_SYSTEM(Kind.USER),
    /** What was to be looked into is encrypted, and only its owner has the key. */
    ENCRYPTED(Kind.USER),
    /** A file system that was to be looked into cannot be read, or not all of it. */
    FILE_SYSTEM_DAMAGED(Kind.USER),
    /** A file broke off on its way out of a point; nothing of it was kept. */
    FILE_INCOMPLETE(Kind.INTERNAL),
    /** A program of the host's that did the work was killed in its middle, and again when it was done once more; nothing half done was kept. */
    PROGRAM_KILLED(Kind.INTERNAL),
    /** The host was restarted in the middle and the command is not one to repeat. */
    INTERRUPTED(Kind.INTERNAL),
    INTERNAL(Kind.INTERNAL);

    /** Who can do something about it. */
    public enum Kind {
        USER,
        INTERNAL,
        CAPACITY
    }

    private final Kind kind;

    ProblemCode(Kind kind) {
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
