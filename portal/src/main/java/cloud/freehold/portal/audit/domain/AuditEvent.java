package cloud.freehold.portal.audit.domain;

import cloud.freehold.portal.common.Actor;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One link of the chain. {@code before} and {@code after} are JSON as it was stored. */
public record AuditEvent(
        long sequence,
        UUID id,
        Instant at,
        Actor.Kind actorKind,
        String actorName,
        String action,
        String targetKind,
        @Nullable UUID targetId,
        String targetName,
        @Nullable String before,
        @Nullable String after,
        @Nullable UUID requestId,
        @Nullable String sourceIp,
        String hash) {}
