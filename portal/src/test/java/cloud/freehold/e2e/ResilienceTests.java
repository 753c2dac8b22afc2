package cloud.freehold.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.PlaywrightException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each process is killed in mid-change; everything converges and no guest notices more than a pause. */
@EndToEnd
class ResilienceTests {

    private static final Duration CONVERGED = Duration.ofSeconds(90);

    private static Browser browser;
    private static Page page;
    private static Guest web;
    private static Guest db;

    @BeforeAll
    static void signIn() {
        browser = new Browser();
        page = browser.signIn(Demo.ANNA);
        web = Demo.guest(page, "acme", "web");
        db = Demo.guest(page, "acme", "db");
    }

    @AfterAll
    static void leave() {
        browser.close();
    }

    @ParameterizedTest
    @EnumSource
    void aKillInMidChangeLosesNothing(Part part) {
        String address = db.ipv4();
        double uptime = db.uptime();
        GroupPage group = GroupPage.create(page, "acme", "around a killed " + part);
        group.attach("db/eth0");
        group.allow("tcp", "5432", web.ipv4(), "opened before");
        group.apply();
        group.awaitEnforced();
        Transfer transfer = web.transfer(address, 5432);

        group.allow("tcp", "80", web.ipv4(), "opened around the kill");
        group.pressApply();
        part.kill();
        part.awaitRunning();
        Portal.awaitReady();

        Await.until(part + " was killed: the change is enforced", CONVERGED, () -> {
            open(group);
            if (group.changeBar().count() > 0) {
                group.apply();
            }
            return web.reaches(address, 80);
        });
        group.awaitEnforced();
        transfer.awaitProgress();
        assertThat(transfer.progress().state()).isEqualTo("open");
        assertThat(db.uptime()).as("the guest was not restarted").isGreaterThan(uptime);

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
