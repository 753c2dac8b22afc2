package cloud.freehold.agent.report;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.agent.Objects;
import cloud.freehold.agent.dataplane.DropEvent;
import cloud.freehold.api.observed.DroppedPackets;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class DropTallyTest {
    private static final UUID NIC = Objects.id("nic");
    private static final Instant NOON = Instant.parse("2026-05-01T12:00:00Z");

    private final DropTally tally = new DropTally();

    private static DropEvent drop(UUID nic, int second, String source, int sourcePort, int port) {
        return new DropEvent(
                NOON.plusSeconds(second), nic, true, "default", null, 6, source, "10.0.0.5", sourcePort, port);
    }

    @Test
    void equalOnesAreCountedTogetherWhateverTheSendersPort() {
        tally.add(drop(NIC, 2, "192.0.2.7", 40_000, 22));
        tally.add(drop(NIC, 1, "192.0.2.7", 40_001, 22));
        tally.add(drop(NIC, 3, "192.0.2.7", 40_001, 23));
        var told = tally.take(nic -> true);
        assertThat(told)
                .containsExactly(
                        new DroppedPackets(
                                NIC,
                                true,
                                "default",
                                null,
                                6,
                                "192.0.2.7",
                                "10.0.0.5",
                                22,
                                2,
                                NOON.plusSeconds(1),
                                NOON.plusSeconds(2)),
                        new DroppedPackets(
                                NIC,
                                true,
                                "default",
                                null,
                                6,
                                "192.0.2.7",
                                "10.0.0.5",
                                23,
                                1,
                                NOON.plusSeconds(3),
                                NOON.plusSeconds(3)));
        assertThat(tally.isEmpty()).isTrue();
    }

    @Test
    void theOtherEndOfWhatGoesOutIsItsDestination() {
        tally.add(new DropEvent(NOON, NIC, false, "default", null, 17, "10.0.0.5", "192.0.2.9", 5_000, 53));
        assertThat(tally.take(nic -> true))
                .extracting(DroppedPackets::remote, DroppedPackets::local, DroppedPackets::port)
                .containsExactly(org.assertj.core.groups.Tuple.tuple("192.0.2.9", "10.0.0.5", 53));
    }

    @Test
    void aScannedNicKeepsItsShareAndNoPacketGoesUncounted() {
        for (int port = 0; port < 50_000; port++) {
            tally.add(drop(NIC, 0, "192.0.2.7", 1, port));
        }
        tally.add(drop(Objects.id("quiet"), 0, "192.0.2.7", 1, 22));
        var told = tally.take(nic -> true);
        assertThat(told).hasSize(DropTally.MOST_OF_A_NIC + 2);
        assertThat(told.stream().mapToLong(DroppedPackets::count).sum()).isEqualTo(50_001);
        assertThat(told).anyMatch(drop -> drop.nicId().equals(Objects.id("quiet")) && drop.port() == 22);
        assertThat(told).anyMatch(drop -> drop.nicId().equals(NIC) && drop.remote() == null && drop.count() > 49_000);
    }

    @Test
    void theWholeIsBoundedHoweverManyNicsThereAre() {
        for (int nic = 0; nic < 5_000; nic++) {
            tally.add(drop(Objects.id("nic " + nic % 30), 0, "192.0.2." + nic % 250, 1, nic));
        }
        assertThat(tally.take(nic -> true)).hasSizeLessThanOrEqualTo(DropTally.MOST + 30);
    }

    @Test
    void whatDidNotArriveIsToldAgainWithWhatCameSince() {
        tally.add(drop(NIC, 1, "192.0.2.7", 40_000, 22));
        var lost = tally.take(nic -> true);
        tally.add(drop(NIC, 5, "192.0.2.7", 40_000, 22));
        tally.giveBack(lost);
        assertThat(tally.take(nic -> true))
                .containsExactly(new DroppedPackets(
                        NIC,
                        true,
                        "default",
                        null,
                        6,
                        "192.0.2.7",
                        "10.0.0.5",
                        22,
                        2,
                        NOON.plusSeconds(1),
                        NOON.plusSeconds(5)));
    }
}
