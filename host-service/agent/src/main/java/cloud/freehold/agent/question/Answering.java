package cloud.freehold.agent.question;

import cloud.freehold.agent.dataplane.InspectionException;
import cloud.freehold.agent.dataplane.Inspector;
import cloud.freehold.agent.desired.Desired;
import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.query.Answer;
import cloud.freehold.api.query.AskedQuestion;
import cloud.freehold.api.query.Finding;
import cloud.freehold.api.query.Question;
import java.time.Clock;
import java.time.Instant;
import java.util.UUID;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds answers. What a question is about must belong to the tenant whose question it is, as this host was told. */
final class Answering {
    private static final Logger LOG = LoggerFactory.getLogger(Answering.class);

    private final Inspector inspector;
    private final Supplier<Desired> present;
    private final Clock clock;

    Answering(Inspector inspector, Supplier<Desired> present, Clock clock) {
        this.inspector = inspector;
        this.present = present;
        this.clock = clock;
    }

    /** @param by when nobody waits for it any more */
    Answer answer(AskedQuestion asked, Instant by) {
        try {
            return Answer.of(find(asked.tenantId(), asked.question(), by));
        } catch (InspectionException e) {
            return failed(e.code(), e.getMessage());
        } catch (RuntimeException e) {
            LOG.error("A question could not be answered because of an error of the agent's own.", e);
            return failed(ProblemCode.INTERNAL, "The host could not answer. Try again in a few seconds.");
        }
    }

    private Finding find(UUID tenant, Question<?> question, Instant by) throws InspectionException {
        if (question instanceof Question.ListConnections list) {
            requireNic(tenant, list.nicId());
            return inspector.connections(list, by);
        } else if (question instanceof Question.EndConnections end) {
            requireNic(tenant, end.nicId());
            return inspector.end(end, by);
        } else if (question instanceof Question.TestPacket test) {
            requireNic(tenant, test.nicId());
            return inspector.test(test);
        } else if (question instanceof Question.PreviewGroup preview) {
            require(tenant.equals(preview.group().tenantId()), "security group");
            return inspector.preview(preview.group(), preview.sets(), present.get(), by);
        }
        throw new InspectionException(
                ProblemCode.NOT_THERE,
                "The host's agent is older than the portal and cannot answer this yet. The provider updates it.");
    }

    private void requireNic(UUID tenant, UUID nicId) throws InspectionException {
        var nic = present.get().nics().get(nicId);
        require(nic != null && nic.tenantId().equals(tenant), "NIC");
    }

    private static void require(boolean there, String what) throws InspectionException {
        if (!there) {
            throw new InspectionException(
                    ProblemCode.NOT_THERE,
                    "The host has no such " + what + ". It may have just been moved or removed; reload the page.");
        }
    }

    private Answer failed(ProblemCode code, String message) {
        return Answer.failed(new Problem(code, message, clock.instant()));
    }
}
