package cloud.freehold.agent.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.HostCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandJournalTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private final HostCommand reboot = new HostCommand.RebootVm(UUID.randomUUID(), NOW, UUID.randomUUID(), true);
    private final CommandProgress done = new CommandProgress(CommandProgress.Status.DONE, 100, "done", null, NOW);

    @TempDir
    Path directory;

    @Test
    void knowsWhatWasBegunAndHowItEnded() throws Exception {
        var journal = new CommandJournal(directory);
        assertThat(journal.find(reboot.id())).isEmpty();
        journal.begin(reboot, NOW);
        assertThat(new CommandJournal(directory).interrupted()).containsExactly(reboot);
        journal.end(reboot, NOW, done);
        var again = new CommandJournal(directory);
        assertThat(again.interrupted()).isEmpty();
        assertThat(again.find(reboot.id()).orElseThrow().end()).isEqualTo(done);
    }

    @Test
    void forgetsOldEndsOnly() throws Exception {
        var journal = new CommandJournal(directory);
        journal.begin(reboot, NOW);
        journal.prune(NOW.plusSeconds(1));
        assertThat(journal.interrupted()).hasSize(1);
        journal.end(reboot, NOW, done);
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
