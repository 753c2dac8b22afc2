package cloud.freehold.portal.firewall.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.startsWith;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.multipart;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.header;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.redirectedUrl;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.firewall.FirewallFixtures;
import cloud.freehold.portal.firewall.FirewallFixtures.Machine;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.portal.testing.TestingClock;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.mock.web.MockMultipartFile;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.ResultActions;
import org.springframework.test.web.servlet.request.MockHttpServletRequestBuilder;

/** The page as a browser with and without scripts sees it. */
@PortalTest
class GroupPageTests {

    @Autowired
    private MockMvc mvc;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private TestingClock clock;

    @Autowired
    private Uuid7 ids;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private Person otto;
    private String base;

    @BeforeEach
    void aGroup() throws Exception {
        otto = fixtures.operator("acme");
        base = created("web");
    }

    @Test
    void addingARuleWithoutScriptsTakesAFormAndApply() throws Exception {
        page("?add=ingress&template=ssh")
                .andExpect(status().isOk())
                .andExpect(content().string(containsString("<!DOCTYPE html>")))
                .andExpect(content().string(containsString("value=\"22\"")));
        send("/draft/rules", "protocol", "tcp", "ports", "22", "remote", "any", "enabled", "yes")
                .andExpect(redirectedUrl(base));
        String page = body(page(""));
        assertThat(page).contains("1 change: +1", "opens TCP 22 (SSH) to the internet", "SSH open to the internet");
        assertThat(rules()).as("nothing is enforced before it is applied").isZero();
        send("/apply", "stamp", stamp(page)).andExpect(redirectedUrl(base));
        assertThat(rules()).isEqualTo(1);
        assertThat(body(page(""))).contains("Version 2").doesNotContain("fh-changebar\"");
    }

    @Test
    void withScriptsTheAnswerIsTheEditorAndTheHead() throws Exception {
        String answer = body(mvc.perform(htmx(post(base + "/draft/rules"))
                        .param("protocol", "tcp")
                        .param("ports", "443")
                        .param("remote", "any")
                        .param("enabled", "yes"))
                .andExpect(status().isOk()));
        assertThat(answer)
                .doesNotContain("<!DOCTYPE", "<html")
                .contains("id=\"editor\"", "id=\"group-head\"", "hx-swap-oob=\"true\"", "data-change=\"added\"");
        String applied = body(mvc.perform(htmx(post(base + "/apply")).param("stamp", stamp(answer)))
                .andExpect(status().isOk())
                .andExpect(header().string("HX-Trigger", containsString("Version 2 is saved and being enforced."))));
        assertThat(applied).contains("Version 2").doesNotContain("data-change=\"added\"");
    }

    @Test
    void mistakesStandBesideTheirFields() throws Exception {
        String answer = body(mvc.perform(htmx(post(base + "/draft/rules"))
                        .param("protocol", "tcp")
                        .param("ports", "99999")
                        .param("remote", "10.1.2.3/8"))
                .andExpect(status().isUnprocessableContent()));
        assertThat(answer)
                .contains("There is no port 99999: ports lie between 0 and 65535.", "id=\"ports-error\"")
                .contains("has bits set beyond its /8", "Use 10.0.0.0/8", "value=\"remote=10.0.0.0/8\"");
        String fixed = body(mvc.perform(htmx(post(base + "/draft/rules"))
                        .param("protocol", "tcp")
                        .param("ports", "99")
                        .param("remote", "10.1.2.3/8")
                        .param("use", "remote=10.0.0.0/8"))
                .andExpect(status().isOk()));
        assertThat(fixed).contains("value=\"10.0.0.0/8\"").contains("id=\"new-rule\"");
        assertThat(system.sql("select count(*) from rule_draft")
                        .query(Long.class)
                        .single())
                .isZero();
    }

