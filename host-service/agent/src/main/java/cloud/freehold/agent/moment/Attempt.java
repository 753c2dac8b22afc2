package cloud.freehold.agent.moment;

import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.Hypervisor;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.api.backup.Certificate;
import cloud.freehold.api.backup.Consistency;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** One try at a level, of all VMs together. Each way answers why it did not come about; null: it did. */
final class Attempt {
    private static final Duration SEARCH = Duration.ofSeconds(15);
    private static final Duration POLL = Duration.ofMillis(1);
    /** A guest that is stopped again and again has a right to run in between. */
    private static final Duration BREATHE = Duration.ofMillis(60);

    private static final int MOST_TRIES = 60;
    /** When polling alone never shows a barrier, because requests follow each other faster than polls: a stop may. */
    private static final Duration STOP_ANYWAY = Duration.ofMillis(400);

    private final Hypervisor hypervisor;
    private final HeldGuests held;
    private final Clock clock;
    private final List<Subject> subjects;
    private final Moments.Transaction transaction;
    private final Map<UUID, Map<String, FlushWatch>> watches = new LinkedHashMap<>();
    private final Map<UUID, List<Certificate.Disk>> disks = new LinkedHashMap<>();
    private final Map<UUID, Long> freezeMillis = new LinkedHashMap<>();
    /** Those that could not be let go at once. */
    private final Set<UUID> stuck = new HashSet<>();

    private Instant at;
    private long longestPauseNanos;
    private int tries;

    Attempt(
            Hypervisor hypervisor,
            HeldGuests held,
            Clock clock,
            List<Subject> subjects,
            Moments.Transaction transaction) {
        this.hypervisor = hypervisor;
        this.held = held;
        this.clock = clock;
        this.subjects = subjects;
        this.transaction = transaction;
        subjects.forEach(subject -> watches.put(subject.vm(), subject.watches()));
    }

    /** Whether the transaction was carried out. */
    boolean happened() {
        return at != null;
    }

    private void see() throws HypervisorException {
        for (var subject : subjects) {
            subject.see(watches.get(subject.vm()));
        }
    }

    private boolean isAligned() {
        return watches.values().stream().flatMap(all -> all.values().stream()).allMatch(FlushWatch::isAligned);
    }

    private void transact() throws HypervisorException, IOException {
        at = clock.instant();
        long began = System.nanoTime();
        transaction.run();
        longestPauseNanos = Math.max(longestPauseNanos, System.nanoTime() - began);
        for (var subject : subjects) {
            disks.put(subject.vm(), subject.certificates(watches.get(subject.vm())));
        }
    }

    String frozen(Duration limit) throws HypervisorException, IOException {
        var freezes = new LinkedHashMap<UUID, GuestFreeze>();
        boolean stayedFrozen = true;
        see();
        try {
            var failure = freeze(freezes, limit);
            if (failure != null) {
                return failure;
            }
            see();
            transact();
        } finally {
            for (var freeze : freezes.entrySet()) {
                stayedFrozen &= freeze.getValue().thaw();
                long millis = freeze.getValue().millis();
                freezeMillis.put(freeze.getKey(), millis);
                longestPauseNanos =
                        Math.max(longestPauseNanos, Duration.ofMillis(millis).toNanos());
            }
        }
        if (!stayedFrozen) {
            return "The guest did not stay frozen until the point was taken, or longer than it may be.";
        }
        return wroteDuring() ? "The guest wrote although its filesystems were frozen." : null;
    }

    private String freeze(Map<UUID, GuestFreeze> freezes, Duration limit) throws HypervisorException, IOException {
        try {
            for (var subject : subjects) {
                freezes.put(subject.vm(), GuestFreeze.freeze(hypervisor, held, subject.vm(), limit));
            }
            return null;
        } catch (HypervisorException e) {
            return reason(e);
        }
    }

    private boolean wroteDuring() {
        return disks.values().stream().flatMap(List::stream).anyMatch(disk -> disk.writesDuring() != 0);
    }

    private static String reason(HypervisorException e) throws HypervisorException {
        return switch (e.kind()) {
            case NO_AGENT -> "No guest agent answers in the VM.";
            case AGENT_SILENT, TIMED_OUT -> "The guest agent did not freeze the filesystems in time.";
            case REFUSED -> "The guest agent could not freeze the filesystems.";
            default -> throw e;
        };
    }

