package cloud.freehold.e2e;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.AriaRole;
import java.time.Duration;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a tenant sees of real packets: connections, drops, the packet tester, the preview; and what follows from it. */
@EndToEnd
class TrafficTests {

    /** Counters and drops travel from the dataplane to the page in steps of half a second and of two. */
    private static final double SOON = 15_000;

    @RegisterExtension
    static final AcmeVisit acme = new AcmeVisit();

    @Test
    void aLiveConnectionIsListedAndEndingItCutsIt() {
        String address = acme.db().ipv4();
        GroupPage group = acme.groupOnDb("looked at while it lives");
        group.allow("tcp", "7", acme.web().ipv4(), "web echoes");
        group.apply();
        group.awaitEnforced();
        Transfer transfer = acme.web().transfer(address, 7);

        Page page = acme.page();
        page.navigate("/t/acme/vms/" + acme.db().vm() + "/connections?q=tcp+7+established");
        Locator row = page.locator("#connections tbody tr")
                .filter(new Locator.FilterOptions().setHasText(acme.web().ipv4()));
        assertThat(row).hasCount(1);
        assertThat(row).containsText("TCP 7");
        assertThat(row.getByRole(AriaRole.LINK).first()).hasText("web");
        assertThat(row).containsText("in looked at while it lives");
        String before = row.locator("td[data-label='Received, sent']").innerText();
        assertThat(row.locator("td[data-label='Received, sent']"))
                .not()
                .hasText(before, new LocatorAssertions.HasTextOptions().setTimeout(SOON));
        assertThat(transfer.progress().state()).isEqualTo("open");

        row.getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName(Pattern.compile("^End:")))
                .click();
        assertThat(page.getByText("The connection is ended.")).isVisible();
        assertThat(row).hasCount(0);
        transfer.awaitCut(Duration.ofSeconds(5));
        page.navigate("/t/acme/audit");
        assertThat(page.getByText("connections.ended").first()).isVisible();
    }

    @Test
    void aDropSaysWhyAndOneClickAllowsIt() {
        String address = acme.db().ipv4();
        GroupPage group = acme.groupOnDb("allowed from a drop");
        group.awaitEnforced();
        assertThat(acme.web().connect(address, 7)).isEqualTo("timed out");

        Page page = acme.page();
        page.navigate("/t/acme/firewall/drops");
        Locator row = page.locator("tr[data-drop]")
                .filter(new Locator.FilterOptions().setHasText("db/eth0"))
                .filter(new Locator.FilterOptions().setHasText(acme.web().ipv4()))
                .filter(new Locator.FilterOptions().setHasText(Pattern.compile("TCP 7\\b")))
                .filter(new Locator.FilterOptions().setHasText("No rule allows it"))
                .first();
        assertThat(row).isVisible(new LocatorAssertions.IsVisibleOptions().setTimeout(SOON));

        allow(row, "allowed from a drop");
        page.waitForURL(Pattern.compile(".*/firewall/groups/.*"));
        Locator editor = page.locator("#new-rule");
        assertThat(editor.getByLabel("Protocol")).hasValue("tcp");
        assertThat(editor.getByLabel("Ports or ICMP type")).hasValue("7");
        assertThat(editor.getByLabel("From", new Locator.GetByLabelOptions().setExact(true)))
                .hasValue(acme.web().ipv4());
        editor.getByLabel("Description").fill("was dropped");
        editor.getByRole(
                        AriaRole.BUTTON,
                        new Locator.GetByRoleOptions().setName("Add").setExact(true))
                .click();
        assertThat(group.rule("was dropped")).hasAttribute("data-change", "added");
        group.apply();
        group.awaitEnforced();
        assertThat(acme.web().connect(address, 7)).startsWith("connected");
    }

    /** With one group a button, with several a menu. */
    private static void allow(Locator row, String group) {
        Locator menu = row.locator("summary", new Locator.LocatorOptions().setHasText("Allow this"));
        if (menu.count() > 0) {
            menu.click();
            row.getByText("in group " + group).click();
        } else {
            row.getByText("Allow this").click();
        }
    }

    @Test
    void thePacketTesterAgreesWithPackets() {
        String address = acme.db().ipv4();
        GroupPage group = acme.groupOnDb("tested with words");
        group.allow("tcp", "7", acme.web().ipv4(), "echo");
        group.apply();
        group.awaitEnforced();

        assertThat(acme.web().connect(address, 7)).startsWith("connected");
        Locator open = test("db/eth0", acme.web().ipv4(), "7");
        assertThat(open).containsText("It passes both ends");
        assertThat(end("web/eth0")).containsText("allowed");
        assertThat(end("db/eth0")).containsText("in tested with words");

        assertThat(acme.web().connect(address, 5432)).isEqualTo("timed out");
        Locator closed = test("db/eth0", acme.web().ipv4(), "5432");
        assertThat(closed).containsText("Dropped where it reaches db/eth0: no rule allows it");
        assertThat(end("web/eth0")).containsText("allowed");
        assertThat(end("db/eth0")).containsText("dropped");
    }

    private Locator test(String nic, String remote, String port) {
        Page page = acme.page();
        page.navigate("/t/acme/firewall/test");
        page.getByLabel("NIC", new Page.GetByLabelOptions().setExact(true))
                .selectOption(page.locator("#nic option", new Page.LocatorOptions().setHasText(nic))
                        .getAttribute("value"));
        page.getByLabel("Other end").fill(remote);
        page.getByLabel("Port or ICMP type").fill(port);
        page.getByRole(
                        AriaRole.BUTTON,
                        new Page.GetByRoleOptions().setName("Test").setExact(true))
                .last()
                .click();
        return page.locator("[data-verdict]");
    }

    private Locator end(String nic) {
        return acme.page().locator("[data-end='" + nic + "']");
    }

    @Test
    void theEditorCountsWhatAChangeWouldCutAndCutsNothing() {
        String address = acme.db().ipv4();
        GroupPage group = acme.groupOnDb("counted before it is cut");
        group.allow("tcp", "7", acme.web().ipv4(), "echo");
        group.apply();
        group.awaitEnforced();
        Transfer transfer = acme.web().transfer(address, 7);

        group.allow("tcp", "9001", "any", "opens more");
        assertThat(group.changeBar()).containsText("cuts no live connection");
        group.remove("echo");
        // Connections of tests before may not be closed at both ends yet.
        Pattern cutsSome = Pattern.compile("cuts [1-9][0-9]* live connection");
        assertThat(group.changeBar()).containsText(cutsSome);
        acme.page().locator("[data-review]").click();
        assertThat(acme.page().locator("#review")).containsText(cutsSome);
        transfer.awaitProgress();
        assertThat(transfer.progress().state()).isEqualTo("open");

        group.apply();
        group.awaitEnforced();
        transfer.awaitCut(Duration.ofSeconds(5));
    }
}
