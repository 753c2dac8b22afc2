package cloud.freehold.e2e;

import com.microsoft.playwright.Page;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** For a test class: Anna of acme, signed in, and acme's two guests. What was opened to db is closed afterwards. */
final class AcmeVisit implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {

    private static final String NIC = "db/eth0";

    /** Latest first. */
    private final Deque<GroupPage> attached = new ArrayDeque<>();

    private int attachedByClass;

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
    public void beforeEach(ExtensionContext context) {
        attachedByClass = attached.size();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        detachAllBut(attachedByClass);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        if (browser != null) {
            detachAllBut(0);
            browser.close();
        }
    }

    private void detachAllBut(int kept) {
        while (attached.size() > kept) {
            attached.pop().detach(NIC);
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

    /** A group on db's NIC, of whom a test may change the rules; until the test's end, or the class's if no test made it. */
    GroupPage groupOnDb(String name) {
        GroupPage group = GroupPage.create(page, "acme", name);
        group.attach(NIC);
        attached.push(group);
        return group;
    }
}
