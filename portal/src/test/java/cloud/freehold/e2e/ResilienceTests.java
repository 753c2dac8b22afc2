package cloud.freehold.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.PlaywrightException;
import java.time.Duration;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each process is killed in mid-change; everything converges and no guest notices more than a pause. */
@EndToEnd
class ResilienceTests {

    private static final Duration CONVERGED = Duration.ofSeconds(90);

    @RegisterExtension
    static final AcmeVisit acme = new AcmeVisit();

    @ParameterizedTest
    @EnumSource
    void aKillInMidChangeLosesNothing(Part part) {
        String address = acme.db().ipv4();
        double uptime = acme.db().uptime();
        GroupPage group = acme.groupOnDb("around a killed " + part);
        group.allow("tcp", "5432", acme.web().ipv4(), "opened before");
        group.apply();
        group.awaitEnforced();
        Transfer transfer = acme.web().transfer(address, 5432);

        group.allow("tcp", "80", acme.web().ipv4(), "opened around the kill");
        group.pressApply();
        part.kill();
        part.awaitRunning();
        Portal.awaitReady();

        Await.until(part + " was killed: the change is enforced", CONVERGED, () -> {
            open(group);
            if (group.changeBar().count() > 0) {
                group.apply();
            }
            return acme.web().reaches(address, 80);
        });
        group.awaitEnforced();
        transfer.awaitProgress();
        assertThat(transfer.progress().state()).isEqualTo("open");
        assertThat(acme.db().uptime()).as("the guest was not restarted").isGreaterThan(uptime);

        group.remove("opened before");
        group.apply();
        group.awaitEnforced();
        transfer.awaitCut(Duration.ofSeconds(5));
    }

    /** The portal may just be away. */
    private static void open(GroupPage group) {
        try {
            group.open();
        } catch (PlaywrightException e) {
            Portal.awaitReady();
            group.open();
        }
    }
}
