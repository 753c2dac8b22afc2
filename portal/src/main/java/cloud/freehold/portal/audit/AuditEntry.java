package cloud.freehold.portal.audit;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What happened to what.
 *
 * @param action past tense after the kind of thing, for example {@code rule.added}; stable, tenants filter by it
 * @param targetKind for example {@code security-group}
 * @param before the state before, written as JSON; null for something new
 * @param after the state after, written as JSON; null for something deleted
 */
public record AuditEntry(
        String action,
        String targetKind,
        @Nullable UUID targetId,
        String targetName,
        @Nullable Object before,
        @Nullable Object after) {

    public static AuditEntry of(String action, String targetKind, @Nullable UUID targetId, String targetName) {
        return new AuditEntry(action, targetKind, targetId, targetName, null, null);
    }

    public AuditEntry before(@Nullable Object state) {
        return new AuditEntry(action, targetKind, targetId, targetName, state, after);
    }

    public AuditEntry after(@Nullable Object state) {
        return new AuditEntry(action, targetKind, targetId, targetName, before, state);
    }
}
