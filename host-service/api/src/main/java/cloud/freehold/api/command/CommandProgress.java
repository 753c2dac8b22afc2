package cloud.freehold.api.command;

import cloud.freehold.api.Problem;
import cloud.freehold.api.backup.Transfer;
import java.time.Instant;

/**
 * @param status where it stands
 * @param percent 0–100, monotonic
 * @param step what is being done, a few words for the tenant
 * @param problem with FAILED
 * @param transfer null when nothing is being copied
 * @param result with DONE, null when the command brings none
 */
public record CommandProgress(
        Status status, int percent, String step, Problem problem, Instant at, Transfer transfer, CommandResult result) {

    public CommandProgress(Status status, int percent, String step, Problem problem, Instant at) {
        this(status, percent, step, problem, at, null, null);
    }

    public enum Status {
        RUNNING,
        DONE,
        FAILED
    }
}
