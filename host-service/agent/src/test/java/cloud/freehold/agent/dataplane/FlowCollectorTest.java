package cloud.freehold.agent.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.agent.Objects;
import cloud.freehold.api.observed.FlowBatch;
import cloud.freehold.api.observed.FlowRecord;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class FlowCollectorTest {
    private static final Instant NOW = Instant.parse("2026-05-01T12:00:00Z");

    private final FakeInside inside = new FakeInside(Objects.id("nic"));
    private final List<Long> stored = new ArrayList<>();
    private boolean portalIsUp = true;
    private boolean answersArrive = true;
    private final FlowCollector collector = new FlowCollector(inside, this::store);

    private void store(FlowBatch batch) throws IOException {
        if (!portalIsUp) {
            throw new IOException("away");
        }
        batch.records().forEach(record -> stored.add(record.sequence()));
        if (!answersArrive) {
            throw new IOException("the answer is lost");
        }
    }

    private void ended(long from, long to) {
        LongStream.rangeClosed(from, to).forEach(sequence -> inside.flows.add(record(sequence)));
    }

    private static FlowRecord record(long sequence) {
        return new FlowRecord(
                sequence,
                Objects.id("nic"),
                true,
                FlowRecord.End.ENDED,
                false,
                6,
                "192.0.2.1",
                40_000,
                "10.0.0.5",
                22,
                null,
                null,
                "time-wait",
                NOW,
                NOW,
                4,
                400,
                2,
                200,
                null);
    }

    @Test
    void allArriveInOrderAndAreForgottenAtTheHost() throws Exception {
        ended(1, 10);
        collector.move();
        assertThat(stored).containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L);
        assertThat(inside.flows).isEmpty();
        ended(11, 11);
        collector.move();
        assertThat(stored).hasSize(11).endsWith(11L);
    }

    @Test
    void nothingIsForgottenWhileThePortalIsAway() throws Exception {
        ended(1, 5);
        portalIsUp = false;
        assertThatThrownBy(collector::move).isInstanceOf(IOException.class);
        assertThatThrownBy(collector::move).isInstanceOf(IOException.class);
        assertThat(inside.flows).hasSize(5);
        portalIsUp = true;
        collector.move();
        assertThat(stored).containsExactly(1L, 2L, 3L, 4L, 5L);
    }

    @Test
    void whatMayHaveArrivedComesAgain() throws Exception {
        ended(1, 4);
        answersArrive = false;
        assertThatThrownBy(collector::move).isInstanceOf(IOException.class);
        answersArrive = true;
        collector.move();
        assertThat(stored).containsExactly(1L, 2L, 3L, 1L, 2L, 3L, 4L);
    }

    @Test
    void anAgentThatStartsAnewTakesWhatWasNotStored() throws Exception {
        ended(1, 2);
        portalIsUp = false;
        assertThatThrownBy(collector::move).isInstanceOf(IOException.class);
        portalIsUp = true;
        new FlowCollector(inside, this::store).move();
        assertThat(stored).containsExactly(1L, 2L);
    }

    @Test
    void anotherEpochBeginsAnew() throws Exception {
        ended(1, 3);
        collector.move();
        inside.restart();
        inside.flowEpoch = 78;
        inside.flows.clear();
        ended(1, 2);
        assertThatThrownBy(collector::move).isInstanceOf(DataplaneException.Unavailable.class);
        collector.close();
        collector.move();
        assertThat(stored).containsExactly(1L, 2L, 3L, 1L, 2L);
        assertThat(inside.flows).isEmpty();
    }
}
