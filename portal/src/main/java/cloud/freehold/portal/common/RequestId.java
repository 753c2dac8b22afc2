package cloud.freehold.portal.common;

import java.util.Optional;
import java.util.UUID;
import org.slf4j.MDC;

/** Names one request in logs, error pages and audit events. */
public record RequestId(UUID value) implements Id {

    /** The key in the logging context. */
    public static final String MDC_KEY = "request";

    /** The request that the current thread serves; empty in background jobs. */
    public static Optional<RequestId> current() {
        return Optional.ofNullable(MDC.get(MDC_KEY)).map(UUID::fromString).map(RequestId::new);
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