    @Test
    void rowsAreEditedSwitchedDuplicatedMovedRemovedAndUndone() throws Exception {
        apply("tcp", "22");
        String id = ruleId();
        page("?edit=" + id).andExpect(content().string(containsString("value=\"22\"")));
        send("/draft/rules/" + id, "protocol", "tcp", "ports", "2222", "remote", "10.0.0.0/8", "enabled", "yes");
        assertThat(body(page(""))).contains("1 change: ~1", "data-change=\"changed\"");
        send("/draft/rules/" + id + "/undo");
        assertThat(body(page(""))).doesNotContain("fh-changebar\"");
        send("/draft/rules/" + id + "/toggle");
        assertThat(body(page(""))).contains("leaves no ingress rule");
        send("/draft/rules/" + id + "/toggle");
        send("/draft/rules/" + id + "/duplicate");
        assertThat(body(page(""))).contains("1 change: +1");
        send("/draft/rules/" + id + "/down");
        assertThat(body(page(""))).contains("fh-changebar\"");
        send("/draft/bulk/remove", "rule", id);
        assertThat(body(page("?review=yes"))).contains("What will change", "data-change=\"removed\"");
        send("/draft/discard");
        assertThat(body(page(""))).doesNotContain("fh-changebar\"");
    }

    @Test
    void theEgressDefaultIsARowAndCanBeChanged() throws Exception {
        assertThat(body(page(""))).contains("Everything else that comes in.", "Drop instead");
        send("/draft/egress-default/drop");
        assertThat(body(page(""))).contains("drops all egress that no rule allows", "Allow instead");
    }

    @Test
    void confirmationIsAskedForAndCanBeGivenOrTakenBack() throws Exception {
        draft("tcp", "22");
        send("/apply-and-confirm", "stamp", stamp(body(page(""))), "minutes", "5");
        assertThat(body(page(""))).contains("goes back to version 1 by itself", "Revert now");
        send("/confirm", "version", "2");
        assertThat(body(page(""))).doesNotContain("Revert now");
        draft("tcp", "23");
        send("/apply-and-confirm", "stamp", stamp(body(page(""))), "minutes", "1");
        clock.advance(Duration.ofMinutes(2));
        assertThat(body(page(""))).contains("Version 3 was not confirmed in time");
        send("/revert");
        assertThat(rules()).isEqualTo(1);
        mvc.perform(post(base + "/revert").with(otto.signedIn())).andExpect(status().isConflict());
        mvc.perform(post(base + "/apply-and-confirm").param("minutes", "soon").with(otto.signedIn()))
                .andExpect(status().isUnprocessableContent());
    }

    @Test
    void twoPeopleAtOnceAreToldAndCanGoOn() throws Exception {
        draft("tcp", "80");
        Person anna = fixtures.owner("acme");
        mvc.perform(post(base + "/draft/rules")
                .with(anna.signedIn())
                .param("protocol", "tcp")
                .param("ports", "443")
                .param("enabled", "yes"));
        String hers = body(mvc.perform(get(base).with(anna.signedIn())));
        mvc.perform(post(base + "/apply").with(anna.signedIn()).param("stamp", stamp(hers)));
        String mine = body(page(""));
        assertThat(mine)
                .contains(
                        "The rules changed while you were editing",
                        "owner@acme.example",
                        "Put my changes on top",
                        "1 change: +1");
        send("/draft/rebase");
        send("/apply", "stamp", stamp(body(page(""))));
        assertThat(rules()).isEqualTo(2);
        mvc.perform(post(base + "/apply").with(otto.signedIn()).param("stamp", "1.2"))
                .andExpect(status().isConflict());
    }

    @Test
    void historyShowsVersionsAndLeadsBack() throws Exception {
        apply("tcp", "22");
        apply("tcp", "443");
        assertThat(body(mvc.perform(get(base + "/history").with(otto.signedIn()))))
                .contains("Version 3", "Version 1", "Created, without rules", "in force");
        assertThat(body(mvc.perform(get(base + "/history/2").with(otto.signedIn()))))
                .contains("Go back to version 2", "closes TCP 443 (HTTPS) to the internet");
        send("/history/2/rollback", "current", "3").andExpect(redirectedUrl(base));
        assertThat(rules()).isEqualTo(1);
        mvc.perform(post(base + "/history/2/rollback").param("current", "3").with(otto.signedIn()))
                .andExpect(status().isConflict());
        mvc.perform(get(base + "/history/99").with(otto.signedIn())).andExpect(status().isNotFound());
        mvc.perform(get(base + "/history/x").with(otto.signedIn())).andExpect(status().isNotFound());
    }

