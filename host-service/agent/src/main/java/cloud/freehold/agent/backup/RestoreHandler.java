package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.CommandHandler;
import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.snapshot.LostSnapshots;
import cloud.freehold.agent.storage.Replacement;
import cloud.freehold.agent.storage.StorageException;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.VolumeRoot;
import cloud.freehold.api.command.HostCommand.RestoreVolumes;
import cloud.freehold.api.desired.DesiredVolume;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Brings volumes back: of a VM that is off, in their place; of one that runs, new ones, which its reconciler plugs when they are there; of one that is
 * only just to be, its first ones, which its reconciler waits for.
 */
final class RestoreHandler implements CommandHandler<RestoreVolumes> {
    /** Noted once all volumes are complete: from here on there is only forward. */
    private static final String SWAPPING = "swapping";

    private static final String REPLACES = "others";

    private final BackupHost host;
    private final StartsWait startsWait;

    RestoreHandler(BackupHost host) {
        this.host = host;
        this.startsWait = new StartsWait(host);
    }

    @Override
    public Class<RestoreVolumes> type() {
        return RestoreVolumes.class;
    }

    @Override
    public Set<UUID> exclusive(RestoreVolumes command) {
        return Set.of(command.vmId());
    }

    @Override
    public void reserve(RestoreVolumes command, Map<String, String> notes) {
        if (!LiveRestore.isInPlace(notes)) {
            startsWait.reserve(command, notes);
        }
    }

    @Override
    public void release(RestoreVolumes command) {
        startsWait.release(command);
    }

    @Override
    public Outcome carryOut(RestoreVolumes command, Order order)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        return command.live() ? new LiveRestore(host, startsWait, command, order).carryOut() : inPlace(command, order);
    }

    private Outcome inPlace(RestoreVolumes command, Order order)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        var replacement = replacement(host, command);
        boolean swapping = isSwapping(order.notes());
        if (!StartsWait.isNoted(order.notes()) && host.isOn(command.vmId())) {
            if (!swapping) {
                checkNew(command);
                restore(command, order, replacement);
            }
            return finish(command, replacement, order);
        }
        try (var use = startsWait.take(command, order)) {
            if (!swapping) {
                restore(command, order, replacement);
            }
            return finish(command, replacement, order);
        }
    }

    static boolean isSwapping(Map<String, String> notes) {
        return notes.containsKey(SWAPPING);
    }

    static void noteSwapping(BackupHost host, RestoreVolumes command, Order order) throws IOException {
        boolean replaces = command.volumes().stream()
                .anyMatch(volume -> Files.exists(host.files().volume(command.vmId(), volume.volumeId())));
        order.note(SWAPPING, replaces ? REPLACES : "begun");
    }

    /** Puts the volumes in place, as often as it may be. The VM is off where there are others in their place. */
    static void swap(BackupHost host, RestoreVolumes command, Replacement replacement, Order order) throws IOException {
        replacement.swap();
        if (REPLACES.equals(order.notes().get(SWAPPING))) {
            LostSnapshots.remove(host.files(), host.config(), command.vmId());
        }
    }

    static Replacement replacement(BackupHost host, RestoreVolumes command) throws OrderFailure, IOException {
        var desired = host.desired().get().vms().get(command.vmId());
        var pools = new HashMap<UUID, String>();
        if (desired != null) {
            // One that was moved stays where it is.
            desired.volumes()
                    .forEach(volume -> pools.put(
                            volume.id(),
                            host.files().pool(command.vmId(), volume.id()).orElse(volume.pool())));
        }
        try {
            var volumes = command.volumes().stream().map(VolumeRoot::volumeId).toList();
            return Replacement.of(host.files(), command.vmId(), volumes, pools);
        } catch (StorageException e) {
            throw new OrderFailure(e.code(), e.forTenant(), e);
        }
    }

    private void checkNew(RestoreVolumes command) throws OrderFailure {
        if (command.volumes().stream()
                .anyMatch(volume -> Files.exists(host.files().volume(command.vmId(), volume.volumeId())))) {
            throw running();
        }
    }

    static OrderFailure running() {
        return new OrderFailure(
                ProblemCode.WRONG_STATE, "The VM runs with the volumes that are to be replaced. Stop it, then repeat.");
    }

    private void restore(RestoreVolumes command, Order order, Replacement replacement)
            throws OrderFailure, IOException, InterruptedException {
        order.progress(2, "preparing");
        try {
            try (var servers = new NbdServers(host.config(), command.id());
                    var over = order.whenOver(servers::kill)) {
                var targets = new ArrayList<Map<String, Object>>();
                for (var volume : command.volumes()) {
                    long size = Math.max(volume.sizeBytes(), desiredSize(host, command.vmId(), volume));
                    var served = servers.write(replacement.create(volume.volumeId(), size), size);
                    targets.add(target(volume, served.uri()));
                }
                var job = StoreJob.of("restore", command.id(), command.tenantId(), command.store(), order.input())
                        .with("volumes", targets)
                        .pace(command.bytesPerSecond());
                host.store().run(job, order, new Copying(order, "copying", 3, 97));
            }
            order.check();
            order.progress(98, "putting in place");
            noteSwapping(host, command, order);
        } catch (StoreProcess.Failed e) {
            replacement.discard();
            throw e.forTenant();
        } catch (StorageException e) {
            replacement.discard();
            throw new OrderFailure(e.code(), e.forTenant(), e);
        } catch (OrderFailure | IOException e) {
            replacement.discard();
            throw e;
        }
    }

    static Map<String, Object> target(VolumeRoot volume, String uri) {
        var target = new LinkedHashMap<String, Object>();
        target.put("root", volume.root());
        target.put("target", uri);
        target.put("sizeBytes", volume.sizeBytes());
        return target;
    }

    /** A volume that has grown since stays as large as it is. */
    static long desiredSize(BackupHost host, UUID vm, VolumeRoot restored) {
        var desired = host.desired().get().vms().get(vm);
        return desired == null
                ? 0
                : desired.volumes().stream()
                        .filter(volume -> volume.id().equals(restored.volumeId()))
                        .mapToLong(DesiredVolume::sizeBytes)
                        .max()
                        .orElse(0);
    }

    private Outcome finish(RestoreVolumes command, Replacement replacement, Order order)
            throws OrderFailure, InterruptedException {
        OnlyForward.go(order, () -> swap(host, command, replacement, order));
        host.kick().accept(command.vmId());
        return new Outcome("the volumes are back", null);
    }
}
