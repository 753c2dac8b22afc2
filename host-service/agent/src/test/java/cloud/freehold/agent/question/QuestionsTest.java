package cloud.freehold.agent.question;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.agent.Objects;
import cloud.freehold.agent.dataplane.FakeInside;
import cloud.freehold.agent.desired.Desired;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.query.Answer;
import cloud.freehold.api.query.AskedQuestion;
import cloud.freehold.api.query.ConnectionFilter;
import cloud.freehold.api.query.Finding;
import cloud.freehold.api.query.Question;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class QuestionsTest {
    private static final UUID NIC = Objects.id("nic");

    private final List<AskedQuestion> open = new ArrayList<>();
    private final Map<UUID, Answer> answers = new ConcurrentHashMap<>();
    private final FakeInside inside = new FakeInside(NIC);
    private final Desired present =
            Desired.NOTHING.with(Objects.full(1, Objects.nic("nic", "vm", 1))).orElseThrow();
    private final Questions questions = new Questions(
            new Questions.Portal() {
                @Override
                public List<AskedQuestion> questions(Duration wait) throws IOException {
                    var handed = List.copyOf(open);
                    open.clear();
                    return handed;
                }

                @Override
                public boolean answer(UUID question, Answer answer) {
                    answers.put(question, answer);
                    return true;
                }
            },
            inside.inspector(),
            () -> present,
            Clock.systemUTC());

    @AfterEach
    void close() {
        questions.close();
    }

    private Answer ask(UUID tenant, Question<?> question) throws InterruptedException {
        var asked = new AskedQuestion(UUID.randomUUID(), tenant, 5_000, question);
        open.add(asked);
        questions.take(Duration.ZERO);
        while (!answers.containsKey(asked.id())) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        return answers.get(asked.id());
    }

    private static Question.EndConnections all(UUID nic) {
        return new Question.EndConnections(nic, null, ConnectionFilter.ALL);
    }

    @Test
    void answersWhatItIsAsked() throws Exception {
        assertThat(ask(Objects.TENANT, all(NIC))).isEqualTo(Answer.of(new Finding.Ended(0)));
    }

    @Test
    void saysNothingOfAnotherTenantsNic() throws Exception {
        var answer = ask(Objects.id("another tenant"), all(NIC));
        assertThat(answer.finding()).isNull();
        assertThat(answer.problem().code()).isEqualTo(ProblemCode.NOT_THERE);
        assertThat(ask(Objects.TENANT, all(Objects.id("gone"))).problem().code())
                .isEqualTo(ProblemCode.NOT_THERE);
        var group = new Question.PreviewGroup(Objects.group(1), List.of());
        assertThat(ask(Objects.id("another tenant"), group).problem().code()).isEqualTo(ProblemCode.NOT_THERE);
    }

    @Test
    void aQuestionThatItDoesNotKnowIsAnsweredAllTheSame() throws Exception {
        assertThat(ask(Objects.TENANT, null).problem().message()).contains("older than the portal");
    }

    @Test
    void whatNobodyWaitsForAnyMoreIsLeft() throws Exception {
        var late = new AskedQuestion(UUID.randomUUID(), Objects.TENANT, 0, all(NIC));
        open.add(late);
        ask(Objects.TENANT, all(NIC));
        assertThat(answers).doesNotContainKey(late.id());
    }
}
