package cloud.freehold.agent.storage;

import cloud.freehold.api.ProblemCode;

/** A file of a VM cannot be had. */
public final class StorageException extends Exception {
    private static final long serialVersionUID = 1L;

    private final ProblemCode code;
    private final String forTenant;

    StorageException(ProblemCode code, String forTenant, String detail, Throwable cause) {
        super(detail, cause);
        this.code = code;
        this.forTenant = forTenant;
    }

    static StorageException internal(String what, Throwable cause) {
        return new StorageException(
                ProblemCode.INTERNAL,
                "The host could not prepare the VM's disks; it tries again.",
                what + ": " + cause.getMessage(),
                cause);
    }

    static StorageException image(String detail, Throwable cause) {
        return new StorageException(
                ProblemCode.IMAGE_UNAVAILABLE,
                "The VM's image could not be fetched; the host tries again.",
                detail,
                cause);
    }

    static StorageException full(String detail) {
        return new StorageException(
                ProblemCode.HOST_CAPACITY,
                "The host has no room for the VM's disks. Delete what is not needed, or let the provider move the VM.",
                detail,
                null);
    }

    public ProblemCode code() {
        return code;
    }

    /** Without host internals. */
    public String forTenant() {
        return forTenant;
    }
}