    @Test
    void whatIsExportedCanBeImported() throws Exception {
        apply("tcp, udp", "53, 8000-8080");
        for (String kind : List.of("csv", "json")) {
            byte[] file = mvc.perform(get(base + "/rules." + kind).with(otto.signedIn()))
                    .andExpect(header().string("Content-Disposition", "attachment; filename=\"web-v2." + kind + "\""))
                    .andReturn()
                    .getResponse()
                    .getContentAsByteArray();
            mvc.perform(multipart(base + "/import")
                            .file(new MockMultipartFile("file", "rules." + kind, "text/plain", file))
                            .param("mode", "replace")
                            .with(otto.signedIn()))
                    .andExpect(content().string(containsString("Nothing would change")));
            String other = created("copy-" + kind);
            mvc.perform(post(other + "/import")
                            .param("text", new String(file, StandardCharsets.UTF_8))
                            .param("take", "yes")
                            .with(otto.signedIn()))
                    .andExpect(status().is3xxRedirection());
            assertThat(body(mvc.perform(get(other).with(otto.signedIn())))).contains("4 changes: +4");
        }
    }

    @Test
    void anImportNamesTheLinesThatAreWrong() throws Exception {
        mvc.perform(post(base + "/import")
                        .param(
                                "text",
                                "direction,protocol,ports,remote\ningress,tcp,443,any\ningress,tcp,x,10.0.0.1/8\n")
                        .param("take", "yes")
                        .with(otto.signedIn()))
                .andExpect(status().isUnprocessableContent())
                .andExpect(content().string(containsString("2 things to correct")))
                .andExpect(content().string(containsString("“x” is not a port")))
                .andExpect(content().string(containsString("10.0.0.0/8")));
        assertThat(system.sql("select count(*) from rule_draft")
                        .query(Long.class)
                        .single())
                .isZero();
        mvc.perform(multipart(base + "/import")
                        .file(new MockMultipartFile(
                                "file", "x.csv", "text/csv", new byte[] {(byte) 0xFF, (byte) 0xFE, 0}))
                        .with(otto.signedIn()))
                .andExpect(status().isUnprocessableContent());
    }

    @Test
    void theHeadSaysWhatHostsReported() throws Exception {
        FirewallFixtures machines = new FirewallFixtures(system, ids);
        UUID host = machines.host();
        Machine vm = machines.machine(otto, "web", host);
        assertThat(body(page(""))).contains("Attached to no NIC", "web/eth0");
        send("/attach", "nic", vm.nic().toString());
        assertThat(head()).contains("Attached to 1 NIC, enforced on 0 of 1.", "applying");
        machines.applied(host);
        assertThat(head()).contains("enforced on 1 of 1", "enforced in 38 ms");
        clock.advance(Duration.ofMinutes(10));
        apply("tcp", "22");
        assertThat(head()).contains("waits, host away", "since");
        send("/detach", "nic", vm.nic().toString());
        assertThat(head()).contains("Attached to no NIC");
    }

    @Test
    void aNicShowsWhatAllItsGroupsMeanTogether() throws Exception {
        FirewallFixtures machines = new FirewallFixtures(system, ids);
        Machine vm = machines.machine(otto, "web", machines.host());
        String nic = "/t/acme/firewall/nics/" + vm.nic();
        assertThat(body(mvc.perform(get(nic).with(otto.signedIn())))).contains("It has no security group");
        apply("tcp", "22");
        send("/attach", "nic", vm.nic().toString());
        assertThat(body(mvc.perform(get(nic).with(otto.signedIn()))))
                .contains(
                        "<!DOCTYPE html>",
                        "Effective rules of web/eth0",
                        "TCP 22 (SSH) from any",
                        "Everything else that comes in.");
        assertThat(body(mvc.perform(htmx(get(nic)))))
                .doesNotContain("<html")
                .contains("id=\"effective-" + vm.nic() + "\"");
        Person gina = fixtures.owner("globex");
        mvc.perform(get(nic.replace("/acme/", "/globex/")).with(gina.signedIn()))
                .andExpect(status().isNotFound());
    }

