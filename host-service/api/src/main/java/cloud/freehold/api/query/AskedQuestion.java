package cloud.freehold.api.query;

import java.util.UUID;

/**
 * A question with its envelope. It is given to a host once; whoever asked waits for {@code withinMillis} at most.
 *
 * @param tenantId whose things the question is about; a host says nothing of another tenant's
 * @param withinMillis from when it was received; an answer that would come later is not worth beginning
 */
public record AskedQuestion(UUID id, UUID tenantId, int withinMillis, Question<?> question) {}
