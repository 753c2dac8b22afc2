package cloud.freehold.agent.moment;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FlushWatchTest {
    private static final long MS = 1_000_000;
    private static final long BUSY = 0;
    private final FlushWatch watch = new FlushWatch();

    private FlushWatch see(long atMs, long writes, long flushes, long flushMs) {
        watch.see(atMs * MS, new DiskCount(writes, flushes, flushMs * MS, BUSY), false);
        return watch;
    }

    @Test
    void aFlushAfterTheLastWriteIsABarrier() {
        see(0, 10, 5, 50);
        assertThat(see(1, 11, 5, 50).isAligned()).isFalse();
        assertThat(see(5, 11, 6, 52).isAligned()).isFalse();
        // Seen between 5 and 9 ms, at the longest 2 ms on its way: submitted after 3 ms, when the last write was long
        // over.
        assertThat(see(9, 11, 7, 54).isAligned()).isTrue();
        assertThat(see(10, 12, 7, 54).isAligned()).isFalse();
    }

    @Test
    void aWriteThatCompletedWhileTheFlushWasUnderWayIsNotCoveredByIt() {
        see(0, 10, 5, 50);
        see(9, 11, 5, 50);
        // The flush took 4 ms: it may have been submitted before the write completed.
        assertThat(see(10, 11, 6, 54).isAligned()).isFalse();
    }

    @Test
    void aWriteAndAFlushBetweenTwoReadingsProveNothing() {
        see(0, 10, 5, 50);
        assertThat(see(1, 11, 6, 51).isAligned()).isFalse();
    }

    @Test
    void aFlushThatComesWhenNothingWasInFlightCoversAllWritesBeforeIt() {
        see(0, 10, 5, 50);
        watch.see(9 * MS, new DiskCount(11, 5, 50 * MS, BUSY), true);
        assertThat(watch.isAligned()).isFalse();
        // As long as it took, it was submitted after the guest went on.
        assertThat(see(10, 11, 6, 90).isAligned()).isTrue();
    }

    @Test
    void onlyRequestsThatChangeSomethingOrFlushAreMoves() {
        assertThat(watch.see(0, new DiskCount(10, 5, 0, 0), false)).isTrue();
        assertThat(watch.see(1, new DiskCount(10, 5, 0, 1), false)).isFalse();
        assertThat(watch.see(2, new DiskCount(10, 6, 1, 0), false)).isTrue();
    }

    @Test
    void afterABarrierWritesAreCounted() {
        see(0, 10, 5, 50);
        see(3, 10, 5, 50);
        see(5, 10, 6, 51);
        see(6, 13, 6, 51);
        assertThat(watch.certificate("vda", new DiskCount(13, 6, 51 * MS, BUSY)).writesSinceFlush())
                .isEqualTo(3);
        assertThat(watch.certificate("vda", new DiskCount(15, 6, 51 * MS, BUSY)).writesDuring())
                .isEqualTo(2);
    }

    @Test
    void aDiskThatWasNeverWrittenIsAligned() {
        assertThat(see(0, 0, 0, 0).isAligned()).isTrue();
    }

    @Test
    void aDiskAtRestIsAlignedAndSaysForHowLong() {
        watch.see(5000 * MS, new DiskCount(10, 5, 50 * MS, 300 * MS), false);
        assertThat(watch.isAligned()).isFalse();
        watch.see(6000 * MS, new DiskCount(10, 5, 50 * MS, 1300 * MS), false);
        assertThat(watch.isAligned()).isTrue();
        var certificate = watch.certificate("vda", new DiskCount(10, 5, 50 * MS, 1300 * MS));
        assertThat(certificate.writesSinceFlush()).isEqualTo(-1);
        assertThat(certificate.quietMillis()).isEqualTo(1300);
    }

    @Test
    void aReadEndsNoRest() {
        watch.see(0, new DiskCount(10, 5, 50 * MS, 0), false);
        watch.see(700 * MS, new DiskCount(10, 5, 50 * MS, 0), false);
        watch.see(1100 * MS, new DiskCount(10, 5, 50 * MS, 0), false);
        assertThat(watch.isAligned()).isTrue();
    }
}
