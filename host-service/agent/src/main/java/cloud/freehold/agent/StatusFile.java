package cloud.freehold.agent;

import cloud.freehold.agent.common.DurableFiles;
import cloud.freehold.agent.common.Json;
import cloud.freehold.agent.desired.DesiredStore;
import cloud.freehold.agent.reconcile.Machines;
import cloud.freehold.agent.report.Observations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/** {@code status.json} in the state directory: what a launcher or an operator wants to know without a port. */
final class StatusFile {
    private static final Logger LOG = LoggerFactory.getLogger(StatusFile.class);
    private static final String NAME = "status.json";

    /**
     * @param ready enrolled, told what should be, dataplane and hypervisor answer
     * @param dataplane its version; null: away, so with the hypervisor
     */
    record Status(
            long pid,
            boolean ready,
            UUID hostId,
            boolean portal,
            String dataplane,
            String hypervisor,
            long desiredRevision,
            long appliedRevision,
            long vms,
            long vmsWithProblem,
            Instant since) {

        boolean sameAs(Status other) {
            return other != null
                    && equals(new Status(
                            other.pid,
                            other.ready,
                            other.hostId,
                            other.portal,
                            other.dataplane,
                            other.hypervisor,
                            other.desiredRevision,
                            other.appliedRevision,
                            other.vms,
                            other.vmsWithProblem,
                            since));
        }
    }

    private final Path file;
    private final UUID hostId;
    private final Observations observations;
    private final Machines machines;
    private final DesiredPoller poller;
    private final DesiredStore store;
    private final Clock clock;
    private Status last;

    StatusFile(
            Path stateDir,
            UUID hostId,
            Observations observations,
            Machines machines,
            DesiredPoller poller,
            DesiredStore store,
            Clock clock) {
        this.file = stateDir.resolve(NAME);
        this.hostId = hostId;
        this.observations = observations;
        this.machines = machines;
        this.poller = poller;
        this.store = store;
        this.clock = clock;
    }

    synchronized void update() {
        try {
            var now = present();
            if (!now.sameAs(last)) {
                DurableFiles.write(file, Json.MAPPER.writeValueAsBytes(now));
                last = now;
            }
        } catch (IOException | RuntimeException e) {
            LOG.warn("{} cannot be written: {}", file, e.getMessage());
        }
    }

    private Status present() {
        var vms = observations.vms();
        var desired = store.present();
        boolean ready = desired.epoch() != null
                && observations.dataplaneVersion() != null
                && machines.hypervisorVersion() != null;
        return new Status(
                ProcessHandle.current().pid(),
                ready,
                hostId,
                poller.isAnswered(),
                observations.dataplaneVersion(),
                machines.hypervisorVersion(),
                desired.revision(),
                observations.appliedRevision(),
                vms.size(),
                vms.stream().filter(vm -> vm.problem() != null).count(),
                clock.instant());
    }

    synchronized void stopped() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("{} cannot be removed: {}", file, e.getMessage());
        }
    }

    /** Of a running agent; empty: none runs there. */
    static Optional<Status> read(Path stateDir) throws IOException {
        var file = stateDir.resolve(NAME);
        try {
            if (!Files.exists(file)) {
                return Optional.empty();
            }
            var status = Json.MAPPER.readValue(Files.readAllBytes(file), Status.class);
            return ProcessHandle.of(status.pid()).isPresent() ? Optional.of(status) : Optional.empty();
        } catch (JacksonException e) {
            return Optional.empty();
        }
    }
}
