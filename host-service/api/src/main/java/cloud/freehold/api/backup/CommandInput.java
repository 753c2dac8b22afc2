package cloud.freehold.api.backup;

import java.util.List;
import java.util.UUID;

/**
 * What a host needs to carry out a command on a store and must not keep: GET
 * {@link cloud.freehold.api.AgentPaths#COMMANDS}/{id}/input, answered while the command is open and only to its host.
 *
 * <p>The lists are determined anew each time when they are fetched, at one moment: a garbage collection asks twice.
 *
 * @param tenantKey 32 bytes, lower-case hex
 * @param s3AccessKey null for directories
 * @param s3SecretKey null for directories
 * @param pinned roots of the tenant's points that stay while the command runs: equal data may be shared with them
 * @param liveRoots CollectGarbage: every root that stays. VerifyPoints: what to verify
 * @param openWriters CollectGarbage: commands that may still write to the store; what they wrote stays
 */
public record CommandInput(
        String tenantKey,
        String s3AccessKey,
        String s3SecretKey,
        List<String> pinned,
        List<String> liveRoots,
        List<UUID> openWriters) {

    /** Never in a log. */
    @Override
    public String toString() {
        return "CommandInput[…]";
    }
}
