package cloud.freehold.agent.desired;

import cloud.freehold.agent.common.DurableFiles;
import cloud.freehold.agent.common.Json;
import cloud.freehold.agent.desired.Desired.AddressSet;
import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.api.desired.DesiredAddressSet;
import cloud.freehold.api.desired.DesiredState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last desired state on disk, so that a host goes on without the portal.
 *
 * <p>Theory of operation: {@code desired.json} is a whole state, replaced atomically; {@code desired.log} has the deltas
 * since, one a line, appended and synced. A delta thus costs what it holds, however large the state is. A torn last line
 * (killed while writing) is dropped; what it held comes again from the portal. When the log has grown past a limit, the
 * whole state is written and the log starts anew; a crash between the two replays deltas that the whole state already
 * holds, and these are skipped by their revision.
 */
public final class DesiredStore {
    private static final Logger LOG = LoggerFactory.getLogger(DesiredStore.class);
    private static final long COMPACT_AT_BYTES = 4 << 20;

    private final Path whole;
    private final Path log;
    private Desired present;

    /** @param removedVms not on the wire: removals that may not have been carried out yet */
    private record Stored(DesiredState state, Set<UUID> removedVms) {}

    private DesiredStore(Path directory) {
        this.whole = directory.resolve("desired.json");
        this.log = directory.resolve("desired.log");
    }

    public static DesiredStore open(Path directory) throws IOException {
        var store = new DesiredStore(DurableFiles.privateDirectory(directory));
        store.present = store.read();
        if (Files.exists(store.log)) {
            // A torn last line must not run into the next one.
            store.saveWhole(store.present);
        }
        return store;
    }

    public synchronized Desired present() {
        return present;
    }

    private Desired read() throws IOException {
        if (!Files.exists(whole)) {
            return Desired.NOTHING;
        }
        var stored = Json.MAPPER.readValue(Files.readAllBytes(whole), Stored.class);
        var desired = withRemoved(Desired.NOTHING.with(stored.state()).orElseThrow(), stored.removedVms());
        for (var line : Files.exists(log) ? Files.readAllLines(log, StandardCharsets.UTF_8) : List.<String>of()) {
            var delta = parse(line);
            if (delta == null) {
                break;
            }
            if (delta.epoch().equals(desired.epoch()) && delta.revision() > desired.revision()) {
                var next = desired.with(delta);
                if (next.isEmpty()) {
                    break;
                }
                desired = next.get();
            }
        }
        return desired;
    }

    private static DesiredState parse(String line) {
        try {
            return Json.MAPPER.readValue(line, DesiredState.class);
        } catch (tools.jackson.core.JacksonException e) {
            LOG.warn("The last change in the local cache is incomplete; the portal will tell it again.");
            return null;
        }
    }

    /** Takes in what was told, which fits the present state. */
    public synchronized Desired save(DesiredState told) throws IOException {
        // Not what the caller may have computed: a removal may have been completed meanwhile.
        var next = present.with(told).orElseThrow();
        boolean whole = told.full() || !Files.exists(this.whole) || size() > COMPACT_AT_BYTES;
        if (whole) {
            saveWhole(next);
        } else {
            append(withoutCommands(told));
        }
        present = next;
        return next;
    }

    /** The VM's removal is complete. */
    public synchronized Desired forget(UUID removedVm) throws IOException {
        if (present.removedVms().contains(removedVm)) {
            present = present.forgetting(removedVm);
            saveWhole(present);
        }
        return present;
    }

    private long size() throws IOException {
        return Files.exists(log) ? Files.size(log) : 0;
    }

    private void saveWhole(Desired desired) throws IOException {
        DurableFiles.write(whole, Json.MAPPER.writeValueAsBytes(new Stored(asState(desired), desired.removedVms())));
        Files.deleteIfExists(log);
    }

    private void append(DesiredState delta) throws IOException {
        var line = ByteBuffer.wrap((Json.MAPPER.writeValueAsString(delta) + "\n").getBytes(StandardCharsets.UTF_8));
        try (var channel =
                FileChannel.open(log, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            while (line.hasRemaining()) {
                channel.write(line);
            }
            channel.force(false);
        }
    }

    private static DesiredState withoutCommands(DesiredState told) {
        return new DesiredState(
                told.epoch(),
                told.revision(),
                told.full(),
                told.serverTime(),
                told.vms(),
                told.nics(),
                told.networks(),
                told.routers(),
                told.securityGroups(),
                told.addressSets(),
                told.uplinks(),
                told.remoteNics(),
                told.removed(),
                List.<HostCommand>of());
    }

    private static DesiredState asState(Desired desired) {
        return new DesiredState(
                desired.epoch(),
                desired.revision(),
                true,
                Instant.EPOCH,
                List.copyOf(desired.vms().values()),
                List.copyOf(desired.nics().values()),
                List.copyOf(desired.networks().values()),
                List.copyOf(desired.routers().values()),
                List.copyOf(desired.securityGroups().values()),
                desired.addressSets().values().stream()
                        .map(DesiredStore::asChange)
                        .toList(),
                List.copyOf(desired.uplinks().values()),
                List.copyOf(desired.remoteNics().values()),
                List.of(),
                List.of());
    }

    private static DesiredAddressSet asChange(AddressSet set) {
        return new DesiredAddressSet(
                set.ref(), set.revision(), set.tenantId(), true, 0, List.copyOf(set.members()), List.of());
    }

    private static Desired withRemoved(Desired desired, Set<UUID> removed) {
        if (removed == null || removed.isEmpty()) {
            return desired;
        }
        var refs = removed.stream().map(id -> new ObjectRef(ObjectKind.VM, id)).toList();
        return desired.with(new DesiredState(
                        desired.epoch(),
                        desired.revision(),
                        false,
                        Instant.EPOCH,
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        refs,
                        List.of()))
                .orElseThrow();
    }
}
