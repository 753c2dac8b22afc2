package cloud.freehold.agent.it;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.backup.Consistency;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** As BackupIntegrationTest, at random moments and for as long as one likes: ./freehold soak backup. */
@Tag("soak")
class BackupSoakTest {
    private static final int POINTS = Soak.points();

    @RegisterExtension
    static final SharedHost HOST = new SharedHost();

    private final Rig rig = HOST.rig();
    private final WritingVm vm = HOST.vm();
    private final Random random = Soak.random();
    private TestStore store;

    @BeforeEach
    void start() throws Exception {
        store = new TestStore(rig);
        vm.startWritingWithoutPause();
    }

    @Test
    void everyPointHoldsWhatItPromises() throws Exception {
        for (int i = 0; i < POINTS; i++) {
            var level = Consistency.values()[i % 3];
            var point = store.backup(vm, level, level);
            var certificate = point.certificate();
            System.out.printf(
                    "point %d: %s, pause %d ms, freeze %s ms, stops %d%n",
                    i, level, certificate.longestPauseMillis(), certificate.freezeMillis(), certificate.tries());
            Promises.check(rig, store, vm, point, level);
            TimeUnit.MILLISECONDS.sleep(random.nextInt(300));
        }
        assertThat(vm.state()).isEqualTo("running");
    }
}