    @Test
    void addressGroupsAreEditedAsAText() throws Exception {
        String groups = "/t/acme/firewall/addresses";
        mvc.perform(post(groups)
                        .param("name", "office")
                        .param("addresses", "192.0.2.1\n10.0.0.1/8 # oops\n")
                        .with(otto.signedIn()))
                .andExpect(status().isUnprocessableContent())
                .andExpect(content().string(containsString("Line 2: ")))
                .andExpect(content().string(containsString("The network is 10.0.0.0/8.")));
        String office = mvc.perform(post(groups)
                        .param("name", "office")
                        .param("addresses", "192.0.2.1 # HQ\n2001:DB8::/32\n")
                        .with(otto.signedIn()))
                .andReturn()
                .getResponse()
                .getHeader("Location");
        assertThat(body(mvc.perform(get(office).with(otto.signedIn()))))
                .contains("192.0.2.1 # HQ\n2001:db8::/32", "No rule refers to it");
        send("/draft/rules", "protocol", "tcp", "ports", "22", "remote", "addresses:office", "enabled", "yes");
        send("/apply", "stamp", stamp(body(page(""))));
        assertThat(body(mvc.perform(get(office).with(otto.signedIn())))).contains(">web</a> refer to it.");
        mvc.perform(post(office + "/delete").with(otto.signedIn())).andExpect(status().isConflict());
        mvc.perform(post(office)
                        .param("name", "office")
                        .param("addresses", "")
                        .param("version", "9")
                        .with(otto.signedIn()))
                .andExpect(status().isConflict())
                .andExpect(content().string(containsString("was changed since you loaded it")));
        mvc.perform(post(office)
                        .param("name", "hq")
                        .param("addresses", "192.0.2.2")
                        .param("version", "1")
                        .with(otto.signedIn()))
                .andExpect(status().is3xxRedirection());
        assertThat(body(page(""))).contains(">hq<");
        assertThat(body(mvc.perform(get(groups).with(otto.signedIn())))).contains(">hq<");
        Person gina = fixtures.owner("globex");
        mvc.perform(get(office.replace("/acme/", "/globex/")).with(gina.signedIn()))
                .andExpect(status().isNotFound());
    }

    @Test
    void remotesThatBelongToAVmNameIt() throws Exception {
        FirewallFixtures machines = new FirewallFixtures(system, ids);
        Machine vm = machines.machine(otto, "monitor", machines.host());
        send("/draft/rules", "protocol", "tcp", "ports", "9100", "remote", vm.address(), "enabled", "yes");
        send("/draft/rules", "protocol", "tcp", "ports", "9101", "remote", "group:web", "enabled", "yes");
        assertThat(body(page(""))).contains(vm.address(), ">monitor<", "TCP 9101 from group web");
    }

    @Test
    void hitsAreSummedAndUnusedRulesSaySo() throws Exception {
        apply("tcp", "22");
        assertThat(body(page(""))).contains(">unused<");
        UUID host = new FirewallFixtures(system, ids).host();
        for (int epoch = 1; epoch <= 2; epoch++) {
            system.sql("insert into rule_hits (rule_id, tenant_id, host_id, counter_epoch, connections, packets, bytes,"
                            + " last_hit_at) values (?::uuid, ?, ?, ?, 600, 7000, 80000, now())")
                    .params(ruleId(), otto.tenant().value(), host, epoch)
                    .update();
        }
        assertThat(body(page(""))).contains(">1,200<").doesNotContain(">unused<");
        assertThat(body(mvc.perform(htmx(get(base + "/hits"))))).contains("hits-" + ruleId(), "hx-swap-oob", "1,200");
    }

