package cloud.freehold.portal.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;

import cloud.freehold.api.query.ConnectionFilter;
import cloud.freehold.api.query.ConnectionName;
import cloud.freehold.api.query.Finding;
import cloud.freehold.api.query.LiveConnection;
import cloud.freehold.api.query.Question;
import cloud.freehold.api.query.Question.ListConnections.Order;
import cloud.freehold.api.query.Question.ListConnections.Position;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.portal.testing.TestingClock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.request.MockHttpServletRequestBuilder;

@PortalTest
class ConnectionsTabTests {

    @Autowired
    private MockMvc mvc;

    @Autowired
    private ApplicationContext context;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private TestingClock clock;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private Person anna;
    private AskedHost host;
    private AskedHost.Vm web;
    private AskedHost.Vm db;
    private UUID rule;
    private LiveConnection fromDb;

    @BeforeEach
    void place() {
        anna = fixtures.owner("acme");
        host = new AskedHost(context, system, anna, "kvm-1", 7);
        UUID group = host.group("web");
        rule = host.rule(group, 443);
        web = host.vm("web", 1, group);
        db = host.vm("db", 2);
        host.begin();
        fromDb = new LiveConnection(
                new ConnectionName(17, 6, "10.0.1.2", 40_112, "10.0.1.1", 443),
                true,
                "established",
                true,
                12,
                2_048,
                9,
                5L << 20,
                125_000,
                86_000_000,
                rule);
        host.answer(question -> question instanceof Question.ListConnections
                ? new Finding.Connections(List.of(fromDb), 1, 3, true, null)
                : new Finding.Ended(1));
    }

    @AfterEach
    void close() {
        host.close();
    }

    private MockHttpServletResponse send(MockHttpServletRequestBuilder request, Person person) throws Exception {
        return mvc.perform(request.with(person.signedIn())).andReturn().getResponse();
    }

    private String tab() {
        return "/t/acme/vms/" + web.id() + "/connections";
    }

    @Test
    void showsWhoTalksToTheVmAndWhatAllowedIt() throws Exception {
        MockHttpServletResponse page = send(get(tab()), anna);
        assertThat(page.getStatus()).isEqualTo(200);
        assertThat(page.getContentAsString())
                .contains(
                        "10.0.1.2", "port 40112", "TCP", "443 (HTTPS)", "established", "2 min 5 s", "2.0 KiB, 5.0 MiB")
                .contains("/t/acme/vms/" + db.id(), ">db<")
                .contains("/t/acme/firewall/groups/", "#rule-" + rule, "in web")
                .contains("3 of 65,536 that this NIC may have")
                .contains("<html");
    }

    @Test
    void theFragmentThatRefreshesItselfHasNoShell() throws Exception {
        MockHttpServletResponse part = send(get(tab()).header("HX-Request", "true"), anna);
        assertThat(part.getContentAsString().strip()).startsWith("<section").doesNotContain("<html");
        assertThat(part.getContentAsString()).contains("id=\"connections\"", "data-refresh=\"2000\"");
    }

    @Test
    void whatOneSearchesForReachesTheHost() throws Exception {
        send(
                get(tab())
                        .param("q", "10.0.0.0/24 tcp 5432 established in")
                        .param("sort", "bytes-")
                        .param("after", "0000000000000000042~9"),
                anna);
        assertThat(host.lastQuestion())
                .isEqualTo(new Question.ListConnections(
                        web.nic(),
                        new ConnectionFilter("10.0.0.0/24", 5432, 6, "established", true, null),
                        Order.BYTES,
                        true,
                        new Position("0000000000000000042", 9),
                        50));
        send(get(tab()).param("q", "2001:db8::1, udp out"), anna);
        assertThat(((Question.ListConnections) host.lastQuestion()).filter())
                .isEqualTo(new ConnectionFilter("2001:db8::1", null, 17, null, false, null));
    }

    @Test
    void whatCannotBeSearchedForIsSaidBesideTheField() throws Exception {
        MockHttpServletResponse page = send(get(tab()).param("q", "tcp nonsense!"), anna);
        assertThat(page.getStatus()).isEqualTo(422);
        assertThat(page.getContentAsString())
                .contains("“nonsense!” is nothing to search for")
                .doesNotContain("10.0.1.2");
        assertThat(host.host.questionsSeen()).isEmpty();
    }

