package cloud.freehold.agent.command;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.HostCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandJournalTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private final HostCommand reboot = new HostCommand.RebootVm(UUID.randomUUID(), NOW, UUID.randomUUID(), true);
    private final CommandProgress done = new CommandProgress(CommandProgress.Status.DONE, 100, "done", null, NOW);

    @TempDir
    Path directory;

    private CommandJournal.Entry entry(CommandProgress end) {
        return new CommandJournal.Entry(reboot, NOW, Map.of("checkpoint", "c1"), end, null);
    }

    @Test
    void knowsWhatWasBegunAndHowItEnded() throws Exception {
        var journal = new CommandJournal(directory);
        assertThat(journal.find(reboot.id())).isEmpty();
        journal.write(entry(null));
        assertThat(new CommandJournal(directory).interrupted()).containsExactly(entry(null));
        journal.write(entry(done));
        var again = new CommandJournal(directory);
        assertThat(again.interrupted()).isEmpty();
        assertThat(again.find(reboot.id()).orElseThrow().end()).isEqualTo(done);
    }

    @Test
    void forgetsOldEndsOnly() throws Exception {
        var journal = new CommandJournal(directory);
        journal.write(entry(null));
        journal.prune(NOW.plusSeconds(1));
        assertThat(journal.interrupted()).hasSize(1);
        journal.write(entry(done));
        journal.prune(NOW);
        assertThat(journal.find(reboot.id())).isPresent();
        journal.prune(NOW.plusSeconds(1));
        assertThat(journal.find(reboot.id())).isEmpty();
    }

    @Test
    void aFileThatCannotBeReadDoesNotStopTheAgent() throws Exception {
        Files.writeString(directory.resolve(UUID.randomUUID() + ".json"), "{");
        assertThat(new CommandJournal(directory).interrupted()).isEmpty();
    }
}
