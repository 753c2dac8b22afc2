package cloud.freehold.agent.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.agent.Objects;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DropCollectorTest {
    private static final Instant START = Instant.parse("2026-05-01T12:00:00Z");

    private final FakeInside inside = new FakeInside(Objects.id("nic"));
    private final List<DropEvent> heard = new ArrayList<>();
    private final DropCollector collector =
            new DropCollector(inside, heard::addAll, Clock.fixed(START, ZoneOffset.UTC));

    private static DropEvent at(int second) {
        return new DropEvent(
                START.plusSeconds(second), Objects.id("nic"), true, "default", null, 6, "192.0.2.1", "10.0.0.5", 1, 22);
    }

    @Test
    void eachIsToldOnceWithoutThoseFromBeforeTheStart() throws Exception {
        inside.events.addAll(List.of(at(-2), at(-1), at(1), at(2), at(3), at(4), at(5)));
        collector.read();
        collector.read();
        inside.events.add(at(6));
        collector.read();
        assertThat(heard).containsExactly(at(1), at(2), at(3), at(4), at(5), at(6));
    }

    @Test
    void aRestartedDataplaneCountsAnewAndNothingIsToldTwice() throws Exception {
        inside.events.addAll(List.of(at(1), at(2)));
        collector.read();
        inside.restart();
        assertThatThrownBy(collector::read).isInstanceOf(DataplaneException.Unavailable.class);
        collector.close();
        inside.events.clear();
        inside.events.add(at(9));
        collector.read();
        assertThat(heard).containsExactly(at(1), at(2), at(9));
    }
}
