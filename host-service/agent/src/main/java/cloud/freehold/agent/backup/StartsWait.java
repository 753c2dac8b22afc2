package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.storage.DiskUse;
import cloud.freehold.api.command.HostCommand.RestoreVolumes;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Lets the start of a VM wait while its volumes are being replaced. What an agent that died over it had taken, the next one takes before it looks after any VM:
 * started in between, the VM would run with volumes that are swapped under it.
 */
final class StartsWait {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(500);
    private static final String TAKEN = "start-waits";

    private final BackupHost host;
    private final Map<UUID, DiskUse.Use> reserved = new ConcurrentHashMap<>();

    StartsWait(BackupHost host) {
        this.host = host;
    }

    /** Before anything is done about VMs. */
    void reserve(RestoreVolumes command, Map<String, String> notes) {
        if (isNoted(notes)) {
            take(command).ifPresent(use -> reserved.put(command.id(), use));
        }
    }

    /** Whether the order has found its VM switched off, and has kept it so. */
    static boolean isNoted(Map<String, String> notes) {
        return notes.containsKey(TAKEN);
    }

    private Optional<DiskUse.Use> take(RestoreVolumes command) {
        return host.diskUse().take(command.vmId(), "its volumes are being restored", () -> {});
    }

    /**
     * Nothing else may touch the volumes from here on.
     *
     * @throws OrderFailure the VM runs
     */
    DiskUse.Use take(RestoreVolumes command, Order order)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        // The VM has been off ever since it was found so.
        var reservedFor = reserved.remove(command.id());
        if (reservedFor != null) {
            return reservedFor;
        }
        var mine = take(command);
        while (mine.isEmpty()) {
            order.pause(LOOK_AGAIN);
            mine = take(command);
        }
        var use = mine.get();
        try {
            if (host.isOn(command.vmId())) {
                throw RestoreHandler.running();
            }
            order.note(TAKEN, "yes");
            return use;
        } catch (OrderFailure | HypervisorException | IOException | RuntimeException e) {
            use.close();
            throw e;
        }
    }

    /** What was reserved for the order and not taken. */
    void release(RestoreVolumes command) {
        var left = reserved.remove(command.id());
        if (left != null) {
            left.close();
        }
    }
}
