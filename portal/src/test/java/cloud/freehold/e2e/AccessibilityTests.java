package cloud.freehold.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.deque.html.axecore.results.Rule;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * WCAG AA by axe, and no sideways scrolling, on the pages as they are with data: a light phone and a dark desk. Pages are found as a
 * tenant finds them, by following links, so that a new page is looked at because it is there; of pages that differ in ids and
 * numbers alone, one is.
 */
@EndToEnd
class AccessibilityTests {

    private static final List<String> WCAG_AA = List.of("wcag2a", "wcag2aa", "wcag21a", "wcag21aa");
    private static final String OVERVIEW = "/t/acme/";
    private static final String NAME = "looked at " + UUID.randomUUID();
    private static final Duration STORED = Duration.ofSeconds(90);
    private static final Pattern ID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=/)\\d+");
    private static final Pattern NO_PAGE = Pattern.compile("\\.(csv|json)$|/screenshot$|/fetched/");

    /** No links lead there: one arrives by a form, or by a link that is too old. */
    private static final String TESTED = "/t/acme/firewall/test?remote=203.0.113.7&port=443";

    private static final String GONE = "/t/acme/backups/points/gone";

    /** A few that need data: were they not found, the test would look at less than it seems to. */
    private static final List<String> CERTAIN = List.of(
            "/t/acme/backups/points/*",
            "/t/acme/backups/points/*/restore",
            "/t/acme/backups/policies/*/edit",
            "/t/acme/firewall/addresses/*",
            "/t/acme/firewall/groups/*/history/*",
            "/t/acme/networks/*",
            "/t/acme/operations/*",
            "/t/acme/routers/*",
            "/t/acme/settings/notifications/*",
            "/t/acme/vms/*/nics/*");

    private static Browser browser;

    @BeforeAll
    static void start() {
        browser = new Browser();
        makeWhatPagesShow(browser.signIn(Demo.ANNA));
    }

    @AfterAll
    static void leave() {
        browser.close();
    }

    private static void makeWhatPagesShow(Page page) {
        page.navigate("/t/acme/routers");
        create(page, "Create router");
        page.navigate("/t/acme/firewall/addresses/new");
        create(page, "Create address group");
        page.navigate("/t/acme/settings/notifications/new");
        // Something that does not happen here: nobody is to be written to.
        page.getByLabel("A restore drill took too long").check();
        create(page, "Add");
        String backups = "/t/acme/vms/" + Demo.guest(page, "acme", "web").vm() + "/backups";
        page.navigate(backups);
        page.getByLabel("Note").fill(NAME);
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Back up now"))
                .click();
        page.getByText("has begun").first().waitFor();
        Locator point = page.locator("#vm-backups tr").filter(new Locator.FilterOptions().setHasText(NAME));
        Await.until("the point is there", STORED, () -> {
            page.navigate(backups);
            return point.count() == 1;
        });
    }

    private static void create(Page page, String button) {
        page.getByLabel("Name", new Page.GetByLabelOptions().setExact(true)).fill(NAME);
        page.getByRole(
                        AriaRole.BUTTON,
                        new Page.GetByRoleOptions().setName(button).setExact(true))
                .click();
        page.waitForURL(url -> ID.matcher(url).find());
    }

    /** Colours depend on the theme alone and the layout on the width alone: two looks show both of each. */
    static Stream<Arguments> looks() {
        return Stream.of(Arguments.of(ColorScheme.LIGHT, 390), Arguments.of(ColorScheme.DARK, 1440));
    }

    @ParameterizedTest
    @MethodSource("looks")
    void everyPageIsAccessible(ColorScheme scheme, int width) {
        Page page = browser.signIn(Demo.ANNA, width, scheme);
        // Pages are looked at, and do nothing by themselves meanwhile.
        page.route("**/*", AccessibilityTests::onlyRead);
        List<String> found = new ArrayList<>();
        Set<String> seen = new TreeSet<>();
        Deque<String> ahead = new ArrayDeque<>(List.of(OVERVIEW, TESTED, GONE));
        while (!ahead.isEmpty()) {
            String path = ahead.pop();
            String kind = ID.matcher(path).replaceAll("*");
            if (!seen.contains(kind) && check(found, page, path)) {
                seen.add(kind);
                ahead.addAll(links(page));
            }
        }
        Page visitor = browser.visitor(width, scheme);
        check(found, visitor, "/login");
        visitor.context().close();
        page.context().close();
        CERTAIN.stream()
                .filter(path -> !seen.contains(path))
                .forEach(path -> found.add(path + ": no link leads there"));
        assertThat(found).isEmpty();
    }

    private static void onlyRead(Route route) {
        if (route.request().method().equals("GET")) {
            route.resume();
        } else {
            route.abort();
        }
    }

    /** The paths of other pages of the portal. */
    private static List<String> links(Page page) {
        Object paths = page.evaluate("[...document.querySelectorAll('a[href]:not([download])')]"
                + ".map(a => new URL(a.getAttribute('href'), location))"
                + ".filter(url => url.origin === location.origin).map(url => url.pathname)");
        return ((List<?>) paths)
                .stream()
                        .map(String.class::cast)
                        .filter(path -> !NO_PAGE.matcher(path).find())
                        .toList();
    }

    /** Returns whether it is there: what an operation names may be deleted since. */
    private static boolean check(List<String> found, Page page, String path) {
        int status = page.navigate(path).status();
        if (status == 404 && ID.matcher(path).find()) {
            return false;
        }
        assertThat(status).as(path).isEqualTo(path.equals(GONE) ? 404 : 200);
        // Pages have no frames of others: the mode that looks into those, each in a tab of its own, takes six times as
        // long.
        for (Rule rule : new AxeBuilder(page)
                .setLegacyMode(true)
                .withTags(WCAG_AA)
                .analyze()
                .getViolations()) {
            found.add(
                    path + ": " + rule.getId() + " at " + rule.getNodes().get(0).getTarget());
        }
        if (!(boolean) page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")) {
            found.add(path + ": does not fit the width");
        }
        return true;
    }
}
