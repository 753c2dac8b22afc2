package cloud.freehold.agent.it;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.CommandResult;
import cloud.freehold.api.command.CommandResult.SnapshotsTaken;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.api.command.HostCommand.TakeSnapshots;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/** Gives orders to a rig's agent and waits for their ends. */
record Orders(Rig rig) {
    static final Duration PATIENCE = Duration.ofMinutes(10);
    static final int FREEZE_LIMIT_MILLIS = 30_000;

    static Instant deadline() {
        return Instant.now().plus(PATIENCE);
    }

    CommandProgress end(HostCommand order) {
        rig.portal.command(order);
        return rig.portal.awaitEnd(order.id(), PATIENCE);
    }

    /** @return null: it brings none */
    CommandResult done(HostCommand order) {
        var end = end(order);
        assertThat(end.problem()).isNull();
        assertThat(end.status()).isEqualTo(CommandProgress.Status.DONE);
        return end.result();
    }

    TakeSnapshots snapshots(boolean withMemory, Consistency level, WritingVm... vms) {
        return new TakeSnapshots(
                UUID.randomUUID(),
                deadline(),
                Stream.of(vms)
                        .map(vm -> new TakeSnapshots.Target(vm.id, UUID.randomUUID()))
                        .toList(),
                withMemory,
                level,
                level,
                FREEZE_LIMIT_MILLIS);
    }

    List<SnapshotsTaken.Taken> taken(TakeSnapshots order) {
        return ((SnapshotsTaken) done(order)).snapshots();
    }
}