    @Test
    void longRuleSetsComeInPagesAndAreFilteredByTheServer() throws Exception {
        StringBuilder csv = new StringBuilder("direction,protocol,ports,remote,description\n");
        for (int i = 1; i <= 450; i++) {
            csv.append("ingress,tcp,")
                    .append(10_000 + i)
                    .append(",10.0.0.0/8,service ")
                    .append(i)
                    .append('\n');
        }
        mvc.perform(post(base + "/import")
                .param("text", csv.toString())
                .param("take", "yes")
                .with(otto.signedIn()));
        send("/apply", "stamp", stamp(body(page(""))));
        assertThat(body(page(""))).contains("Page 1 of 5", "service 100").doesNotContain(">service 101<");
        assertThat(body(page("?in=5"))).contains(">service 450<", "Page 5 of 5");
        assertThat(body(page("?q=service 449")))
                .contains("1 of 450", ">service 449<")
                .doesNotContain(">service 448<");
        assertThat(body(page("?in=99"))).contains("Page 5 of 5");
    }

    @Test
    void tablesAreSortedByTheServer() throws Exception {
        for (String[] rule : new String[][] {{"9000", "first"}, {"80", "second"}, {"443", ""}}) {
            send(
                    "/draft/rules",
                    "protocol",
                    "tcp",
                    "ports",
                    rule[0],
                    "remote",
                    "any",
                    "enabled",
                    "yes",
                    "description",
                    rule[1]);
        }
        assertThat(body(page(""))).containsSubsequence("TCP 9000", "TCP 80", "TCP 443");
        assertThat(body(page("?inSort=service")))
                .containsSubsequence("aria-sort=\"ascending\"", "TCP 80", "TCP 443", "TCP 9000")
                .contains("?inSort=service-");
        assertThat(body(page("?inSort=service-"))).containsSubsequence("TCP 9000", "TCP 443", "TCP 80");
        assertThat(body(page("?inSort=description-")))
                .as("blanks come last in both directions")
                .containsSubsequence("TCP 80", "TCP 9000", "TCP 443");
        page("?inSort=nonsense-&in=x").andExpect(status().isOk());
    }

    @Test
    void aNewRuleIsShownAlsoWhereItComesOnTheLastPage() throws Exception {
        StringBuilder csv = new StringBuilder("direction,protocol,ports,remote\n");
        for (int i = 1; i <= 120; i++) {
            csv.append("ingress,tcp,").append(10_000 + i).append(",10.0.0.0/8\n");
        }
        mvc.perform(post(base + "/import")
                .param("text", csv.toString())
                .param("take", "yes")
                .with(otto.signedIn()));
        send("/draft/rules", "protocol", "tcp", "ports", "22", "remote", "10.9.9.9", "enabled", "yes")
                .andExpect(redirectedUrl(base + "?in=2"));
        assertThat(body(page("?in=2"))).contains("10.9.9.9", "Page 2 of 2");
    }

    @Test
    void theLastDayOfHitsIsACurve() throws Exception {
        apply("tcp", "22");
        UUID host = new FirewallFixtures(system, ids).host();
        system.sql("insert into rule_hits (rule_id, tenant_id, host_id, counter_epoch, connections, packets, bytes,"
                        + " last_hit_at) values (?::uuid, ?, ?, 1, 5, 50, 500, now())")
                .params(ruleId(), otto.tenant().value(), host)
                .update();
        assertThat(body(page("")))
                .contains("<polyline points=\"1.0,18.0 ", "63.0,2.0\"", "5 new connections in the last 24 hours");
        clock.advance(Duration.ofHours(25));
        assertThat(body(page(""))).doesNotContain("<polyline").contains(">5<");
    }

    @Test
    void aNicCanBeNamedWhereThereAreTooManyForAList() throws Exception {
        FirewallFixtures machines = new FirewallFixtures(system, ids);
        machines.machine(otto, "monitor", machines.host());
        send("/attach", "nic", "monitor/eth0").andExpect(redirectedUrl(base + "#nics"));
        assertThat(body(page(""))).contains("Attached to 1 NIC");
        mvc.perform(post(base + "/attach").param("nic", "nobody/eth0").with(otto.signedIn()))
                .andExpect(status().isUnprocessableContent())
                .andExpect(content().string(containsString("There is no NIC “nobody/eth0”.")));
    }

