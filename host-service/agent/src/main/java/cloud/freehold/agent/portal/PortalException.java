package cloud.freehold.agent.portal;

import java.io.IOException;

/** The portal did not do what was asked. */
public final class PortalException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int status;

    PortalException(int status, String message) {
        super(message);
        this.status = status;
    }

    PortalException(String message, Throwable cause) {
        super(message, cause);
        this.status = 0;
    }

    /** The HTTP status; 0: there was no answer. */
    public int status() {
        return status;
    }

    /** The portal knows this host and says no; trying again soon does not help. */
    public boolean refused() {
        return status == 401 || status == 403;
    }
}
