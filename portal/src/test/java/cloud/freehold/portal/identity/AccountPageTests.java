package cloud.freehold.portal.identity;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.testing.Browser;
import cloud.freehold.portal.testing.Browser.Page;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.PortalTest;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

/** Over the real server: cookies, sessions in the database, redirects. */
@PortalTest
class AccountPageTests {

    private static final String EMAIL = "anna@acme.example";
    private static final String PASSWORD = "correct horse battery";

    @LocalServerPort
    private int port;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Accounts accounts;

    @BeforeEach
    void anna() {
        accounts.provide(EMAIL, "Anna", PASSWORD);
        fixtures.member("acme", Role.OWNER, EMAIL);
    }

    @Test
    void sessionIdChangesWithTheSignIn() throws Exception {
        Browser browser = new Browser(port);
        browser.get("/login");
        String before = browser.cookie("freehold_session");
        browser.signIn(EMAIL, PASSWORD);
        assertThat(browser.cookie("freehold_session")).isNotBlank().isNotEqualTo(before);
    }

    @Test
    void passwordChangeEndsTheOtherSessions() throws Exception {
        Browser here = new Browser(port).signIn(EMAIL, PASSWORD);
        Browser there = new Browser(port).signIn(EMAIL, PASSWORD);
        assertThat(here.get("/account").body()).containsOnlyOnce("this one").contains("127.0.0.1");
        Page refused = here.post(
                "/account/password",
                Map.of("current", "wrong", "wanted", "a new long password", "repeated", "a new long password"));
        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.body()).contains("This is not your present password");
        Page changed = here.post(
                "/account/password",
                Map.of("current", PASSWORD, "wanted", "a new long password", "repeated", "a new long password"));
        assertThat(changed.status()).isEqualTo(302);
        assertThat(here.get("/account").status()).isEqualTo(200);
        assertThat(there.get("/account").status()).isEqualTo(302);
        assertThat(new Browser(port).signIn(EMAIL, PASSWORD).get("/account").status())
                .isEqualTo(302);
        assertThat(new Browser(port)
                        .signIn(EMAIL, "a new long password")
                        .get("/account")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void signOutEverywhereEndsAllSessions() throws Exception {
        Browser here = new Browser(port).signIn(EMAIL, PASSWORD);
        Browser there = new Browser(port).signIn(EMAIL, PASSWORD);
        assertThat(here.post("/account/sessions/end-all", Map.of()).status()).isEqualTo(302);
        assertThat(here.get("/account").status()).isEqualTo(302);
        assertThat(there.get("/account").status()).isEqualTo(302);
    }

    @Test
    void signOutEndsTheSession() throws Exception {
        Browser here = new Browser(port).signIn(EMAIL, PASSWORD);
        assertThat(here.post("/logout", Map.of()).location()).endsWith("/login?ended");
        assertThat(here.get("/account").status()).isEqualTo(302);
    }
}
