package cloud.freehold.e2e;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.SelectOption;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Devices come into a guest that runs, and go. */
@EndToEnd
class HotPlugTests {

    private static final Duration SOON = Duration.ofSeconds(30);

    @RegisterExtension
    static final AcmeVisit acme = new AcmeVisit();

    @Test
    void aNicCarriesPacketsWithoutARestartUntilItIsRemoved() {
        Page page = acme.page();
        Guest db = acme.db();
        double uptime = db.uptime();
        page.navigate("/t/acme/vms/" + db.vm() + "/network");
        Locator networks = page.getByLabel("Network to join");
        networks.selectOption(new SelectOption()
                .setLabel(networks.locator("option", new Locator.LocatorOptions().setHasText("office"))
                        .innerText()));
        button(page, "Add NIC").click();
        Locator row = page.locator("#vm-nics tbody tr").filter(new Locator.FilterOptions().setHasText("eth1"));
        assertThat(row)
                .containsText(
                        "used by the guest", new LocatorAssertions.ContainsTextOptions().setTimeout(SOON.toMillis()));
        String mac = db.output("cat /sys/class/net/eth1/address");
        assertThat(row).containsText(mac);
        Await.until("eth1 has its address", SOON, () -> address(db).contains("/"));
        assertThat(row).containsText(address(db).replaceAll("/.*", ""));
        Await.until(
                "the gateway answers to eth1",
                SOON,
                () -> db.output(
                                "ping -c 1 -W 5 -I eth1 $(ip route | awk '/^default .*eth1/ {print $3}') >/dev/null && echo answered")
                        .equals("answered"));

        row.getByRole(AriaRole.LINK, new Locator.GetByRoleOptions().setName("eth1"))
                .click();
        button(page, "Remove NIC").click();
        page.getByRole(AriaRole.DIALOG)
                .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Remove"))
                .click();
        assertThat(page.locator("#vm-nics tbody tr")).hasCount(1);
        Await.until(
                "the guest has lost eth1",
                SOON,
                () -> !db.output("ls /sys/class/net").contains("eth1"));
        assertThat(db.uptime()).as("the guest was not restarted").isGreaterThan(uptime);
    }

    private static String address(Guest guest) {
        return guest.output("ip -4 -o addr show eth1 scope global | awk '{print $4}'");
    }

    private static Locator button(Page page, String name) {
        return page.getByRole(
                AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
    }
}
