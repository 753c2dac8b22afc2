package cloud.freehold.e2e;

import com.microsoft.playwright.Page;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** For a test class: Anna of acme, signed in, and acme's two guests. */
final class AcmeVisit implements BeforeAllCallback, AfterAllCallback {

    private Browser browser;
    private Page page;
    private Guest web;
    private Guest db;

    @Override
    public void beforeAll(ExtensionContext context) {
        browser = new Browser();
        page = browser.signIn(Demo.ANNA);
        web = Demo.guest(page, "acme", "web");
        db = Demo.guest(page, "acme", "db");
    }

    @Override
    public void afterAll(ExtensionContext context) {
        if (browser != null) {
            browser.close();
        }
    }

    Browser browser() {
        return browser;
    }

    Page page() {
        return page;
    }

    Guest web() {
        return web;
    }

    Guest db() {
        return db;
    }

    /** A group on db's NIC, of whom a test may change the rules. */
    GroupPage groupOnDb(String name) {
        GroupPage group = GroupPage.create(page, "acme", name);
        group.attach("db/eth0");
        return group;
    }
}
