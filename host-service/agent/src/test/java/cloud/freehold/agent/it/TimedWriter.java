package cloud.freehold.agent.it;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A guest's program that makes record after record safe and times each by the guest's own clock. */
final class TimedWriter {
    private static final int MOST_SECONDS = 300;

    /**
     * @param began by the host's clock
     * @param longest in each tenth of a second since then the longest record that was begun in it, in microseconds
     */
    record Felt(long records, Instant began, int[] longest) {
        private int tenths(Instant until) {
            long tenths = Duration.between(began, until).toMillis() / 100;
            return (int) Math.max(0, Math.min(tenths, longest.length));
        }

        double longestMillis() {
            return longestMillis(0, longest.length);
        }

        double longestMillisUntil(Instant when) {
            return longestMillis(0, tenths(when));
        }

        double longestMillisFrom(Instant when) {
            return longestMillis(tenths(when), longest.length);
        }

        private double longestMillis(int from, int to) {
            return IntStream.range(from, to).map(i -> longest[i]).max().orElse(0) / 1000.0;
        }

        double perSecond() {
            return records * 10.0 / longest.length;
        }
    }

    private final WritingVm vm;
    private final Duration guestIsAhead;

    TimedWriter(WritingVm vm) throws IOException {
        this.vm = vm;
        this.guestIsAhead = vm.clockAhead();
    }

    void begin() throws IOException {
        begin(MOST_SECONDS);
        Rig.await("the writer", WritingVm.BOOT, () -> says("pidof fhwriter"));
    }

    private boolean says(String script) {
        try {
            return !vm.say(script).isEmpty();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void begin(int seconds) throws IOException {
        vm.say("rm -f /run/timed; setsid sh -c 'fhwriter time " + seconds
                + " /srv/timed >/run/timing; mv /run/timing /run/timed' >/dev/null 2>&1 </dev/null &");
    }

    Felt end() throws IOException {
        vm.say("killall fhwriter");
        return felt();
    }

    /** With nothing else under way. */
    Felt during(int seconds) throws IOException {
        begin(seconds);
        return felt();
    }

    private Felt felt() throws IOException {
        var said = vm.say("while ! [ -e /run/timed ]; do sleep 0.1; done; cat /run/timed")
                .split(" ");
        var began = Instant.EPOCH.plusNanos(Long.parseLong(said[1]) * 1000).minus(guestIsAhead);
        return new Felt(
                Long.parseLong(said[0]),
                began,
                Stream.of(said).skip(2).mapToInt(Integer::parseInt).toArray());
    }
}
