package cloud.freehold.agent.moment;

import cloud.freehold.agent.common.Backoff;
import cloud.freehold.agent.common.DurableFiles;
import cloud.freehold.agent.common.Json;
import cloud.freehold.agent.common.Threads;
import cloud.freehold.agent.libvirt.Hypervisor;
import cloud.freehold.agent.libvirt.HypervisorException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which guests are held, on disk: a guest is written down before it is held and struck out when it is known to go on. What an agent that died
 * has left held is let go by the next one, and what does not let itself be let go is tried again until it does or the VM is off.
 */
public final class HeldGuests {
    private static final Logger LOG = LoggerFactory.getLogger(HeldGuests.class);
    private static final Duration AGAIN_FIRST = Duration.ofMillis(500);
    private static final Duration AGAIN_MOST = Duration.ofSeconds(15);

    enum How {
        FROZEN,
        STOPPED
    }

    private record Entry(UUID vm, How how) {}

    private final Path directory;
    private final Hypervisor hypervisor;
    private final Set<UUID> held = ConcurrentHashMap.newKeySet();

    public HeldGuests(Path stateDir, Hypervisor hypervisor) throws IOException {
        this.directory = DurableFiles.privateDirectory(stateDir.resolve("held"));
        this.hypervisor = hypervisor;
    }

    /** Whether we hold it at this moment: to others it runs. */
    public boolean isHeld(UUID vm) {
        return held.contains(vm);
    }

    private Path file(Entry entry) {
        return directory.resolve(entry.vm() + "." + entry.how() + ".json");
    }

    /** Before it is done. */
    void note(UUID vm, How how) throws IOException {
        held.add(vm);
        var entry = new Entry(vm, how);
        DurableFiles.write(file(entry), Json.MAPPER.writeValueAsBytes(entry));
    }

    /** After it is undone for certain. */
    void strike(UUID vm, How how) {
        held.remove(vm);
        var file = file(new Entry(vm, how));
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // Letting go once more at the next start does no harm.
            LOG.warn("{} cannot be removed: {}", file, e.getMessage());
        }
    }

    /** Lets go of what an agent before this one held; in the background, for as long as it takes. */
    public void recover() throws IOException {
        for (var entry : found()) {
            LOG.warn("VM {} was left {} by an agent that died; letting it go.", entry.vm(), entry.how());
            letGo(entry.vm(), entry.how());
        }
    }

    private List<Entry> found() throws IOException {
        var found = new ArrayList<Entry>();
        try (var files = Files.list(directory)) {
            for (var file :
                    files.filter(path -> path.toString().endsWith(".json")).toList()) {
                found.add(Json.MAPPER.readValue(Files.readAllBytes(file), Entry.class));
            }
        }
        return found;
    }

    /** Tries until it is done. */
    void letGo(UUID vm, How how) {
        Threads.start("let-go", () -> {
            var backoff = new Backoff(AGAIN_FIRST, AGAIN_MOST, new Random());
            while (!isLetGo(vm, how, backoff.failures() == 0)) {
                try {
                    TimeUnit.MILLISECONDS.sleep(backoff.failed().toMillis());
                } catch (InterruptedException e) {
                    return;
                }
            }
            strike(vm, how);
        });
    }

    private boolean isLetGo(UUID vm, How how, boolean first) {
        try {
            var domain = hypervisor.find(vm);
            if (domain.isEmpty() || domain.get().state().isOff()) {
                return true;
            }
            if (how == How.FROZEN) {
                return GuestFreeze.isThawed(hypervisor, vm);
            }
            try (var monitor = hypervisor.monitor(vm)) {
                monitor.ask("cont");
            }
            return true;
        } catch (HypervisorException e) {
            if (first) {
                LOG.warn("VM {} is still {}: {}", vm, how, e.getMessage());
            }
            return false;
        }
    }
}
