package cloud.freehold.portal.firewall.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;

import cloud.freehold.api.desired.DesiredRule;
import cloud.freehold.api.query.Answer;
import cloud.freehold.api.query.Finding;
import cloud.freehold.api.query.Question;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.hostlink.HostChanges;
import cloud.freehold.portal.hostlink.Placed;
import cloud.freehold.portal.hostlink.TestHosts;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.portal.testing.TestingClock;
import cloud.freehold.testing.FakeHost;
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

/** "Cuts 2 live connections", from the hosts themselves, before anything is applied. */
@PortalTest
class CutPreviewTests {

    @Autowired
    private MockMvc mvc;

    @Autowired
    private ApplicationContext context;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private HostChanges changes;

    @Autowired
    private TestingClock clock;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private Person anna;
    private FakeHost host;
    private UUID group;
    private UUID other;
    private UUID https;
    private UUID ssh;

    @BeforeEach
    void place() throws Exception {
        anna = fixtures.owner("acme");
        host = new TestHosts(context).enrol("kvm-1");
        Placed placed = new Placed(system);
        UUID network = placed.network(anna.tenant(), 7);
        group = placed.group(anna.tenant(), "web");
        other = placed.group(anna.tenant(), "office");
        https = placed.rule(anna.tenant(), group, 443, null);
        ssh = placed.rule(anna.tenant(), group, 22, null);
        placed.nic(anna.tenant(), placed.vm(anna.tenant(), host.hostId(), "web"), network, 1, group);
        placed.nic(anna.tenant(), placed.vm(anna.tenant(), host.hostId(), "desk"), network, 2, other);
        fixtures.as(anna, () -> {
            changes.rearranged(List.of(host.hostId()));
            return null;
        });
        host.pollOnce(0);
        host.onQuestion(asked -> Answer.of(new Finding.Cuts(2)));
        host.start();
    }

    @AfterEach
    void close() {
        host.close();
    }

    private MockHttpServletResponse send(MockHttpServletRequestBuilder request, Person person) throws Exception {
        return mvc.perform(request.with(person.signedIn())).andReturn().getResponse();
    }

    private String base() {
        return "/t/acme/firewall/groups/" + group;
    }

    private void remove(UUID rule) throws Exception {
        assertThat(send(post(base() + "/draft/rules/" + rule + "/remove"), anna).getStatus())
                .isEqualTo(302);
    }

    private void add(String remote) throws Exception {
        assertThat(send(
                                post(base() + "/draft/rules")
                                        .param("direction", "ingress")
                                        .param("action", "ALLOW")
                                        .param("protocol", "tcp")
                                        .param("ports", "8443")
                                        .param("remote", remote),
                                anna)
                        .getStatus())
                .isEqualTo(302);
    }

    private String cuts() throws Exception {
        MockHttpServletResponse response = send(get(base() + "/draft/cuts").header("HX-Request", "true"), anna);
        assertThat(response.getStatus()).isEqualTo(200);
        return response.getContentAsString();
    }

    private Question.PreviewGroup asked() {
        var seen = host.questionsSeen();
        return (Question.PreviewGroup) seen.get(seen.size() - 1).question();
    }

    @Test
    void theHostsCountWhatTheRulesAsTheyWouldBecomeCut() throws Exception {
        remove(https);
        assertThat(cuts()).contains("cuts 2 live connections", "data-tone=\"warn\"");
        assertThat(asked().group().rules()).extracting(DesiredRule::id).containsExactly(ssh);
        assertThat(asked().group().tenantId()).isEqualTo(anna.tenant().value());
        assertThat(asked().sets()).isEmpty();
    }

    @Test
    void theBarAsksOnceItIsShownAndTheReviewHasTheNumber() throws Exception {
        remove(https);
        assertThat(send(get(base()), anna).getContentAsString())
                .contains("counting live connections", "hx-trigger=\"load\"");
        assertThat(host.questionsSeen()).isEmpty();
        assertThat(send(get(base()).param("review", "yes"), anna).getContentAsString())
                .contains("What it means", "cuts 2 live connections")
                .doesNotContain("counting live connections");
    }

    @Test
    void whatOnlyAllowsMoreCutsNothingAndAsksNobody() throws Exception {
        add("any");
        assertThat(cuts()).contains("cuts no live connection").doesNotContain("data-tone=\"warn\"");
        assertThat(host.questionsSeen()).isEmpty();
    }

    @Test
    void groupsThatTheHostMayNotKnowComeAlong() throws Exception {
        remove(https);
        add("group:office");
        cuts();
        assertThat(asked().sets()).hasSize(1);
        assertThat(asked().sets().get(0).ref().id()).isEqualTo(other);
        assertThat(asked().sets().get(0).added()).containsExactly("10.0.1.2");
    }

    @Test
    void aHostThatIsAwayGivesNoNumber() throws Exception {
        remove(https);
        clock.advance(Duration.ofSeconds(45));
        assertThat(cuts())
                .contains("live connections not known", "host is away since")
                .doesNotContain("cuts 2");
    }

    @Test
    void aViewerHasNoDraftToAskAbout() throws Exception {
        assertThat(send(get(base() + "/draft/cuts"), fixtures.viewer("acme")).getStatus())
                .isEqualTo(403);
        assertThat(cuts()).contains("cuts no live connection");
    }
}
