package cloud.freehold.agent.backup;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.backup.StoreRef;
import cloud.freehold.api.command.HostCommand.BackupVm;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class BitmapsTest {
    private final UUID store = UUID.fromString("01900000-0000-7000-8000-0000aaaabbbb");

    private Bitmaps bitmaps(String checkpoint) {
        var source = new BackupVm.Source(UUID.randomUUID(), "root", checkpoint);
        return new Bitmaps(new BackupVm(
                UUID.randomUUID(),
                Instant.EPOCH,
                UUID.randomUUID(),
                UUID.randomUUID(),
                UUID.fromString("01900000-0000-7000-8000-000000000009"),
                new StoreRef(store, StoreRef.Kind.DIRECTORY, "/x", null, null, null, null),
                List.of(source),
                Consistency.CRASH,
                Consistency.CRASH,
                1000,
                0,
                0));
    }

    @Test
    void onlyTheOneThatIsStartedFromStaysOfAStore() {
        var known = "fh-aaaabbbb-01900000-0000-7000-8000-000000000008";
        var older = "fh-aaaabbbb-01900000-0000-7000-8000-000000000001";
        var others = "fh-ccccdddd-01900000-0000-7000-8000-000000000001";
        assertThat(bitmaps(known).obsolete(Set.of(known, older, others, "somebody's")))
                .containsExactly(older);
        assertThat(bitmaps(null).obsolete(Set.of(known, older))).containsExactlyInAnyOrder(known, older);
    }

    @Test
    void whatAKilledTryOfThisPointLeftGoes() {
        var own = bitmaps(null).present();
        assertThat(own).isEqualTo("fh-aaaabbbb-01900000-0000-7000-8000-000000000009");
        assertThat(bitmaps(null).obsolete(Set.of(own))).containsExactly(own);
    }

    @Test
    void ofManyStoresTheOldestGo() {
        var all = new HashSet<String>();
        for (int i = 10; i < 20; i++) {
            all.add("fh-ccccdd" + i + "-01900000-0000-7000-8000-0000000000" + i);
        }
        assertThat(bitmaps(null).obsolete(all))
                .containsExactlyInAnyOrder(
                        "fh-ccccdd10-01900000-0000-7000-8000-000000000010",
                        "fh-ccccdd11-01900000-0000-7000-8000-000000000011");
    }
}
