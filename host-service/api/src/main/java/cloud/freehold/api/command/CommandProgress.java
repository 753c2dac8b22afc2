package cloud.freehold.api.command;

import cloud.freehold.api.Problem;
import java.time.Instant;

/**
 * @param status where it stands
 * @param percent 0–100, monotonic
 * @param step what is being done, a few words for the tenant
 * @param problem with FAILED
 */
public record CommandProgress(Status status, int percent, String step, Problem problem, Instant at) {

    public enum Status {
        RUNNING,
        DONE,
        FAILED
    }
}
