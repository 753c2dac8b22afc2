package cloud.freehold.portal.hostlink;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.query.Finding;
import cloud.freehold.api.query.Question;
import cloud.freehold.portal.common.TenantId;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * Asks hosts what is so right now, for somebody who waits. May not be called in a transaction: the question has to be
 * committed before a host can see it. The calling thread waits, {@link #PATIENCE} at most.
 *
 * <p>All calls throw {@link cloud.freehold.portal.common.CapacityException} when the tenant asks too much at once.
 */
public interface HostQuestions {

    Duration PATIENCE = Duration.ofSeconds(3);

    /**
     * Asks the host on which the NIC's VM is.
     *
     * @throws cloud.freehold.portal.common.NotFoundException when the tenant has no such NIC
     */
    <F extends Finding> Reply<F> ofNic(TenantId tenant, UUID nicId, Question<F> question);

    /** Asks all hosts that have been told of this object of the tenant at once; in no particular order. */
    <F extends Finding> List<Reply<F>> ofHostsWith(
            TenantId tenant, ObjectKind kind, UUID objectId, Question<F> question);
}
