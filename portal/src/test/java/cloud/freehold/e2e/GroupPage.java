package cloud.freehold.e2e;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.time.Duration;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** A security group's page: its rules, edited in place, and how far they are enforced. */
final class GroupPage {

    private static final Duration ENFORCED = Duration.ofSeconds(20);

    /** "Attached to 2 NICs, enforced on 2 of 2." */
    private static final Predicate<String> ALL_ENFORCED =
            Pattern.compile("enforced on ([1-9][0-9]*) of \\1\\.").asPredicate();

    private final Page page;
    private final String address;

    private GroupPage(Page page) {
        this.page = page;
        this.address = page.url().replaceAll("[?#].*", "");
    }

    static GroupPage create(Page page, String tenant, String name) {
        page.navigate("/t/" + tenant + "/firewall/groups/new");
        page.getByLabel("Name").fill(name);
        button(page, "Create group").click();
        page.waitForURL(Pattern.compile(".*/firewall/groups/[0-9a-f-]{36}.*"));
        return new GroupPage(page);
    }

    String address() {
        return address;
    }

    void open() {
        page.navigate(address);
    }

    void attach(String nic) {
        page.getByLabel("NIC to attach to").selectOption(nic);
        button(page, "Attach").click();
        assertThat(page.locator("#nics").getByRole(AriaRole.ROWHEADER)).containsText(new String[] {nic});
    }

    void detach(String nic) {
        open();
        button(page, "Detach from " + nic).click();
        assertThat(page.locator("#nics").getByText("No NIC has this group yet."))
                .isVisible();
    }

    /** Allows what comes in; nothing is enforced until it is applied. */
    void allow(String protocol, String ports, String from, String description) {
        page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName("Add rule"))
                .click();
        Locator editor = page.locator("#new-rule");
        editor.getByLabel("Protocol").fill(protocol);
        editor.getByLabel("Ports or ICMP type").fill(ports);
        editor.getByLabel("From", new Locator.GetByLabelOptions().setExact(true))
                .fill(from);
        editor.getByLabel("Description").fill(description);
        editor.getByRole(AriaRole.BUTTON, exactly("Add")).click();
        assertThat(rule(description)).hasAttribute("data-change", "added");
    }

    void remove(String description) {
        rule(description)
                .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName(Pattern.compile("^Remove")))
                .click();
        assertThat(rule(description)).hasAttribute("data-change", "removed");
    }

    Locator rule(String description) {
        return page.locator("tr[data-rule]", new Page.LocatorOptions().setHasText(description));
    }

    Locator changeBar() {
        return page.getByRole(AriaRole.REGION, new Page.GetByRoleOptions().setName("Unapplied changes"));
    }

    /** Presses Apply and leaves: what becomes of it is another question. */
    void pressApply() {
        changeBar().getByRole(AriaRole.BUTTON, exactly("Apply")).click();
    }

    void apply() {
        pressApply();
        assertThat(changeBar()).hasCount(0);
    }

    void applyToConfirmWithinAMinute() {
        changeBar().getByLabel("Minutes to confirm").selectOption("1");
        changeBar().getByRole(AriaRole.BUTTON, exactly("Apply, then confirm")).click();
        assertThat(changeBar()).hasCount(0);
        assertThat(button(page, "Confirm")).isVisible();
    }

    void confirm() {
        button(page, "Confirm").click();
        assertThat(button(page, "Confirm")).hasCount(0);
    }

    /** All NICs say so, without a reload. */
    void awaitEnforced() {
        Await.until(
                "all NICs are enforced", ENFORCED, () -> enforcement().innerText(), text -> ALL_ENFORCED.test(text));
    }

    Locator enforcement() {
        return page.locator("[data-enforcement]");
    }

    int version() {
        return Integer.parseInt(enforcement().getAttribute("data-version"));
    }

    Page history() {
        page.navigate(address + "/history");
        return page;
    }

    private static Locator button(Page page, String name) {
        return page.getByRole(
                AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
    }

    private static Locator.GetByRoleOptions exactly(String name) {
        return new Locator.GetByRoleOptions().setName(name).setExact(true);
    }
}