    @Test
    void viewersSeeAndDoNotTouch() throws Exception {
        apply("tcp", "22");
        Person vera = fixtures.viewer("acme");
        mvc.perform(get(base).with(vera.signedIn()))
                .andExpect(status().isOk())
                .andExpect(content().string(not(containsString("Add ingress rule"))))
                .andExpect(content().string(not(containsString("data-edit"))));
        for (String path : List.of(
                "/draft/rules",
                "/apply",
                "/confirm",
                "/revert",
                "/draft/discard",
                "/attach",
                "/delete",
                "/settings",
                "/import",
                "/history/1/rollback",
                "/draft/bulk/remove")) {
            mvc.perform(post(base + path).with(vera.signedIn())).andExpect(status().isForbidden());
        }
        assertThat(rules()).isEqualTo(1);
    }

    @Test
    void anotherTenantsGroupIsNowhere() throws Exception {
        apply("tcp", "22");
        Person gina = fixtures.owner("globex");
        String theirs = base.replace("/t/acme/", "/t/globex/");
        for (String path : List.of(
                "",
                "/history",
                "/history/2",
                "/rules.csv",
                "/rules.json",
                "/import",
                "/settings",
                "/enforcement",
                "/hits")) {
            mvc.perform(get(theirs + path).with(gina.signedIn())).andExpect(status().isNotFound());
            mvc.perform(get(base + path).with(gina.signedIn())).andExpect(status().isNotFound());
        }
        for (String path : List.of(
                "/draft/rules",
                "/draft/egress-default/drop",
                "/draft/discard",
                "/draft/rebase",
                "/apply",
                "/confirm",
                "/revert",
                "/delete",
                "/settings",
                "/import",
                "/history/1/rollback",
                "/draft/bulk/remove",
                "/draft/rules/" + ruleId() + "/toggle",
                "/draft/rules/" + ruleId())) {
            mvc.perform(post(theirs + path)
                            .with(gina.signedIn())
                            .param("protocol", "tcp")
                            .param("ports", "1")
                            .param("enabled", "yes"))
                    .andExpect(status().isNotFound());
        }
        assertThat(rules()).isEqualTo(1);
        Machine vm = new FirewallFixtures(system, ids).machine(gina, "lab", new FirewallFixtures(system, ids).host());
        mvc.perform(post(base + "/attach").param("nic", vm.nic().toString()).with(otto.signedIn()))
                .andExpect(status().isNotFound());
        mvc.perform(get("/t/globex/firewall/groups").with(gina.signedIn()))
                .andExpect(content().string(not(containsString(">web<"))));
    }

    /** Whatever is sent, the answer is a page or a refusal in words, and nothing is written. */
    @Test
    void noInputBreaksThePage() throws Exception {
        List<String> junk = List.of(
                "",
                "\"><script>",
                "\u0000",
                "\uD800",
                "💥",
                "%",
                "-1",
                "9".repeat(30),
                "a".repeat(5_000),
                "${7*7}",
                "10.0.0.0/8,".repeat(300));
        for (String value : junk) {
            for (String field : List.of(
                    "direction",
                    "action",
                    "etherType",
                    "protocol",
                    "ports",
                    "remote",
                    "description",
                    "enabled",
                    "log",
                    "expires",
                    "use",
                    "q",
                    "in",
                    "out")) {
                int status = mvc.perform(post(base + "/draft/rules")
                                .with(otto.signedIn())
                                .param("protocol", "tcp")
                                .param(field, value))
                        .andReturn()
                        .getResponse()
                        .getStatus();
                assertThat(status).as("%s=%s", field, value).isLessThan(500);
            }
            for (String field : List.of("edit", "add", "template", "remote", "review", "q", "in", "out")) {
                int status = mvc.perform(get(base).with(otto.signedIn()).param(field, value))
                        .andReturn()
                        .getResponse()
                        .getStatus();
                assertThat(status).as("%s=%s", field, value).isLessThan(500);
            }
            for (String path : List.of(
                    "/import",
                    "/attach",
                    "/apply",
                    "/apply-and-confirm",
                    "/confirm",
                    "/draft/bulk/remove",
                    "/settings")) {
                int status = mvc.perform(post(base + path)
                                .with(otto.signedIn())
                                .param("text", value)
                                .param("nic", value)
                                .param("stamp", value)
                                .param("minutes", value)
                                .param("version", value)
                                .param("rule", value)
                                .param("name", value))
                        .andReturn()
                        .getResponse()
                        .getStatus();
                assertThat(status).as("%s %s", path, value).isLessThan(500);
            }
        }
        assertThat(rules()).isZero();
    }

