package cloud.freehold.portal.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;

import cloud.freehold.api.observed.DroppedPackets;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import java.time.Instant;
import java.util.List;
import java.util.Map;
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
class DropsPageTests {

    @Autowired
    private MockMvc mvc;

    @Autowired
    private ApplicationContext context;

    @Autowired
    private Fixtures fixtures;

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

    private static DroppedPackets drop(UUID nic, String reason, UUID rule, String remote, int port, long count) {
        Instant now = Instant.now();
        return new DroppedPackets(nic, true, reason, rule, 6, remote, "10.0.1.1", port, count, now, now);
    }

    private void report(DroppedPackets... drops) throws Exception {
        host.host.drops(List.of(drops));
        host.host.report();
    }

    private String page(MockHttpServletRequestBuilder request, Person person) throws Exception {
        MockHttpServletResponse response =
                mvc.perform(request.with(person.signedIn())).andReturn().getResponse();
        assertThat(response.getStatus()).isEqualTo(200);
        return response.getContentAsString();
    }

    private String page() throws Exception {
        return page(get("/t/acme/firewall/drops"), anna);
    }

    @Test
    void showsWhatWasDroppedWhyAndHowToAllowIt() throws Exception {
        report(drop(web.nic(), "default", null, "10.0.1.2", 5432, 3));
        report(drop(web.nic(), "default", null, "10.0.1.2", 5432, 4));
        assertThat(page())
                .contains("web/eth0", "10.0.1.2", "TCP 5432 (PostgreSQL)", "No rule allows it", ">7</td>", ">db<")
                .contains("/firewall/groups/" + group
                        + "?add=ingress&amp;protocol=tcp&amp;ports=5432&amp;remote=10.0.1.2#new-rule")
                .contains("/firewall/test?nic=" + web.nic()
                        + "&amp;direction=ingress&amp;protocol=tcp&amp;remote=10.0.1.2&amp;port=5432");
    }

    @Test
    void whatARuleDropsLeadsToThatRuleAndNotToAnother() throws Exception {
        system.sql("update rule set action = 'DROP' where id = ?").param(rule).update();
        report(drop(web.nic(), "rule", rule, "203.0.113.7", 443, 1));
        assertThat(page())
                .contains("A rule drops it", "#rule-" + rule, "?edit=" + rule)
                .doesNotContain("Allow this");
    }

    @Test
    void aNicWithoutAGroupOffersNoRule() throws Exception {
        report(drop(db.nic(), "default", null, "203.0.113.7", 22, 1));
        assertThat(page()).contains("TCP 22 (SSH)").doesNotContain("Allow this");
    }

    @Test
    void whatIsNoPacketOfIpHasItsReasonAlone() throws Exception {
        Instant now = Instant.now();
        report(new DroppedPackets(web.nic(), false, "spoofed-mac", null, null, null, null, null, 2, now, now));
        assertThat(page()).contains("MAC address is not the NIC", "from the VM", "various");
    }

    @Test
    void oneNicHasItsCountersByReason() throws Exception {
        host.host.dropReasons(Map.of("default", 1_234L, "spoofed-ip", 5L));
        report(
                drop(web.nic(), "default", null, "203.0.113.7", 22, 1),
                drop(db.nic(), "default", null, "203.0.113.8", 23, 1));
        String one = page(get("/t/acme/firewall/drops").param("nic", web.nic().toString()), anna);
        assertThat(one).contains("1,234", "203.0.113.7").doesNotContain("203.0.113.8");
        assertThat(page()).contains("203.0.113.7", "203.0.113.8").doesNotContain("1,234");
    }

    @Test
    void aHostTellsOnlyOfItsOwnNicsAndNonsenseCostsNothingElse() throws Exception {
        Person gina = fixtures.owner("globex");
        try (AskedHost other = new AskedHost(context, system, gina, "kvm-2", 8)) {
            other.vm("lab", 9);
            other.begin();
            Instant now = Instant.now();
            other.host.drops(List.of(
                    drop(web.nic(), "default", null, "203.0.113.66", 22, 1),
                    new DroppedPackets(web.nic(), true, "default", null, 6, "not an address", null, 1, 1, now, now)));
            other.host.report();
        }
        Instant now = Instant.now();
        report(
                new DroppedPackets(web.nic(), true, "' or 1=1", null, 6, "1.2.3.4", null, 1, 1, now, now),
                new DroppedPackets(web.nic(), true, "default", null, 600, "1.2.3.4", null, 1, 1, now, now),
                new DroppedPackets(web.nic(), true, "default", null, 6, "999.1.1.1", null, 1, 1, now, now),
                new DroppedPackets(
                        web.nic(), true, "default", null, 6, "1.2.3.4", null, 1, 1, Instant.MIN, Instant.MAX),
                new DroppedPackets(null, true, null, null, null, null, null, null, -1, null, null),
                drop(web.nic(), "default", null, "203.0.113.9", 22, 1));
        assertThat(page()).contains("203.0.113.9").doesNotContain("203.0.113.66", "1.2.3.4", "999.1.1.1");
        assertThat(page(get("/t/globex/firewall/drops"), gina)).doesNotContain("203.0.113.9");
    }

    @Test
    void aViewerSeesThemAndAllowsNone() throws Exception {
        report(drop(web.nic(), "default", null, "203.0.113.7", 22, 1));
        assertThat(page(get("/t/acme/firewall/drops"), fixtures.viewer("acme")))
                .contains("203.0.113.7")
                .doesNotContain("Allow this", "Edit rule");
    }

    @Test
    void thePrefilledEditorHoldsTheRule() throws Exception {
        String editor = page(
                get("/t/acme/firewall/groups/" + group)
                        .param("add", "ingress")
                        .param("protocol", "tcp")
                        .param("ports", "5432")
                        .param("remote", "10.0.1.2"),
                anna);
        assertThat(editor).contains("id=\"new-rule\"", "value=\"5432\"", "value=\"10.0.1.2\"", "value=\"tcp\"");
    }

    @Test
    void nothingDroppedOffersTheTester() throws Exception {
        assertThat(page()).contains("Nothing was dropped in the last hour", "/t/acme/firewall/test");
    }
}
