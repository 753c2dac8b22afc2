package cloud.freehold.portal.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;

import cloud.freehold.api.query.DescribedPacket;
import cloud.freehold.api.query.Finding.Verdict;
import cloud.freehold.api.query.Finding.Verdict.PacketClass;
import cloud.freehold.api.query.Question;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.portal.testing.TestingClock;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Function;
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
class PacketTesterTests {

    private static final Verdict NO_RULE = new Verdict(false, "default", PacketClass.NEW, null);
    private static final Verdict LET_OUT = new Verdict(true, null, PacketClass.NEW, null);

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
    private UUID group;
    private UUID rule;

    @BeforeEach
    void place() {
        anna = fixtures.owner("acme");
        host = new AskedHost(context, system, anna, "kvm-1", 7);
        group = host.group("web");
        rule = host.rule(group, 443);
        web = host.vm("web", 1, group);
        db = host.vm("db", 2);
        host.begin();
    }

    @AfterEach
    void close() {
        host.close();
    }

    private void verdicts(Function<Question.TestPacket, Verdict> verdict) {
        host.answer(question -> verdict.apply((Question.TestPacket) question));
    }

    private static MockHttpServletRequestBuilder test(AskedHost.Vm vm, String direction, String remote) {
        return get("/t/acme/firewall/test")
                .param("nic", vm.nic().toString())
                .param("direction", direction)
                .param("remote", remote)
                .param("protocol", "tcp")
                .param("port", "443");
    }

    private MockHttpServletResponse send(MockHttpServletRequestBuilder request, Person person) throws Exception {
        return mvc.perform(request.with(person.signedIn())).andReturn().getResponse();
    }

    private String page(MockHttpServletRequestBuilder request) throws Exception {
        MockHttpServletResponse response = send(request, anna);
        assertThat(response.getStatus()).isEqualTo(200);
        return response.getContentAsString();
    }

    @Test
    void saysWhichRuleLetsItIn() throws Exception {
        verdicts(asked -> new Verdict(true, null, PacketClass.NEW, rule));
        assertThat(page(test(web, "ingress", "203.0.113.7")))
                .contains("It passes web/eth0", "It reaches web/eth0", "A rule allows it. It opens a connection")
                .contains("#rule-" + rule, "TCP 443 (HTTPS) from any", "in web")
                .contains("so only this end is judged")
                .doesNotContain("Allow this");
        assertThat(host.lastQuestion())
                .isEqualTo(new Question.TestPacket(
                        web.nic(), new DescribedPacket(true, 6, 2, "203.0.113.7", 49_152, "10.0.1.1", 443)));
    }

    @Test
    void betweenTwoVmsBothEndsAreAskedInTheOrderOfThePacket() throws Exception {
        verdicts(asked -> asked.packet().ingress() ? NO_RULE : LET_OUT);
        String both = page(test(web, "ingress", "10.0.1.2"));
        assertThat(both)
                .contains("Dropped where it reaches web/eth0: no rule allows it")
                .contains("what goes out without a rule is allowed")
                .contains("/firewall/groups/" + group
                        + "?add=ingress&amp;protocol=tcp&amp;ports=443&amp;remote=10.0.1.2#new-rule");
        assertThat(both.indexOf("It leaves db/eth0")).isBetween(1, both.indexOf("It reaches web/eth0"));
        assertThat(host.host.questionsSeen())
                .extracting(asked -> ((Question.TestPacket) asked.question()).nicId())
                .containsExactlyInAnyOrder(web.nic(), db.nic());

        assertThat(page(test(db, "egress", "10.0.1.1"))).contains("Dropped where it reaches web/eth0");
    }

    @Test
    void saysWhenAConnectionDecidesAndNotARule() throws Exception {
        verdicts(asked -> new Verdict(true, null, PacketClass.ESTABLISHED, rule));
        assertThat(page(test(web, "ingress", "203.0.113.7")
                        .param("flags", "ack")
                        .param("sourcePort", "40112")))
                .contains("It belongs to a connection that is open now");
        assertThat(((Question.TestPacket) host.lastQuestion()).packet())
                .isEqualTo(new DescribedPacket(true, 6, 0x10, "203.0.113.7", 40_112, "10.0.1.1", 443));
    }

