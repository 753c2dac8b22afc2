package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.CommandHandler;
import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.storage.ImageTool;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.HostCommand.MirrorVolume;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Set;
import java.util.UUID;

/** Moves a volume to another pool. */
final class MirrorHandler implements CommandHandler<MirrorVolume> {
    private final BackupHost host;
    private final ImageTool tool;

    MirrorHandler(BackupHost host) {
        this.host = host;
        this.tool = new ImageTool(host.config().qemuUser());
    }

    @Override
    public Class<MirrorVolume> type() {
        return MirrorVolume.class;
    }

    @Override
    public Set<UUID> exclusive(MirrorVolume command) {
        return Set.of(command.vmId());
    }

    @Override
    public Outcome carryOut(MirrorVolume command, Order order)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        var volume = host.files().volume(command.vmId(), command.volumeId());
        if (!Files.exists(volume)) {
            throw new OrderFailure(ProblemCode.NOT_THERE, "The volume is not there. Wait until the VM is complete.");
        }
        var place = host.files()
                .pools()
                .place(command.pool(), command.vmId(), command.volumeId())
                .orElseThrow(() -> new OrderFailure(
                        ProblemCode.NOT_THERE, "The host has no storage pool of that name. Choose another one."));
        // A name of its own: what the path leads to is exchanged while both are there.
        var target = place.resolveSibling(
                command.volumeId() + "-" + command.id().toString().substring(24) + ".qcow2");
        new VolumeMove(host, tool, command, order, volume, target).move();
        // Its report says where the volume is.
        host.kick().accept(command.vmId());
        return new Outcome("the volume is moved", null);
    }
}
