package cloud.freehold.e2e;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** This machine is outside: a VM is reached from here by its floating IP, and reaches us by it or by its router's address. */
@EndToEnd
class FloatingIpTests {

    private static final Duration SOON = Duration.ofSeconds(15);
    private static final int CALL_MS = 2_000;

    private static Browser browser;
    private static Page page;
    private static Guest web;
    private static Guest db;

    @BeforeAll
    static void makeAWayOut() {
        browser = new Browser();
        page = browser.signIn(Demo.ANNA);
        web = Demo.guest(page, "acme", "web");
        db = Demo.guest(page, "acme", "db");
        page.navigate("/t/acme/routers");
        page.getByLabel("Name").fill("way out");
        page.getByLabel("office").check();
        button("Create router").click();
        page.waitForURL(Pattern.compile(".*/routers/[0-9a-f-]{36}.*"));
        Locator externals = page.getByLabel("External network");
        externals.selectOption(externals
                .locator("option", new Locator.LocatorOptions().setHasText("outside ("))
                .getAttribute("value"));
        button("Save way out").click();
        assertThat(page.locator("[data-progress]")).containsText("enforced on 1 of 1 host");
    }

    @AfterAll
    static void removeIt() {
        page.navigate("/t/acme/routers");
        page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName("way out"))
                .click();
        button("Delete router").click();
        confirm("Delete");
        page.waitForURL(Pattern.compile(".*/routers"));
        browser.close();
    }

    @Test
    void aFloatingIpLeadsToItsVmUntilItIsTakenAway() {
        page.navigate("/t/acme/floating-ips");
        button("Allocate").click();
        Locator row = page.locator("tr[id^=floating-ip-]");
        String address = row.locator("th").innerText().strip();
        assertThat(address).startsWith("198.18.");
        assertThat(answers(address, 80)).as("nobody has it yet").isFalse();

        Locator nics = row.getByRole(AriaRole.COMBOBOX);
        nics.selectOption(nics.locator("option", new Locator.LocatorOptions().setHasText("web/eth0"))
                .getAttribute("value"));
        button("Attach " + address).click();
        assertThat(row).containsText("enforced");
        Await.until("web answers at " + address, SOON, () -> answers(address, 80));
        assertThat(answers(address, 8443)).as("the firewall holds").isFalse();

        String here = address.replaceAll("[0-9]+$", "1");
        assertThat(seenAs(web, here)).isEqualTo(address);
        assertThat(seenAs(db, here))
                .as("the router's address")
                .startsWith("198.18.")
                .isNotEqualTo(address);

        button("Detach " + address).click();
        confirm("Detach");
        button("Release " + address).click();
        confirm("Release");
        assertThat(row).hasCount(0);
        Await.until("nobody answers at " + address, SOON, () -> !answers(address, 80));
    }

    /** The address by which the guest reaches this machine. */
    private static String seenAs(Guest guest, String here) {
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getByName(here))) {
            server.setSoTimeout(CALL_MS);
            Await.until(guest.name() + " reaches us", SOON, () -> guest.reaches(here, server.getLocalPort()));
            try (Socket caller = server.accept()) {
                return caller.getInetAddress().getHostAddress();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether an HTTP server answers a request. */
    private static boolean answers(String address, int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address, port), CALL_MS);
            socket.setSoTimeout(CALL_MS);
            socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            byte[] start = socket.getInputStream().readNBytes(5);
            return new String(start, StandardCharsets.US_ASCII).equals("HTTP/");
        } catch (IOException e) {
            return false;
        }
    }

    private static Locator button(String name) {
        return page.getByRole(
                AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
    }

    /** The page's own dialog asks once more. */
    private static void confirm(String verb) {
        page.getByRole(AriaRole.DIALOG)
                .getByRole(
                        AriaRole.BUTTON,
                        new Locator.GetByRoleOptions().setName(verb).setExact(true))
                .click();
    }
}
