package cloud.freehold.agent.dataplane;

import cloud.freehold.api.ProblemCode;

/** Why one cannot look. The message is a sentence for the tenant. */
public final class InspectionException extends Exception {
    private static final long serialVersionUID = 1L;

    private final ProblemCode code;

    public InspectionException(ProblemCode code, String message) {
        super(message);
        this.code = code;
    }

    public ProblemCode code() {
        return code;
    }
}
