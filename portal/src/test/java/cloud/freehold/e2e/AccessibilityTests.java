package cloud.freehold.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.deque.html.axecore.results.Rule;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** WCAG AA by axe, and no sideways scrolling, on the pages as they are with data: both themes, phone and desk. */
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

    static Stream<Arguments> looks() {
        return Stream.of(ColorScheme.LIGHT, ColorScheme.DARK)
                .flatMap(scheme -> Stream.of(390, 1440).map(width -> Arguments.of(scheme, width)));
    }

    @ParameterizedTest
    @MethodSource("looks")
    void everyPageIsAccessible(ColorScheme scheme, int width) {
        Page page = browser.signIn(Demo.ANNA, width, scheme);
        for (String path : PAGES) {
            check(page, path);
        }
        String web = "/t/acme/vms/" + Demo.guest(page, "acme", "web").vm();
        check(page, web);
        check(page, web + "/connections");
        check(page, web + "/network");
        check(page, page.locator("#vm-nics th a").first().getAttribute("href"));
        page.navigate("/t/acme/networks");
        check(page, page.locator("table a[href*='/networks/']").first().getAttribute("href"));
        page.navigate("/t/acme/firewall/groups");
        check(page, page.locator("table a[href*='/firewall/groups/']").first().getAttribute("href"));
    }

    private static void check(Page page, String path) {
        assertThat(page.navigate(path).status()).as(path).isEqualTo(200);
        List<Rule> violations = new AxeBuilder(page).withTags(WCAG_AA).analyze().getViolations();
        assertThat(violations)
                .as(path)
                .extracting(
                        rule -> rule.getId() + " at " + rule.getNodes().get(0).getTarget())
                .isEmpty();
        assertThat((boolean) page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
                .as(path + " fits the width")
                .isTrue();
    }
}
