package cloud.freehold.portal.common;

/**
 * A failure that the person or client can be told about. The code is stable and part of the API; the message is a
 * sentence that says what happened and what to do next.
 */
public abstract class FreeholdException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String code;

    protected FreeholdException(String code, String message) {
        super(message);
        this.code = code;
    }

    /** For example {@code member.last-owner}. */
    public String code() {
        return code;
    }

    /** The HTTP status that stands for this class of failure. */
    public abstract int status();

    /** A short headline for people. */
    public abstract String title();
}
