package cloud.freehold.agent.command;

import cloud.freehold.api.ProblemCode;

/** An order cannot be carried out. The message is for the tenant: what happened and what to do next. */
public final class OrderFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final ProblemCode code;

    public OrderFailure(ProblemCode code, String forTenant) {
        this(code, forTenant, null);
    }

    /** @param cause for the host's log */
    public OrderFailure(ProblemCode code, String forTenant, Throwable cause) {
        super(forTenant, cause);
        this.code = code;
    }

    public ProblemCode code() {
        return code;
    }
}
