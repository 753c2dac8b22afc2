package cloud.freehold.e2e;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The table of rules without a mouse: rows, editor, filter, ticks, order. */
@EndToEnd
class KeyboardTests {

    @RegisterExtension
    static final AcmeVisit acme = new AcmeVisit();

    @Test
    void aRuleIsFoundChangedAndTickedWithoutAMouse() {
        Page page = acme.page();
        GroupPage group = GroupPage.create(page, "acme", "by keyboard");
        group.allow("tcp", "9000", "any", "the last port");
        group.allow("tcp", "80", "any", "the first port");

        page.keyboard().press("j");
        assertThat(group.rule("the last port")).isFocused();
        theRulesComeAnew(page);
        assertThat(group.rule("the last port")).isFocused();
        page.keyboard().press("j");
        assertThat(group.rule("the first port")).isFocused();
        page.keyboard().press("k");
        page.keyboard().press("Enter");
        Locator ports = page.getByLabel("Ports or ICMP type");
        assertThat(ports).isFocused();
        ports.fill("9001");
        page.keyboard().press("Enter");
        assertThat(group.rule("the last port")).containsText("TCP 9001");

        page.keyboard().press("j");
        page.keyboard().press("x");
        assertThat(page.locator("#ingress")).containsText("1 ticked");
        page.getByLabel("Tick all rules that are shown").first().check();
        assertThat(page.locator("#ingress")).containsText("2 ticked");

        page.locator("#ingress thead").getByText("Service").press("Enter");
        assertThat(page.locator("#ingress tr[data-rule]").first()).containsText("TCP 80");
        assertThat(page).hasURL(Pattern.compile(".*[?&]inSort=service$"));

        page.keyboard().press("/");
        assertThat(page.getByLabel("Filter rules")).isFocused();
        page.keyboard().type("9001");
        assertThat(page.locator("#ingress tr[data-rule]")).hasCount(1);
        assertThat(page).hasURL(Pattern.compile(".*[?&]q=9001.*"));
    }

    /** What the page does when somebody else changed a group. */
    private static void theRulesComeAnew(Page page) {
        page.locator("#editor").evaluate("part => part.dataset.old = ''");
        page.waitForResponse(
                answer -> answer.url().contains("/firewall/groups/")
                        && answer.request().headers().containsKey("hx-request"),
                () -> page.evaluate("document.body.dispatchEvent(new Event('live-groups'))"));
        assertThat(page.locator("#editor[data-old]")).hasCount(0);
    }
}
