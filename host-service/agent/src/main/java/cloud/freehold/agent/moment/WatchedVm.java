package cloud.freehold.agent.moment;

import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.api.backup.Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** A VM while its moment is brought about: what its disks count, and for how long its processors were held. */
final class WatchedVm {
    private final Subject subject;
    private final Map<String, FlushWatch> watches = new LinkedHashMap<>();
    private boolean stopped;
    private long stopAskedAt;
    private long stillSince;
    /** Of all stops before this one. */
    private long stillNanos;
    /** Of the stops since a request of the guest completed: to a write that waits they are one. */
    private long stallNanos;

    private long longestStallNanos;
    private int stops;
    private List<Certificate.Disk> disks = List.of();

    WatchedVm(Subject subject) {
        this.subject = subject;
        subject.disks().keySet().forEach(alias -> watches.put(alias, new FlushWatch()));
    }

    UUID id() {
        return subject.vm();
    }

    /** False: it was paused before, and its processors are nobody's to start. */
    boolean runs() {
        return subject.runs();
    }

    /** @return whether a request of its guest has completed since the last look */
    boolean see() throws HypervisorException {
        var counts = DiskCount.read(subject.monitor());
        boolean still = stopped || !runs();
        long at = (stopped ? stillSince : System.nanoTime()) - stillNanos;
        boolean moved = false;
        for (var alias : watches.keySet()) {
            var count = counts.get(alias);
            if (count == null) {
                throw new HypervisorException(
                        HypervisorException.Kind.WRONG_STATE, "the disk " + alias + " was unplugged");
            }
            moved |= watches.get(alias).see(at, count, still);
        }
        if (moved) {
            stallNanos = 0;
        }
        return moved;
    }

    boolean isAligned() {
        return watches.values().stream().allMatch(FlushWatch::isAligned);
    }

    /** QEMU answers when the guest's requests have completed. Nothing happens to a VM that does not run. */
    void stop() throws HypervisorException {
        if (runs() && !stopped) {
            stopped = true;
            stops++;
            stopAskedAt = System.nanoTime();
            stillSince = stopAskedAt;
            subject.monitor().ask("stop");
            stillSince = System.nanoTime();
        }
    }

    /** @throws HypervisorException it may still be stopped, and counts as that */
    void go() throws HypervisorException {
        if (stopped) {
            subject.monitor().ask("cont");
            stopped = false;
            long now = System.nanoTime();
            stillNanos += now - stillSince;
            stallNanos += now - stopAskedAt;
            wasHeld(stallNanos);
        }
    }

    /** In other ways than by {@link #stop}, too. */
    void wasHeld(long nanos) {
        longestStallNanos = Math.max(longestStallNanos, nanos);
    }

    long longestStallNanos() {
        return longestStallNanos;
    }

    int stops() {
        return stops;
    }

    /** Right after the transaction: what the disks counted on both sides of it. */
    void compare() throws HypervisorException {
        var after = DiskCount.read(subject.monitor());
        var compared = new ArrayList<Certificate.Disk>();
        watches.forEach((alias, watch) -> {
            var count = after.get(alias);
            if (count != null) {
                compared.add(watch.certificate(subject.disks().get(alias), count));
            }
        });
        disks = List.copyOf(compared);
    }

    List<Certificate.Disk> disks() {
        return disks;
    }

    String qemuVersion() throws HypervisorException {
        var version = subject.monitor().ask("query-version").path("qemu");
        return version.path("major").asInt() + "." + version.path("minor").asInt() + "."
                + version.path("micro").asInt();
    }
}
