package cloud.freehold.e2e;

import com.microsoft.playwright.Browser.NewContextOptions;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType.LaunchOptions;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.ReducedMotion;
import com.microsoft.playwright.options.WaitUntilState;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Debian's Chromium. One a test class; each visitor has cookies of their own. */
final class Browser implements AutoCloseable {

    private static final List<String> FLAGS = List.of(
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync");
    private static final double SLOWEST_STEP = 15_000;

    static {
        PlaywrightAssertions.setDefaultAssertionTimeout(SLOWEST_STEP);
    }

    private final Map<String, String> sessions = new HashMap<>();
    private final Playwright playwright =
            Playwright.create(new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
    private final com.microsoft.playwright.Browser chromium = playwright
            .chromium()
            .launch(new LaunchOptions()
                    .setExecutablePath(Path.of("/usr/bin/chromium"))
                    .setArgs(FLAGS));

    /** Somebody with an empty browser. */
    Page visitor() {
        return visitor(new NewContextOptions());
    }

    Page visitor(int width, ColorScheme colors) {
        return visitor(looking(width, colors));
    }

    Page signIn(String email) {
        return signIn(email, 1280, ColorScheme.LIGHT);
    }

    /** Signs in once a person; a later call gets another browser with the same session. */
    Page signIn(String email, int width, ColorScheme colors) {
        String session = sessions.computeIfAbsent(email, this::session);
        return visitor(looking(width, colors).setStorageState(session));
    }

    private static NewContextOptions looking(int width, ColorScheme colors) {
        return new NewContextOptions().setColorScheme(colors).setViewportSize(width, 900);
    }

    private String session(String email) {
        Page page = visitor();
        page.navigate("/login");
        page.getByLabel("E-mail address").fill(email);
        page.getByLabel("Password").fill(Instance.password(email));
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Sign in"))
                .click();
        page.waitForURL(
                url -> !url.contains("/login"), new Page.WaitForURLOptions().setWaitUntil(WaitUntilState.COMMIT));
        return page.context().storageState();
    }

    private Page visitor(NewContextOptions options) {
        BrowserContext context =
                chromium.newContext(options.setBaseURL(Instance.url()).setReducedMotion(ReducedMotion.REDUCE));
        context.setDefaultTimeout(SLOWEST_STEP);
        return context.newPage();
    }

    @Override
    public void close() {
        chromium.close();
        playwright.close();
    }
}
