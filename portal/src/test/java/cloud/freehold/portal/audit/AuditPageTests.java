package cloud.freehold.portal.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.not;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.jsonPath;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.database.EmptyDatabase;
import cloud.freehold.portal.database.TenantTransaction;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.test.web.servlet.MockMvc;

@PortalTest
class AuditPageTests {

    private static final int EVENTS = 120;

    @Autowired
    private MockMvc mvc;

    @Autowired
    private AuditTrail trail;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private TenantTransaction transactions;

    @Autowired
    private ApplicationContext context;

    private Person vera;

    @BeforeEach
    void events() {
        vera = fixtures.viewer("acme");
        transactions.run(vera.tenant(), () -> {
            for (int i = 1; i <= EVENTS; i++) {
                trail.record(
                        vera.tenant(),
                        Actor.system("test"),
                        AuditEntry.of("thing.changed", "thing", null, "=thing-" + i + "\"<b>")
                                .before(Map.of("size", i, "same", "x"))
                                .after(Map.of("size", i + 1, "same", "x")));
            }
        });
    }

    @Test
    void viewerReadsItPageByPage() throws Exception {
        String first = mvc.perform(get("/t/acme/audit?action=thing").with(vera.signedIn()))
                .andExpect(status().isOk())
                .andExpect(content()
                        .string(allOf(
                                containsString("=thing-120&quot;&lt;b&gt;"),
                                not(containsString("=thing-70&quot;")),
                                not(containsString("<b>")))))
                .andReturn()
                .getResponse()
                .getContentAsString();
        assertThat(first).contains("rel=\"next\" href=\"/t/acme/audit?action=thing&amp;before=");
        mvc.perform(get("/t/acme/audit?action=thing&target=thing-7&before=80").with(vera.signedIn()))
                .andExpect(content()
                        .string(allOf(containsString("=thing-7&quot;"), not(containsString("=thing-8&quot;")))));
    }

    @Test
    void exportHoldsAllAndNoFormula() throws Exception {
        String csv = mvc.perform(get("/t/acme/audit.csv?action=thing").with(vera.signedIn()))
                .andExpect(status().isOk())
                .andReturn()
                .getResponse()
                .getContentAsString();
        assertThat(csv.split("\r\n")).hasSize(EVENTS + 1);
        assertThat(csv).contains("\"'=thing-1\"\"<b>\"").doesNotContain(",\"=");
    }

    @Test
    void chainIsVerified() throws Exception {
        mvc.perform(get("/t/acme/audit/verification").with(vera.signedIn()).header("HX-Request", "true"))
                .andExpect(content().string(allOf(containsString("chain verified"), not(containsString("<html")))));
        mvc.perform(get("/api/v1/tenants/acme/audit-events/verification").with(vera.signedIn()))
                .andExpect(jsonPath("$.firstBroken").isEmpty());
    }

    /** What only the server's administrator could do is still seen. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "update audit_event set actor_name = 'somebody' where sequence = 50",
                "update audit_event set after = '{\"size\": 9}' where sequence = 50",
                "delete from audit_event where sequence = 50",
                "delete from audit_event where sequence > 100",
                "update audit_event set previous_hash = hash where sequence = 50"
            })
    void forgeryIsFound(String forgery) throws Exception {
        EmptyDatabase.executeAsAdministrator(context, forgery);
        mvc.perform(get("/api/v1/tenants/acme/audit-events/verification").with(vera.signedIn()))
                .andExpect(jsonPath("$.firstBroken").isNumber());
        mvc.perform(get("/t/acme/audit/verification").with(vera.signedIn()))
                .andExpect(content().string(containsString("chain broken")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"before=x", "before=0", "from=yesterday", "to=2026-02-30"})
    void nonsenseInTheFilterIsRefusedWithASentence(String query) throws Exception {
        mvc.perform(get("/t/acme/audit?" + query).with(vera.signedIn())).andExpect(status().is4xxClientError());
        mvc.perform(get("/api/v1/tenants/acme/audit-events?" + query).with(vera.signedIn()))
                .andExpect(status().is4xxClientError())
                .andExpect(jsonPath("$.code").isNotEmpty());
    }
}