    @Test
    void namesAreCheckedAndUnique() throws Exception {
        for (String name : List.of("", "a,b", "x".repeat(64), "group:web", " ")) {
            mvc.perform(post("/t/acme/firewall/groups").param("name", name).with(otto.signedIn()))
                    .andExpect(status().isUnprocessableContent())
                    .andExpect(content().string(containsString("id=\"name-error\"")));
        }
        mvc.perform(post("/t/acme/firewall/groups").param("name", "web").with(otto.signedIn()))
                .andExpect(status().isUnprocessableContent())
                .andExpect(content().string(containsString("There is a security group named “web” already.")));
        send("/settings", "name", "front", "description", "Faces the world").andExpect(redirectedUrl(base));
        assertThat(body(page(""))).contains("<h1>front</h1>", "Faces the world");
        assertThat(body(mvc.perform(get("/t/acme/firewall/groups").with(otto.signedIn()))))
                .contains(">front<");
        send("/delete").andExpect(redirectedUrl("/t/acme/firewall/groups"));
        page("").andExpect(status().isNotFound());
    }

    private String created(String name) throws Exception {
        return mvc.perform(post("/t/acme/firewall/groups").param("name", name).with(otto.signedIn()))
                .andExpect(header().string("Location", startsWith("/t/acme/firewall/groups/")))
                .andReturn()
                .getResponse()
                .getHeader("Location");
    }

    private void draft(String protocol, String ports) throws Exception {
        send("/draft/rules", "protocol", protocol, "ports", ports, "remote", "any", "enabled", "yes");
    }

    private void apply(String protocol, String ports) throws Exception {
        draft(protocol, ports);
        send("/apply", "stamp", stamp(body(page(""))));
    }

    private ResultActions page(String query) throws Exception {
        return mvc.perform(get(base + query).with(otto.signedIn()));
    }

    private String head() throws Exception {
        return body(mvc.perform(htmx(get(base + "/enforcement"))));
    }

    private ResultActions send(String path, String... fields) throws Exception {
        MockHttpServletRequestBuilder request = post(base + path).with(otto.signedIn());
        for (int i = 0; i < fields.length; i += 2) {
            request.param(fields[i], fields[i + 1]);
        }
        return mvc.perform(request).andExpect(status().is3xxRedirection());
    }

    private MockHttpServletRequestBuilder htmx(MockHttpServletRequestBuilder request) {
        return request.header("HX-Request", "true")
                .header("HX-Request-Type", "partial")
                .with(otto.signedIn());
    }

    private static String body(ResultActions answer) throws Exception {
        return answer.andExpect(status().is(lessThan(500)))
                .andReturn()
                .getResponse()
                .getContentAsString(StandardCharsets.UTF_8);
    }

    private static String stamp(String page) {
        Matcher stamp = Pattern.compile("name=\"stamp\" value=\"([0-9.]+)\"").matcher(page);
        assertThat(stamp.find()).as("the page offers to apply").isTrue();
        return stamp.group(1);
    }

    private String ruleId() {
        return system.sql("select id::text from rule order by position limit 1")
                .query(String.class)
                .single();
    }

    private long rules() {
        return system.sql("select count(*) from rule r join security_group g on g.id = r.group_id where g.name = 'web'")
                .query(Long.class)
                .single();
    }
}