    @Test
    void pagesGoOnFromTheHostsCursor() throws Exception {
        host.answer(question ->
                new Finding.Connections(List.of(fromDb), 120, 120, true, new Position("0000000000000002060", 17)));
        String page = send(get(tab()).param("sort", "bytes-").param("q", "tcp & co"), anna)
                .getContentAsString();
        assertThat(page).doesNotContain("Next page");
        page = send(get(tab()).param("sort", "bytes-").param("q", "tcp"), anna).getContentAsString();
        assertThat(page).contains("q=tcp&amp;sort=bytes-&amp;after=0000000000000002060~17");
    }

    @Test
    void endingAConnectionIsAskedOfTheHostAndRecorded() throws Exception {
        String key = "17~6~10.0.1.2~40112~10.0.1.1~443";
        MockHttpServletResponse answer = send(post(tab() + "/end").param("which", key), anna);
        assertThat(answer.getStatus()).isEqualTo(302);
        assertThat(host.lastQuestion()).isEqualTo(new Question.EndConnections(web.nic(), List.of(fromDb.name()), null));
        String recorded = system.sql("select after::text from audit_event where action = 'connections.ended'")
                .query(String.class)
                .single();
        assertThat(recorded).contains("TCP 10.0.1.2 port 40112 to 10.0.1.1 port 443", "\"ended\": 1");
    }

    @Test
    void endingAllThatMatchSendsTheSearch() throws Exception {
        MockHttpServletResponse answer =
                send(post(tab() + "/end-all").param("q", "tcp 443").header("HX-Request", "true"), anna);
        assertThat(answer.getHeader("HX-Trigger")).contains("1 connection is ended");
        assertThat(host.host.questionsSeen())
                .anyMatch(asked -> asked.question()
                        .equals(new Question.EndConnections(
                                web.nic(), null, new ConnectionFilter(null, 443, 6, null, null, null))));
    }

    @Test
    void aViewerSeesThemAndEndsNone() throws Exception {
        Person vera = fixtures.viewer("acme");
        assertThat(send(get(tab()), vera).getContentAsString())
                .contains("10.0.1.2")
                .doesNotContain("end-one", "End all");
        assertThat(send(post(tab() + "/end-all"), vera).getStatus()).isEqualTo(403);
        assertThat(send(post(tab() + "/end").param("which", "x"), vera).getStatus())
                .isEqualTo(403);
    }

    @Test
    void anotherTenantFindsNothing() throws Exception {
        Person gina = fixtures.owner("globex");
        String theirs = tab().replace("/t/acme/", "/t/globex/");
        assertThat(send(get(theirs), gina).getStatus()).isEqualTo(404);
        assertThat(send(post(theirs + "/end-all"), gina).getStatus()).isEqualTo(404);
        assertThat(send(get(tab()).param("nic", db.nic().toString()), anna).getStatus())
                .as("a NIC of another VM")
                .isEqualTo(404);
        assertThat(host.host.questionsSeen()).isEmpty();
    }

    @Test
    void nonsenseAsANameIsRefused() throws Exception {
        for (String which : List.of("x", "1~6~10.0.0.1~1~10.0.0.2", "1~999~10.0.0.1~1~10.0.0.2~1", "1~6~host~1~b~2")) {
            assertThat(send(post(tab() + "/end").param("which", which), anna).getStatus())
                    .as(which)
                    .isEqualTo(422);
        }
        assertThat(host.host.questionsSeen()).isEmpty();
    }

    @Test
    void aHostThatIsAwayIsSaidToBeSince() throws Exception {
        clock.advance(Duration.ofSeconds(45));
        MockHttpServletResponse page = send(get(tab()), anna);
        assertThat(page.getStatus()).isEqualTo(200);
        assertThat(page.getContentAsString()).contains("host is away since", "cannot be shown");
        assertThat(send(post(tab() + "/end-all"), anna).getStatus()).isEqualTo(503);
    }

    @Test
    void aHostThatLeavesThingsOutBreaksNoPage() throws Exception {
        host.answer(question -> new Finding.Connections(
                List.of(
                        new LiveConnection(null, true, null, false, 0, 0, 0, 0, 0, 0, null),
                        new LiveConnection(
                                new ConnectionName(1, 6, "<script>", 1, null, 1),
                                true,
                                "x",
                                false,
                                0,
                                0,
                                0,
                                0,
                                0,
                                0,
                                null)),
                -5,
                -1,
                true,
                new Position(null, 1)));
        assertThat(send(get(tab()), anna).getStatus()).isEqualTo(200);
        host.answer(question -> new Finding.Connections(null, 0, 0, true, null));
        assertThat(send(get(tab()), anna).getStatus()).isEqualTo(200);
    }
}
