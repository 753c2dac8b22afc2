package cloud.freehold.portal.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.security.test.web.servlet.request.SecurityMockMvcRequestPostProcessors.csrf;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.header;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.redirectedUrl;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.redirectedUrlPattern;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.portal.testing.TestingClock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.ResultActions;

@PortalTest
class SignInTests {

    @Autowired
    private MockMvc mvc;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Accounts accounts;

    @Autowired
    private TestingClock clock;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    @BeforeEach
    void anna() {
        accounts.provide("anna@acme.example", "Anna", "correct horse battery");
        fixtures.member("acme", cloud.freehold.portal.tenancy.Role.OWNER, "anna@acme.example");
    }

    @Test
    void rightPasswordLeadsToTheTenant() throws Exception {
        signIn("Anna@ACME.example ", "correct horse battery").andExpect(redirectedUrl("/"));
        assertThat(actions()).containsSubsequence("tenant.founded", "member.added", "account.signed-in");
    }

    @Test
    void allRefusalsLookTheSame() throws Exception {
        accounts.findOrCreate("nopassword@acme.example");
        signIn("anna@acme.example", "wrong").andExpect(redirectedUrl("/login?refused"));
        signIn("nobody@acme.example", "wrong").andExpect(redirectedUrl("/login?refused"));
        signIn("nopassword@acme.example", "nobody signs in with this").andExpect(redirectedUrl("/login?refused"));
        signIn("", "").andExpect(redirectedUrl("/login?refused"));
        signIn("a\u0000b@acme.example", "x").andExpect(redirectedUrl("/login?refused"));
        signIn("anna@acme.example", "x".repeat(100_000)).andExpect(redirectedUrl("/login?refused"));
    }

    @Test
    void disabledAccountIsRefusedLikeAWrongPassword() throws Exception {
        system.sql("update account set disabled = true").update();
        signIn("anna@acme.example", "correct horse battery").andExpect(redirectedUrl("/login?refused"));
    }

    @Test
    void hammeringIsStoppedAndForgivenLater() throws Exception {
        for (int i = 0; i < 5; i++) {
            signIn("anna@acme.example", "wrong " + i).andExpect(redirectedUrl("/login?refused"));
        }
        signIn("anna@acme.example", "correct horse battery").andExpect(redirectedUrlPattern("/login?wait=*"));
        clock.advance(Duration.ofMinutes(2));
        signIn("anna@acme.example", "correct horse battery").andExpect(redirectedUrl("/"));
    }

    @Test
    void whoIsNotSignedInIsLedToTheSignInPage() throws Exception {
        mvc.perform(get("/t/acme/")).andExpect(redirectedUrl("/login"));
        mvc.perform(get("/t/acme/").header("HX-Request", "true")).andExpect(status().isUnauthorized());
        mvc.perform(get("/api/v1/tenants/acme/vms"))
                .andExpect(status().isUnauthorized())
                .andExpect(content().contentTypeCompatibleWith("application/problem+json"));
        mvc.perform(get("/login"))
                .andExpect(status().isOk())
                .andExpect(header().string(
                                "Content-Security-Policy", org.hamcrest.Matchers.containsString("script-src 'self';")));
    }

    @Test
    void formWithoutTokenIsRefused() throws Exception {
        mvc.perform(post("/login").param("email", "anna@acme.example").param("password", "correct horse battery"))
                .andExpect(status().isForbidden());
    }

    private ResultActions signIn(String email, String password) throws Exception {
        return mvc.perform(post("/login").with(csrf()).param("email", email).param("password", password));
    }

    private List<String> actions() {
        return system.sql("select action from audit_event order by tenant_id, sequence")
                .query(String.class)
                .list();
    }
}