    String atBarrier(Order order) throws HypervisorException, IOException, OrderFailure, InterruptedException {
        return held(() -> searchBarrier(order));
    }

    private String searchBarrier(Order order)
            throws HypervisorException, IOException, OrderFailure, InterruptedException {
        long began = System.nanoTime();
        long stoppedAt = began;
        while (tries < MOST_TRIES && System.nanoTime() - began < SEARCH.toNanos()) {
            see();
            if (isAligned() || System.nanoTime() - stoppedAt > STOP_ANYWAY.toNanos()) {
                tries++;
                if (whileStopped(true)) {
                    return wroteDuring() ? "A write came although the guest's processors were stopped." : null;
                }
                stoppedAt = System.nanoTime();
                order.pause(BREATHE);
            } else {
                order.pause(POLL);
            }
        }
        return "No moment was found at which no write had come since the last completed FLUSH (" + tries
                + " tries within " + Duration.ofNanos(System.nanoTime() - began).toSeconds() + " s).";
    }

    private interface Held {
        String run() throws HypervisorException, IOException, OrderFailure, InterruptedException;
    }

    /** Written down once for all stops: the disk that this is written to may take longer than a barrier lasts. */
    private String held(Held what) throws HypervisorException, IOException, OrderFailure, InterruptedException {
        var running = subjects.stream().filter(Subject::runs).toList();
        for (var subject : running) {
            held.note(subject.vm(), HeldGuests.How.STOPPED);
        }
        try {
            return what.run();
        } finally {
            for (var subject : running) {
                if (!stuck.contains(subject.vm())) {
                    held.strike(subject.vm(), HeldGuests.How.STOPPED);
                }
            }
        }
    }

    String asItIs() throws HypervisorException, IOException, OrderFailure, InterruptedException {
        if (subjects.size() == 1) {
            see();
            transact();
            return null;
        }
        return held(() -> {
            whileStopped(false);
            return null;
        });
    }

    /** @return whether it was aligned, as far as that is needed, and the transaction happened */
    private boolean whileStopped(boolean onlyAligned) throws HypervisorException, IOException {
        var stopped = new ArrayList<Subject>();
        long began = System.nanoTime();
        try {
            for (var subject : subjects) {
                if (subject.runs()) {
                    stopped.add(subject);
                    subject.monitor().ask("stop");
                }
            }
            see();
            boolean now = !onlyAligned || isAligned();
            if (now) {
                transact();
            }
            return now;
        } finally {
            stopped.forEach(this::letGo);
            longestPauseNanos = Math.max(longestPauseNanos, System.nanoTime() - began);
        }
    }

    private void letGo(Subject stopped) {
        try {
            stopped.monitor().ask("cont");
        } catch (HypervisorException e) {
            stuck.add(stopped.vm());
            held.letGo(stopped.vm(), HeldGuests.How.STOPPED);
        }
    }

    Map<UUID, Certificate> certificates(Consistency achieved, String reason) throws HypervisorException {
        var certificates = new LinkedHashMap<UUID, Certificate>();
        for (var subject : subjects) {
            var version = subject.monitor().ask("query-version").path("qemu");
            certificates.put(
                    subject.vm(),
                    new Certificate(
                            achieved,
                            at,
                            freezeMillis.get(subject.vm()),
                            Duration.ofNanos(longestPauseNanos).toMillis(),
                            tries,
                            disks.get(subject.vm()),
                            version.path("major").asInt() + "."
                                    + version.path("minor").asInt() + "."
                                    + version.path("micro").asInt(),
                            guestAgent(subject.vm()),
                            reason));
        }
        return certificates;
    }

    /** Null: none answers, or nothing that looks like a version. */
    private String guestAgent(UUID vm) {
        try {
            var version = cloud.freehold.agent.common.Json.MAPPER
                    .readTree(hypervisor.askAgent(vm, "{\"execute\":\"guest-info\"}"))
                    .path("return")
                    .path("version")
                    .asString("");
            return version.matches("[0-9A-Za-z.+~:_-]{1,40}") ? version : null;
        } catch (HypervisorException | tools.jackson.core.JacksonException e) {
            return null;
        }
    }
}
