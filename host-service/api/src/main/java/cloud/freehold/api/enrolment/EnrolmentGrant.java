package cloud.freehold.api.enrolment;

import java.time.Instant;
import java.util.UUID;

/**
 * @param certificate PEM, with its chain
 * @param authority PEM: whom the agent trusts as the portal from now on
 */
public record EnrolmentGrant(UUID hostId, String certificate, String authority, Instant notAfter) {}
