package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.backup.VolumeRoot;
import cloud.freehold.api.command.CommandResult.StoredVolume;
import cloud.freehold.api.command.HostCommand.BackupVm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/** Lets the store's program read what is shown to it. */
final class StoreBackup {
    private static final Logger LOG = LoggerFactory.getLogger(StoreBackup.class);

    private final BackupHost host;
    private final BackupVm command;
    private final Order order;
    private final CommandInput input;

    StoreBackup(BackupHost host, BackupVm command, Order order, CommandInput input) {
        this.host = host;
        this.command = command;
        this.order = order;
        this.input = input;
    }

    /**
     * When the base's index turns out to be damaged, everything is read once: the new point does not suffer from it.
     *
     * @param checkpoint what the next point may start from; null: nothing new
     */
    List<StoredVolume> run(Map<UUID, Exported> exported, String checkpoint, StoreProcess.Listener listener)
            throws StoreProcess.Failed, OrderFailure, IOException, InterruptedException {
        try {
            return run(exported, true, checkpoint, listener);
        } catch (StoreProcess.Failed e) {
            boolean changesOnly = exported.values().stream().anyMatch(export -> export.bitmap() != null);
            if (!changesOnly || !e.code().equals("STORE_DAMAGED")) {
                throw e;
            }
            LOG.warn("Backup {}: the point before is damaged ({}); reading everything.", command.id(), e.getMessage());
            return run(exported, false, checkpoint, listener);
        }
    }

    private List<StoredVolume> run(
            Map<UUID, Exported> exported, boolean changesOnly, String checkpoint, StoreProcess.Listener listener)
            throws StoreProcess.Failed, OrderFailure, IOException, InterruptedException {
        var sources = command.volumes().stream().collect(Collectors.toMap(BackupVm.Source::volumeId, source -> source));
        var volumes = new ArrayList<Map<String, Object>>();
        exported.forEach((id, export) -> {
            var volume = new LinkedHashMap<String, Object>();
            volume.put("id", id);
            volume.put("source", export.uri());
            volume.put("sizeBytes", export.sizeBytes());
            volume.put("bitmap", changesOnly ? export.bitmap() : null);
            volume.put("base", sources.get(id).base());
            volumes.add(volume);
        });
        var job = StoreJob.of("backup", command.id(), command.tenantId(), command.store(), input)
                .with("point", command.pointId())
                .with("keepFreeBytes", command.keepFreeBytes())
                .with("volumes", volumes)
                .pinned(input.pinned())
                .pace(command.bytesPerSecond());
        var stored = new ArrayList<StoredVolume>();
        for (var volume : host.store().run(job, order, listener).path("volumes")) {
            var id = UUID.fromString(volume.path("id").asString());
            var kept = checkpoint != null ? checkpoint : exported.get(id).bitmap();
            stored.add(stored(volume, id, kept));
        }
        if (stored.size() != volumes.size()) {
            throw new IOException("freehold-store stored " + stored.size() + " volumes of " + volumes.size());
        }
        return stored;
    }

    private static StoredVolume stored(JsonNode volume, UUID id, String checkpoint) {
        return new StoredVolume(
                new VolumeRoot(
                        id,
                        volume.path("root").asString(),
                        volume.path("sizeBytes").asLong()),
                checkpoint,
                volume.path("readBytes").asLong(),
                volume.path("addedBytes").asLong(),
                volume.path("sharedBytes").asLong(),
                volume.path("zeroBytes").asLong());
    }
}
