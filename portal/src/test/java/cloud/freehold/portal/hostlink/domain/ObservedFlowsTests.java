package cloud.freehold.portal.hostlink.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.api.observed.FlowBatch;
import cloud.freehold.api.observed.FlowRecord;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.firewall.FirewallFixtures;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.portal.testing.TestingClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Flow records are stored once, those of strangers never, and not for ever. */
@PortalTest
class ObservedFlowsTests {

    private static final long EPOCH = 77;

    @Autowired
    private ObservedFlows flows;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Uuid7 ids;

    @Autowired
    private TestingClock clock;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private FirewallFixtures placed;
    private Person anna;
    private UUID host;
    private UUID nic;

    @BeforeEach
    void place() {
        placed = new FirewallFixtures(system, ids);
        anna = fixtures.owner("acme");
        host = placed.host();
        nic = placed.machine(anna, "web", host).nic();
    }

    private FlowRecord record(long sequence, FlowRecord.End end, int sourcePort, Instant first, long packets) {
        return record(nic, sequence, end, sourcePort, first, packets, "192.0.2.1");
    }

    private static FlowRecord record(
            UUID nic, long sequence, FlowRecord.End end, int sourcePort, Instant first, long packets, String source) {
        return new FlowRecord(
                sequence,
                nic,
                true,
                end,
                false,
                6,
                source,
                sourcePort,
                "10.77.0.1",
                443,
                null,
                null,
                "established",
                first,
                first.plusSeconds(3),
                packets,
                packets * 100,
                1,
                60,
                null);
    }

    private List<Long> stored() {
        return system.sql("select sequence from flow_record order by sequence")
                .query(Long.class)
                .list();
    }

    private void send(UUID from, FlowRecord... records) {
        flows.store(from, new FlowBatch(EPOCH, 0, List.of(records)));
    }

    @Test
    void whatComesTwiceIsStoredOnce() {
        Instant now = clock.instant();
        FlowRecord[] some = LongStream.rangeClosed(1, 5)
                .mapToObj(i -> record(i, FlowRecord.End.ENDED, (int) i, now, 2))
                .toArray(FlowRecord[]::new);
        send(host, some);
        send(host, some);
        send(host, some[3], some[4], record(6, FlowRecord.End.IDLE, 6, now, 2));
        assertThat(stored()).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
        // Nor does it come back when it has been forgotten meanwhile.
        system.sql("delete from flow_record where sequence < 4").update();
        send(host, some);
        assertThat(stored()).containsExactly(4L, 5L, 6L);
    }

    @Test
    void anotherEpochHasNumbersOfItsOwn() {
        Instant now = clock.instant();
        send(host, record(1, FlowRecord.End.ENDED, 1, now, 2));
        flows.store(host, new FlowBatch(EPOCH + 1, 3, List.of(record(1, FlowRecord.End.ENDED, 2, now, 2))));
        assertThat(stored()).containsExactly(1L, 1L);
        assertThat(system.sql("select lost from flow_stream").query(Long.class).single())
                .isEqualTo(3);
    }

    @Test
    void theLastRecordOfAConnectionTakesThePlaceOfTheEarlierOnes() {
        Instant first = clock.instant().minusSeconds(600);
        send(
                host,
                record(1, FlowRecord.End.ACTIVE, 4000, first, 10),
                record(2, FlowRecord.End.ACTIVE, 4001, first, 10));
        send(host, record(3, FlowRecord.End.ACTIVE, 4000, first.plusMillis(140), 20));
        assertThat(stored()).as("two connections, each once").containsExactly(2L, 3L);
        send(host, record(4, FlowRecord.End.ENDED, 4000, first, 25));
        assertThat(stored()).containsExactly(2L, 4L);
        // The same tuple later is another connection.
        send(host, record(5, FlowRecord.End.ENDED, 4001, first.plusSeconds(300), 1));
        assertThat(stored()).containsExactly(2L, 4L, 5L);
        assertThat(system.sql("select received_packets from flow_record where sequence = 4")
                        .query(Long.class)
                        .single())
                .isEqualTo(25);
    }

    @Test
    void aHostSpeaksOnlyForNicsOfItsOwn() {
        UUID other = placed.host();
        UUID theirs = placed.machine(fixtures.owner("globex"), "db", other).nic();
        Instant now = clock.instant();
        send(
                host,
                record(theirs, 1, FlowRecord.End.ENDED, 1, now, 2, "192.0.2.1"),
                record(2, FlowRecord.End.ENDED, 2, now, 2));
        assertThat(stored()).containsExactly(2L);
        assertThat(system.sql("select distinct tenant_id from flow_record")
                        .query(UUID.class)
                        .single())
                .isEqualTo(anna.tenant().value());
    }

    @Test
    void nonsenseCostsOnlyItself() {
        Instant now = clock.instant();
        List<FlowRecord> some = new ArrayList<>(List.of(
                record(nic, 1, FlowRecord.End.ENDED, 1, now, 2, "host'; drop table flow_record"),
                record(nic, 2, FlowRecord.End.ENDED, 70_000, now, 2, "192.0.2.1"),
                record(nic, 3, FlowRecord.End.ENDED, 1, now, -1, "192.0.2.1"),
                record(nic, 4, FlowRecord.End.ENDED, 1, now.plus(Duration.ofDays(2)), 1, "192.0.2.1"),
                record(nic, 5, null, 1, now, 1, "192.0.2.1"),
                record(null, 6, FlowRecord.End.ENDED, 1, now, 1, "192.0.2.1"),
                record(7, FlowRecord.End.ENDED, 1, now, 1)));
        some.add(null);
        flows.store(host, new FlowBatch(EPOCH, 0, some));
        flows.store(host, new FlowBatch(EPOCH, 0, null));
        assertThat(stored()).containsExactly(7L);
        List<FlowRecord> tooMany = LongStream.rangeClosed(1, 1_001)
                .mapToObj(i -> record(i, FlowRecord.End.ENDED, 1, now, 1))
                .toList();
        assertThatThrownBy(() -> flows.store(host, new FlowBatch(EPOCH, 0, tooMany)))
                .isInstanceOf(InvalidInputException.class);
    }

    @Test
    void aWeekLaterTheyAreForgotten() {
        send(host, record(1, FlowRecord.End.ENDED, 1, clock.instant(), 2));
        clock.advance(Duration.ofDays(5));
        send(host, record(2, FlowRecord.End.ENDED, 1, clock.instant(), 2));
        flows.forget();
        assertThat(stored()).containsExactly(1L, 2L);
        clock.advance(Duration.ofDays(3));
        flows.forget();
        assertThat(stored()).containsExactly(2L);
    }
}