    @Test
    void aSenderThatIsNotTheNicsIsDroppedBeforeAnyRule() throws Exception {
        verdicts(asked -> LET_OUT);
        assertThat(page(test(web, "egress", "203.0.113.7").param("own", "10.9.9.9")))
                .contains("its sender&#39;s address is not the NIC&#39;s");
        assertThat(host.host.questionsSeen()).isEmpty();
    }

    @Test
    void pingIsAType() throws Exception {
        verdicts(asked -> LET_OUT);
        MockHttpServletRequestBuilder ping = get("/t/acme/firewall/test")
                .param("nic", web.nic().toString())
                .param("direction", "ingress")
                .param("remote", "203.0.113.7")
                .param("protocol", "icmp");
        page(ping.param("port", "destination-unreachable/4"));
        assertThat(((Question.TestPacket) host.lastQuestion()).packet())
                .isEqualTo(new DescribedPacket(true, 1, 0, "203.0.113.7", 0, "10.0.1.1", 3 << 8 | 4));
    }

    @Test
    void whatCannotBeTestedIsSaidBesideItsField() throws Exception {
        MockHttpServletResponse wrong = send(
                get("/t/acme/firewall/test")
                        .param("nic", web.nic().toString())
                        .param("remote", "10.0.0.0/8")
                        .param("protocol", "tpc")
                        .param("port", "70000")
                        .param("sourcePort", "x")
                        .param("own", "nonsense"),
                anna);
        assertThat(wrong.getStatus()).isEqualTo(422);
        assertThat(wrong.getContentAsString())
                .contains("“10.0.0.0/8” is not the address of one machine", "Write tcp, udp, icmp")
                .contains("id=\"test-remote-error\"", "id=\"test-protocol-error\"", "id=\"test-own-error\"");
        assertThat(send(test(web, "ingress", "2001:db8::1"), anna).getContentAsString())
                .contains("web/eth0 has no IPv6 address");
        assertThat(send(test(web, "ingress", "203.0.113.7").param("own", "2001:db8::1"), anna)
                        .getContentAsString())
                .contains("are of two IP versions");
        assertThat(host.host.questionsSeen()).isEmpty();
    }

    @Test
    void myAddressIsFilledInAndNotTestedYet() throws Exception {
        String form = page(test(web, "ingress", "").param("use", "my-address"));
        assertThat(form).contains("value=\"127.0.0.1\"").doesNotContain("data-verdict");
        assertThat(host.host.questionsSeen()).isEmpty();
    }

    @Test
    void anEndThatCannotBeAskedIsNotGuessed() throws Exception {
        clock.advance(Duration.ofSeconds(45));
        assertThat(page(test(web, "ingress", "203.0.113.7")))
                .contains("Not known: an end could not be asked", "host is away since")
                .doesNotContain("It passes");
    }

    @Test
    void aViewerTestsAndChangesNothing() throws Exception {
        verdicts(asked -> NO_RULE);
        Person vera = fixtures.viewer("acme");
        assertThat(send(test(web, "ingress", "203.0.113.7"), vera).getContentAsString())
                .contains("no rule allows it")
                .doesNotContain("Allow this");
    }

    @Test
    void anotherTenantsNicIsNotFound() throws Exception {
        Person gina = fixtures.owner("globex");
        MockHttpServletRequestBuilder theirs = get("/t/globex/firewall/test")
                .param("nic", web.nic().toString())
                .param("remote", "203.0.113.7");
        assertThat(send(theirs, gina).getStatus()).isEqualTo(404);
        assertThat(send(get("/t/globex/firewall/test"), gina).getContentAsString())
                .contains("No NIC to test");
    }
}
