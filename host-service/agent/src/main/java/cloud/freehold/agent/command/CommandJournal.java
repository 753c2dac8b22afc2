package cloud.freehold.agent.command;

import cloud.freehold.agent.common.DurableFiles;
import cloud.freehold.agent.common.Json;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.HostCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * Which orders were begun and how they ended, one file each: an order is carried out once, whatever is killed. What the portal gives for
 * an order alone (keys) is never in here.
 */
final class CommandJournal {
    private static final Logger LOG = LoggerFactory.getLogger(CommandJournal.class);

    /**
     * @param notes what the handler has to know after the agent's death
     * @param end null: begun, not ended
     * @param told whether the portal knows the end
     */
    record Entry(HostCommand command, Instant begun, Map<String, String> notes, CommandProgress end, Boolean told) {}

    private final Path directory;

    CommandJournal(Path directory) throws IOException {
        this.directory = DurableFiles.privateDirectory(directory);
    }

    private Path file(UUID command) {
        return directory.resolve(command + ".json");
    }

    Optional<Entry> find(UUID command) {
        return read(file(command));
    }

    private static Optional<Entry> read(Path file) {
        try {
            return Files.exists(file)
                    ? Optional.of(Json.MAPPER.readValue(Files.readAllBytes(file), Entry.class))
                    : Optional.empty();
        } catch (IOException | JacksonException e) {
            LOG.warn("{} cannot be read and is left aside: {}", file, e.getMessage());
            return Optional.empty();
        }
    }

    void write(Entry entry) throws IOException {
        DurableFiles.write(file(entry.command().id()), Json.MAPPER.writeValueAsBytes(entry));
    }

    /** Begun before the agent's last death, without an end. */
    List<Entry> interrupted() throws IOException {
        return all(entry -> entry.end() == null);
    }

    /** Ended, and the portal may not know. */
    List<Entry> untold() throws IOException {
        return all(entry -> entry.end() != null && !Boolean.TRUE.equals(entry.told()));
    }

    private List<Entry> all(Predicate<Entry> which) throws IOException {
        var found = new ArrayList<Entry>();
        try (var files = Files.list(directory)) {
            for (var file :
                    files.filter(path -> path.toString().endsWith(".json")).toList()) {
                read(file).filter(which).ifPresent(found::add);
            }
        }
        return found;
    }

    /** Forgets what ended before the given time; the portal does not repeat commands for that long. */
    void prune(Instant before) throws IOException {
        try (var files = Files.list(directory)) {
            for (var file : files.toList()) {
                var entry = read(file);
                if (entry.isPresent()
                        && entry.get().end() != null
                        && entry.get().begun().isBefore(before)) {
                    Files.delete(file);
                }
            }
        }
    }
}
