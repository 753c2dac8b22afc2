package cloud.freehold.e2e;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The main job: what a tenant changes in the browser is what packets between guests meet. */
@EndToEnd
class FirewallTests {

    @RegisterExtension
    static final AcmeVisit acme = new AcmeVisit();

    @Test
    void aRuleOpensAndItsRemovalCutsTheVeryConnection() {
        String address = acme.db().ipv4();
        GroupPage group = acme.groupOnDb("database access");
        group.allow("tcp", "5432", acme.web().ipv4(), "web reads");
        assertThat(acme.web().connect(address, 5432))
                .as("a draft opens nothing")
                .isEqualTo("timed out");

        group.apply();
        group.awaitEnforced();
        assertThat(group.enforcement()).containsText("enforced");
        assertThat(acme.web().connect(address, 5432)).startsWith("connected");
        assertThat(acme.web().connect(address, 8443))
                .as("other ports stay closed: nobody listens there, so an open one would be refused")
                .isEqualTo("timed out");

        Transfer transfer = acme.web().transfer(address, 5432);
        for (int i = 1; i <= 5; i++) {
            group.allow("tcp", String.valueOf(9000 + i), "any", "unrelated " + i);
            group.apply();
            group.awaitEnforced();
            transfer.awaitProgress();
        }
        assertThat(transfer.progress().state()).isEqualTo("open");
        assertThat(transfer.progress().longestGap()).isLessThan(Duration.ofSeconds(1));

        group.remove("web reads");
        group.apply();
        group.awaitEnforced();
        transfer.awaitCut(Duration.ofSeconds(5));
        assertThat(acme.web().connect(address, 5432)).isEqualTo("timed out");
    }

    @Test
    void ipv6ObeysTheSameRules() {
        String address = acme.db().ipv6();
        GroupPage group = acme.groupOnDb("database over IPv6");
        assertThat(acme.web().connect(address, 5432)).isEqualTo("timed out");

        group.allow("tcp", "5432", acme.web().ipv6(), "web reads over IPv6");
        group.apply();
        group.awaitEnforced();
        assertThat(acme.web().connect(address, 5432)).startsWith("connected");

        group.remove("web reads over IPv6");
        group.apply();
        group.awaitEnforced();
        assertThat(acme.web().connect(address, 5432)).isEqualTo("timed out");
    }

    @Test
    void anUnconfirmedChangeGoesBackByItselfWithThePortalStopped() {
        String address = acme.db().ipv4();
        GroupPage kept = acme.groupOnDb("confirmed in time");
        kept.allow("tcp", "80", acme.web().ipv4(), "stays");
        kept.applyToConfirmWithinAMinute();
        kept.confirm();
        kept.awaitEnforced();

        GroupPage group = acme.groupOnDb("tried for a minute");
        group.allow("tcp", "7", acme.web().ipv4(), "goes back");
        int before = group.version();
        group.applyToConfirmWithinAMinute();
        group.awaitEnforced();
        assertThat(acme.web().connect(address, 7)).startsWith("connected");
        Transfer transfer = acme.web().transfer(address, 7);

        Part.PORTAL.stop();
        try {
            Await.until(
                    "the host takes the change back",
                    Duration.ofSeconds(90),
                    () -> !acme.web().reaches(address, 7));
            transfer.awaitCut(Duration.ofSeconds(5));
            assertThat(Part.PORTAL.process()).as("the portal had no part in it").isEmpty();
            assertThat(acme.web().connect(address, 80))
                    .as("what was confirmed stays")
                    .startsWith("connected");
        } finally {
            Part.PORTAL.start();
            Portal.awaitReady();
        }

        Await.until("the portal follows", Duration.ofSeconds(60), () -> {
            group.open();
            return group.version() > before + 1 && group.rule("goes back").count() == 0;
        });
        assertThat(group.history().getByText("taken back")).isVisible();
        assertThat(acme.web().connect(address, 7)).isEqualTo("timed out");
    }

    @Test
    void aChangeWaitsWhileTheHostIsAway() {
        String address = acme.db().ipv4();
        GroupPage group = acme.groupOnDb("while the host is away");
        group.awaitEnforced();
        Part.AGENT.stop();
        try {
            group.allow("udp", "7", acme.web().ipv4(), "waits");
            group.apply();
            assertThat(group.enforcement().locator(".fh-nic")).not().hasAttribute("data-state", "enforced");
            assertThat(group.enforcement()).containsText("host away", within(Duration.ofSeconds(90)));
            assertThat(acme.web().udp(address, 7))
                    .as("nothing pretends to be enforced")
                    .isEqualTo("timed out");
        } finally {
            Part.AGENT.start();
        }
        group.awaitEnforced();
        assertThat(acme.web().udp(address, 7)).startsWith("connected");
    }

    @Test
    void aViewerSeesTheRulesButNoButtonToChangeThem() {
        GroupPage group = GroupPage.create(acme.page(), "acme", "looked at by a viewer");
        Page viewer = acme.browser().signIn(Demo.VERA);
        viewer.navigate(group.address());
        assertThat(viewer.getByRole(AriaRole.HEADING, new Page.GetByRoleOptions().setName("looked at by a viewer")))
                .isVisible();
        assertThat(viewer.getByText("Add rule")).hasCount(0);
        assertThat(viewer.getByText("Attach", new Page.GetByTextOptions().setExact(true)))
                .hasCount(0);
    }

    private static com.microsoft.playwright.assertions.LocatorAssertions.ContainsTextOptions within(Duration time) {
        return new com.microsoft.playwright.assertions.LocatorAssertions.ContainsTextOptions()
                .setTimeout(time.toMillis());
    }
}
