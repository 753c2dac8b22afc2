package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.CommandHandler.Outcome;
import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.common.UnixStream;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.storage.Replacement;
import cloud.freehold.agent.storage.StorageException;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.HostCommand.RestoreVolumes;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings volumes back under a VM that runs already: each is an empty image over the point, which a {@linkplain PointServer server} of its own shows, and the VM
 * starts with that. What it reads comes from the point, what it writes stays, and meanwhile {@linkplain VolumePull everything else} is copied; in the end the image
 * stands alone.
 *
 * <p>From when the images are in place there is only forward: a cancelled or late order goes on to its end all the same, because the VM has nothing else
 * to run from. The server outlives the agent; when it dies, the VM pauses at its next read from the point, and goes on when the server is
 * back.
 *
 * <p>The portal gives the store's key only as long as the order is open, so it is kept from the first time on. Only when the agent and the server have both died
 * since a cancellation is there no way to what the VM lacks: it is switched off then, and its start says why it cannot run.
 */
final class LiveRestore {
    private static final Logger LOG = LoggerFactory.getLogger(LiveRestore.class);
    private static final Duration LOOK = Duration.ofMillis(500);
    private static final Duration AWAY = Duration.ofSeconds(3);
    private static final String IN_PLACE = "in-place";

    private final BackupHost host;
    private final StartsWait startsWait;
    private final RestoreVolumes command;
    private final Order order;
    private final Path socket;
    private StoreJob job;

    LiveRestore(BackupHost host, StartsWait startsWait, RestoreVolumes command, Order order) {
        this.host = host;
        this.startsWait = startsWait;
        this.command = command;
        this.order = order;
        this.socket = host.config()
                .socketsDir()
                .resolve("point-" + command.id().toString().substring(24));
    }

    /** Whether the VM may start: its volumes are there, and read what they lack. */
    static boolean isInPlace(Map<String, String> notes) {
        return notes.containsKey(IN_PLACE);
    }

    Outcome carryOut() throws OrderFailure, HypervisorException, IOException, InterruptedException {
        var replacement = RestoreHandler.replacement(host, command);
        if (!isInPlace(order.notes())) {
            putInPlace(replacement);
        }
        host.kick().accept(command.vmId());
        while (!step(replacement)) {
            OnlyForward.pause(order, LOOK);
        }
        PointServer.end(socket, order.notes());
        host.kick().accept(command.vmId());
        return new Outcome("the volumes are back", null);
    }

    /** No VM starts meanwhile, also when an agent died in the middle of it. */
    private void putInPlace(Replacement replacement)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        try (var use = startsWait.take(command, order)) {
            if (!RestoreHandler.isSwapping(order.notes())) {
                prepare(replacement);
            }
            OnlyForward.go(order, () -> {
                RestoreHandler.swap(host, command, replacement, order);
                order.note(IN_PLACE, "yes");
            });
        }
    }

    private void prepare(Replacement replacement) throws OrderFailure, IOException, InterruptedException {
        try {
            order.progress(2, "preparing");
            serve();
            for (var volume : command.volumes()) {
                long size = Math.max(volume.sizeBytes(), RestoreHandler.desiredSize(host, command.vmId(), volume));
                replacement.createOver(volume.volumeId(), PointServer.uri(socket, volume), size);
            }
            order.check();
            RestoreHandler.noteSwapping(host, command, order);
        } catch (StorageException e) {
            giveUp(replacement);
            throw new OrderFailure(e.code(), e.forTenant(), e);
        } catch (OrderFailure | IOException | InterruptedException e) {
            giveUp(replacement);
            throw e;
        }
    }

    private void giveUp(Replacement replacement) throws IOException {
        PointServer.end(socket, order.notes());
        replacement.discard();
    }

    private void serve() throws OrderFailure, IOException, InterruptedException {
        if (job == null) {
            job = StoreJob.of("serve", command.id(), command.tenantId(), command.store(), order.input());
        }
        var server = KilledException.<PointServer, OrderFailure>onceMore(
                order, () -> PointServer.start(host.config(), socket, job, command.volumes(), true));
        order.note(PointServer.PID, Long.toString(server.pid()));
    }

    private void serveAgain() throws OrderFailure, HypervisorException, IOException, InterruptedException {
        try {
            serve();
        } catch (OrderFailure e) {
            if (e.code() != ProblemCode.INTERRUPTED) {
                LOG.warn(
                        "VM {} is switched off: what it lacks can be read no more: {}", command.vmId(), e.getMessage());
                switchOff();
            }
            throw e;
        }
    }

    private void switchOff() throws HypervisorException {
        if (host.isOn(command.vmId())) {
            host.hypervisor().destroy(command.vmId());
        }
        host.kick().accept(command.vmId());
    }

    /**
     * Whoever is away, libvirt or the store, is waited for: the VM has nothing else to run from.
     *
     * @return whether all is there
     */
    private boolean step(Replacement replacement) throws OrderFailure, InterruptedException {
        var pull = new VolumePull(host, command, order);
        try {
            if (pull.isGone()) {
                giveUp(replacement);
                throw new OrderFailure(
                        ProblemCode.NOT_THERE, "The VM was deleted while its volumes were being restored.");
            }
            if (pull.isComplete()) {
                return true;
            }
            if (!UnixStream.answers(socket)) {
                serveAgain();
            }
            pull.step();
        } catch (HypervisorException | IOException e) {
            LOG.info("VM {}: its live restore waits: {}", command.vmId(), e.getMessage());
            order.progress(0, "waits until the store and the hypervisor answer");
            OnlyForward.pause(order, AWAY);
        }
        return false;
    }
}
