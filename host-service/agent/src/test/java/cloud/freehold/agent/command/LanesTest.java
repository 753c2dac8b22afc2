package cloud.freehold.agent.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LanesTest {
    private final UUID a = UUID.randomUUID();
    private final UUID b = UUID.randomUUID();
    private final UUID c = UUID.randomUUID();
    private final List<Runnable> started = new ArrayList<>();
    private final List<String> ran = new ArrayList<>();
    private final Lanes lanes = new Lanes(2, started::add);

    private void submit(String name, UUID... exclusive) {
        lanes.submit(Set.of(exclusive), () -> ran.add(name));
    }

    private void finishFirst() {
        started.remove(0).run();
    }

    @Test
    void whatSharesSomethingRunsInOrder() {
        submit("a1", a);
        submit("a2", a);
        submit("b1", b);
        assertThat(started).hasSize(2);
        finishFirst();
        finishFirst();
        finishFirst();
        assertThat(ran).containsExactly("a1", "b1", "a2");
    }

    @Test
    void noMoreThanSoManyAtATimeButWhatNeedsNothingIsNotCounted() {
        submit("a", a);
        submit("b", b);
        submit("c", c);
        submit("free");
        assertThat(started).hasSize(3);
        started.get(0).run();
        assertThat(started).hasSize(4);
    }

    @Test
    void whatWaitsForTwoIsNotStarvedByWhatWaitsForOne() {
        submit("a1", a);
        submit("ab", a, b);
        submit("b2", b);
        assertThat(started).hasSize(1);
        finishFirst();
        assertThat(started).hasSize(1);
        finishFirst();
        finishFirst();
        assertThat(ran).containsExactly("a1", "ab", "b2");
    }

    @Test
    void aTaskThatFailsLetsTheNextOneIn() {
        lanes.submit(Set.of(a), () -> {
            throw new IllegalStateException("told to");
        });
        submit("next", a);
        try {
            finishFirst();
        } catch (IllegalStateException e) {
            finishFirst();
        }
        assertThat(ran).containsExactly("next");
    }
}
