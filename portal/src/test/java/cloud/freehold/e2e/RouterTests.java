package cloud.freehold.e2e;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.SelectOption;
import java.time.Duration;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** VMs of two networks reach each other while a router joins them, and at no other time; another tenant's never do. */
@EndToEnd
class RouterTests {

    private static final Duration BOOT = Duration.ofMinutes(2);
    private static final Duration SOON = Duration.ofSeconds(15);

    private static Browser browser;
    private static Page page;
    private static Guest web;
    private static Guest lab;
    private static Guest far;

    @BeforeAll
    static void makeASecondNetworkWithAVm() {
        browser = new Browser();
        page = browser.signIn(Demo.ANNA);
        web = Demo.guest(page, "acme", "web");
        lab = Demo.guest(browser.signIn(Demo.GINA), "globex", "lab");
        page.navigate("/t/acme/networks");
        page.getByLabel("Name").fill("far away");
        page.getByLabel("IPv4 prefix").fill("10.77.0.0/24");
        button("Create network").click();
        assertThat(page.getByRole(AriaRole.HEADING, new Page.GetByRoleOptions().setName("far away")))
                .isVisible();

        page.navigate("/t/acme/vms/new");
        page.getByLabel("Name").fill("far");
        Locator networks = page.getByLabel("Network");
        networks.selectOption(new SelectOption()
                .setLabel(networks.locator("option", new Locator.LocatorOptions().setHasText("far away"))
                        .innerText()));
        button("Create VM").click();
        page.waitForURL(Pattern.compile(".*/vms/[0-9a-f-]{36}.*"));
        far = Demo.guest(page, "acme", "far");
        Await.until("far has booted", BOOT, far::answers);

        GroupPage group = GroupPage.create(page, "acme", "far web");
        group.attach("far/eth0");
        group.allow("tcp", "80", "any", "to everybody");
        group.apply();
        group.awaitEnforced();
    }

    @AfterAll
    static void removeThem() {
        page.navigate("/t/acme/vms/" + far.vm() + "/settings");
        page.getByLabel("Type far to confirm").fill("far");
        button("Delete VM").click();
        browser.close();
    }

    @Test
    void aRouterLeadsFromOneNetworkToTheOtherAndItsRemovalEndsThat() {
        String ipv4 = far.ipv4();
        String ipv6 = far.ipv6();
        assertThat(web.reaches(ipv4, 80)).as("without a router").isFalse();
        assertThat(web.reaches(ipv6, 80)).as("without a router").isFalse();

        page.navigate("/t/acme/routers");
        page.getByLabel("Name").fill("backbone");
        page.getByLabel("office").check();
        page.getByLabel("far away").check();
        button("Create router").click();
        page.waitForURL(Pattern.compile(".*/routers/[0-9a-f-]{36}.*"));
        assertThat(page.locator("[data-progress]")).containsText("enforced on 1 of 1 host");
        reaches(web, ipv4, 80, true);
        reaches(web, ipv6, 80, true);
        assertThat(web.connect(ipv4, 8443))
                .as("the firewall holds across networks")
                .isEqualTo("timed out");
        assertThat(web.output("ping -c 1 -W 2 " + ipv4 + " >/dev/null && echo answered"))
                .isEqualTo("answered");
        assertThat(lab.reaches(ipv4, 80)).as("another tenant").isFalse();
        assertThat(lab.reaches(ipv6, 80)).as("another tenant").isFalse();

        Transfer transfer = web.transfer(ipv4, 80);
        button("Delete router").click();
        confirm();
        page.waitForURL(Pattern.compile(".*/routers"));
        reaches(web, ipv4, 80, false);
        reaches(web, ipv6, 80, false);
        transfer.awaitCut(Duration.ofSeconds(30));
    }

    private static void reaches(Guest from, String address, int port, boolean expected) {
        Await.until(
                from.name() + (expected ? " reaches " : " does not reach ") + address,
                SOON,
                () -> from.reaches(address, port) == expected);
    }

    private static Locator button(String name) {
        return page.getByRole(
                AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
    }

    /** The page's own dialog asks once more. */
    private static void confirm() {
        page.getByRole(AriaRole.DIALOG)
                .getByRole(
                        AriaRole.BUTTON,
                        new Locator.GetByRoleOptions().setName("Delete").setExact(true))
                .click();
    }
}
