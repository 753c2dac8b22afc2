package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.query.Answer;
import cloud.freehold.api.query.AskedQuestion;
import cloud.freehold.portal.audit.ProviderAudit;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.hostlink.HostPrincipal;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/** The hosts' side of questions: each is handed out once, and only the host that was asked may answer. */
@Component
public class QuestionDesk {

    private final QuestionRows rows;
    private final TransactionTemplate transaction;
    private final ProviderAudit audit;

    QuestionDesk(QuestionRows rows, @SystemAccess TransactionTemplate transaction, ProviderAudit audit) {
        this.rows = rows;
        this.transaction = transaction;
        this.audit = audit;
    }

    public List<AskedQuestion> take(UUID host) {
        return Objects.requireNonNull(transaction.execute(status -> rows.take(host)));
    }

    public void giveBack(UUID host, List<AskedQuestion> questions) {
        transaction.executeWithoutResult(status -> rows.giveBack(host, questions));
    }

    /** @return false: nobody waits for it (any more) */
    public boolean answer(HostPrincipal host, UUID question, Answer answer, String sourceIp) {
        if ((answer.finding() == null) == (answer.problem() == null)) {
            throw new InvalidInputException("answer.empty", "Say what was found, or why nothing was: one of the two.");
        }
        boolean stored = Boolean.TRUE.equals(transaction.execute(status -> rows.answer(host.id(), question, answer)));
        UUID asked = stored ? host.id() : rows.hostOf(question);
        if (asked != null && !asked.equals(host.id())) {
            audit.record("host.foreign-answer", "host", host.name(), Map.of("question", question.toString()), sourceIp);
        }
        return stored;
    }

    @Scheduled(fixedDelayString = "PT10S")
    void prune() {
        rows.prune();
    }
}
