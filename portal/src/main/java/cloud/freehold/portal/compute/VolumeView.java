package cloud.freehold.portal.compute;

import cloud.freehold.api.observed.ObservedVm.GuestDisk;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A disk of a VM as pages and the API show it.
 *
 * @param index its place in the machine
 * @param pool where its host says that it lies; null: nobody has said it yet
 * @param guest what the guest does with it; null: the guest did not tell
 */
public record VolumeView(
        UUID id,
        String name,
        int index,
        long sizeBytes,
        @Nullable String pool,
        @Nullable GuestDisk guest,
        Instant createdAt) {

    /** Requests of this size and more go to the host as they are. */
    private static final long LARGE_REQUEST = 1L << 20;

    /** As Linux calls it where all disks are there from the start. */
    public String device() {
        return device(index);
    }

    /** @param index 0–25; what lies outside counts as the nearest */
    public static String device(int index) {
        return "vd" + (char) ('a' + Math.max(0, Math.min(25, index)));
    }

    /** What the guest should do otherwise, and how; empty: nothing, or it did not tell. */
    public List<String> advice() {
        if (guest == null) {
            return List.of();
        }
        String queue = "/sys/block/" + (guest.device() == null ? device() : guest.device()) + "/queue/";
        List<String> advice = new ArrayList<>();
        if (isScheduled()) {
            advice.add("The guest sorts its requests by " + guest.scheduler()
                    + " before the host sorts them again. Write none to " + queue + "scheduler.");
        }
        if (isCut()) {
            advice.add("The guest cuts large requests to pieces of " + guest.largestRequestBytes() / 1024
                    + " KiB. Write 1024 to " + queue + "max_sectors_kb.");
        }
        if (Boolean.TRUE.equals(guest.rotational())) {
            advice.add(
                    "The guest takes it for a disk that spins, as Linux does with each virtio disk, and some filesystems then"
                            + " order their data for one. Write 0 to " + queue
                            + "rotational, at each start by a udev rule.");
        }
        return advice;
    }

    private boolean isScheduled() {
        return guest != null && guest.scheduler() != null && !guest.scheduler().equals("none");
    }

    private boolean isCut() {
        return guest != null && guest.largestRequestBytes() != null && guest.largestRequestBytes() < LARGE_REQUEST;
    }

    /** Requests take longer than they need. */
    public boolean isSlowed() {
        return isScheduled() || isCut();
    }

    /** Whether the guest told enough to say that it uses the disk well. */
    public boolean isKnown() {
        return guest != null
                && (guest.scheduler() != null || guest.rotational() != null || guest.largestRequestBytes() != null);
    }
}
