package cloud.freehold.api;

/** Paths of the portal's agent interface, below its mutual-TLS address. */
public final class AgentPaths {
    /** POST {@link cloud.freehold.api.enrolment.EnrolmentRequest} → {@link cloud.freehold.api.enrolment.EnrolmentGrant}; the only path without a client certificate. */
    public static final String ENROL = "/agent/v1/enrol";

    /** POST {@link cloud.freehold.api.enrolment.RenewalRequest} → {@link cloud.freehold.api.enrolment.EnrolmentGrant}. */
    public static final String RENEW = "/agent/v1/renew";

    /** GET ?epoch=&after=&wait= (seconds, 0–30) → {@link cloud.freehold.api.desired.DesiredState}, 204 when nothing changed. */
    public static final String DESIRED = "/agent/v1/desired";

    /** POST {@link cloud.freehold.api.observed.HostReport} → 204. */
    public static final String REPORT = "/agent/v1/report";

    /** POST {@link cloud.freehold.api.observed.FlowBatch} → 204 when all of it is stored, also if it was before. */
    public static final String FLOWS = "/agent/v1/flows";

    /**
     * POST {@link cloud.freehold.api.command.CommandProgress} to COMMANDS/{id} → 204; 410 when it was cancelled. GET COMMANDS/{id}/input →
     * {@link cloud.freehold.api.backup.CommandInput}. PUT COMMANDS/{id}/output: the bytes that a command brings.
     */
    public static final String COMMANDS = "/agent/v1/commands";

    /** GET IMAGE_FILES/{sha256}: the bytes of an image file; Range is honoured. */
    public static final String IMAGE_FILES = "/agent/v1/image-files";

    /**
     * GET ?wait= (seconds, 0–30) → {@link cloud.freehold.api.query.AskedQuestions}, 204 when nobody asked. POST
     * {@link cloud.freehold.api.query.Answer} to QUESTIONS/{id} → 204; 410 when nobody waits any more.
     */
    public static final String QUESTIONS = "/agent/v1/questions";

    private AgentPaths() {}
}
