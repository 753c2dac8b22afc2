package cloud.freehold.e2e;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.AriaRole;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A backup is worth what its restore is worth: a running VM is backed up, loses what it had, and gets it back. */
@EndToEnd
class BackupTests {

    private static final double STORED = 60_000;
    private static final double RESTORED = 150_000;

    @RegisterExtension
    static final AcmeVisit acme = new AcmeVisit();

    @Test
    void aRunningVmIsPutBackToAnEarlierMoment() {
        Guest db = acme.db();
        Page page = acme.page();
        db.output("echo before > /srv/proof && sync");
        double uptime = db.uptime();

        page.navigate("/t/acme/vms/" + db.vm() + "/backups");
        page.getByLabel("Note").fill("before the mishap");
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Back up now"))
                .click();
        Locator point =
                page.locator("#vm-backups tr").filter(new Locator.FilterOptions().setHasText("before the mishap"));
        assertThat(point).isVisible(new LocatorAssertions.IsVisibleOptions().setTimeout(STORED));
        assertThat(point).containsText("filesystem-consistent");
        assertThat(db.uptime()).as("the guest ran on").isGreaterThan(uptime);

        db.output("echo after > /srv/proof && sync");
        point.getByText("Restore").click();
        page.getByLabel("Type db to confirm").fill("db");
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Overwrite the disks"))
                .click();
        Locator steps = page.locator("#operation-detail .fh-steps li");
        assertThat(steps).hasCount(4);
        for (int step = 0; step < 4; step++) {
            assertThat(steps.nth(step))
                    .containsText("done", new LocatorAssertions.ContainsTextOptions().setTimeout(RESTORED));
        }
        String proof = Await.until(
                "db is up again", Duration.ofSeconds(60), () -> db.output("cat /srv/proof"), text -> !text.isEmpty());
        assertThat(proof).isEqualTo("before");

        page.navigate("/t/acme/backups/points?vm=" + db.vm());
        assertThat(page.getByText("What the disks held before").first()).isVisible();
    }
}
