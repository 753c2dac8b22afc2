package cloud.freehold.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.deque.html.axecore.results.Rule;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** WCAG AA by axe, and no sideways scrolling, on the pages as they are with data: a light phone and a dark desk. */
@EndToEnd
class AccessibilityTests {

    private static final List<String> WCAG_AA = List.of("wcag2a", "wcag2aa", "wcag21a", "wcag21aa");
    private static final List<String> PAGES = List.of(
            "/t/acme",
            "/t/acme/vms",
            "/t/acme/vms/new",
            "/t/acme/network",
            "/t/acme/networks",
            "/t/acme/routers",
            "/t/acme/floating-ips",
            "/t/acme/firewall/groups",
            "/t/acme/firewall/groups/new",
            "/t/acme/firewall/addresses",
            "/t/acme/firewall/drops",
            "/t/acme/firewall/test?remote=203.0.113.7&port=443",
            "/t/acme/backups",
            "/t/acme/backups/new",
            "/t/acme/backups/points",
            "/t/acme/backups/policies",
            "/t/acme/backups/policies/new",
            "/t/acme/operations",
            "/t/acme/audit",
            "/t/acme/settings/members");

    private static Browser browser;

    @BeforeAll
    static void start() {
        browser = new Browser();
    }

    @AfterAll
    static void leave() {
        browser.close();
    }

    /** Colours depend on the theme alone and the layout on the width alone: two looks show both of each. */
    static Stream<Arguments> looks() {
        return Stream.of(Arguments.of(ColorScheme.LIGHT, 390), Arguments.of(ColorScheme.DARK, 1440));
    }

    @ParameterizedTest
    @MethodSource("looks")
    void everyPageIsAccessible(ColorScheme scheme, int width) {
        Page page = browser.signIn(Demo.ANNA, width, scheme);
        List<String> found = new ArrayList<>();
        for (String path : PAGES) {
            check(found, page, path);
        }
        String web = "/t/acme/vms/" + Demo.guest(page, "acme", "web").vm();
        check(found, page, web);
        check(found, page, web + "/connections");
        check(found, page, web + "/network");
        check(found, page, page.locator("#vm-nics th a").first().getAttribute("href"));
        check(found, page, web + "/backups");
        check(found, page, web + "/snapshots");
        page.navigate("/t/acme/backups/policies");
        check(
                found,
                page,
                page.locator("main a[href*='/backups/policies/']:not([href$='/new'])")
                        .first()
                        .getAttribute("href"));
        page.navigate("/t/acme/networks");
        check(found, page, page.locator("table a[href*='/networks/']").first().getAttribute("href"));
        page.navigate("/t/acme/firewall/groups");
        check(
                found,
                page,
                page.locator("table a[href*='/firewall/groups/']").first().getAttribute("href"));
        assertThat(found).isEmpty();
    }

    private static void check(List<String> found, Page page, String path) {
        assertThat(page.navigate(path).status()).as(path).isEqualTo(200);
        for (Rule rule : new AxeBuilder(page).withTags(WCAG_AA).analyze().getViolations()) {
            found.add(
                    path + ": " + rule.getId() + " at " + rule.getNodes().get(0).getTarget());
        }
        if (!(boolean) page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")) {
            found.add(path + ": does not fit the width");
        }
    }
}
