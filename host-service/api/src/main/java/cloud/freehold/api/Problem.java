package cloud.freehold.api;

import java.time.Instant;

/**
 * Why something is not as it should be.
 *
 * @param code stable, for programs
 * @param message a sentence for the tenant: what happened and what to do next; no host internals
 * @param since when it was first seen by the host's clock
 */
public record Problem(ProblemCode code, String message, Instant since) {}
