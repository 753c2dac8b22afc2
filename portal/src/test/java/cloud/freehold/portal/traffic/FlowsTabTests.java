package cloud.freehold.portal.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;

import cloud.freehold.api.observed.FlowBatch;
import cloud.freehold.api.observed.FlowRecord;
import cloud.freehold.api.observed.NicTraffic;
import cloud.freehold.api.observed.NicTraffic.Carried;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.portal.traffic.domain.FlowExport;
import cloud.freehold.portal.traffic.domain.Flows;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.test.web.servlet.MockMvc;

@PortalTest
class FlowsTabTests {

    private static final Pattern NEXT = Pattern.compile("href=\"([^\"]*after=[^\"]*)\"");
    private static final Pattern FAR_PORT = Pattern.compile("port (4[0-9]{4})<");

    @Autowired
    private MockMvc mvc;

    @Autowired
    private ApplicationContext context;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private final Instant now = Instant.now();
    private Person anna;
    private AskedHost host;
    private AskedHost.Vm web;
    private AskedHost.Vm db;
    private UUID rule;
    private long sequence;

    @BeforeEach
    void place() {
        anna = fixtures.owner("acme");
        host = new AskedHost(context, system, anna, "kvm-1", 7);
        UUID group = host.group("web");
        rule = host.rule(group, 443);
        web = host.vm("web", 1, group);
        db = host.vm("db", 2);
        host.begin();
    }

    @AfterEach
    void close() {
        host.close();
    }

    private FlowRecord flow(boolean in, FlowRecord.End end, boolean revoked, String far, int farPort, int service) {
        return new FlowRecord(
                ++sequence,
                web.nic(),
                in,
                end,
                revoked,
                6,
                in ? far : "10.0.1.1",
                farPort,
                in ? "10.0.1.1" : far,
                service,
                in ? null : "203.0.113.9",
                in ? null : (Integer) 1_024,
                "established",
                now.minusSeconds(125 + sequence),
                now.minusSeconds(sequence),
                12,
                2_048,
                9,
                5L << 20,
                in ? rule : null);
    }

    private void tell(FlowRecord... flows) throws Exception {
        host.host.flows(new FlowBatch(1, 0, List.of(flows)));
    }

    private MockHttpServletResponse send(String path, Person person) throws Exception {
        return mvc.perform(get(path).with(person.signedIn())).andReturn().getResponse();
    }

    private String page(String query) throws Exception {
        MockHttpServletResponse response = send(tab() + query, anna);
        assertThat(response.getStatus()).isEqualTo(200);
        return response.getContentAsString();
    }

    private String tab() {
        return "/t/acme/vms/" + web.id() + "/flows";
    }

    @Test
    void showsWhoTalkedToTheVmAndHowItEnded() throws Exception {
        tell(
                flow(true, FlowRecord.End.ENDED, false, "10.0.1.2", 40_112, 443),
                flow(false, FlowRecord.End.FORCED, true, "198.51.100.7", 40_113, 25));
        assertThat(page(""))
                .contains("10.0.1.2", "port 40112", "443 (HTTPS)", ">closed<", "2 min 5 s", "2.0 KiB, 5.0 MiB", ">db<")
                .contains("#rule-" + rule, "in web")
                .contains("198.51.100.7", "through 203.0.113.9", ">cut<", "no longer allowed it", "5.0 MiB, 2.0 KiB")
                .contains("aria-current=\"page\">Flows")
                .contains("<html");
    }

    @Test
    void aNicWithoutAnySaysWhatToDo() throws Exception {
        assertThat(page(""))
                .contains("No flows yet", "Nothing yet today", "/vms/" + web.id() + "/connections?nic=" + web.nic())
                .doesNotContain("Export CSV");
    }

    @Test
    void theFragmentHasNoShell() throws Exception {
        String part = mvc.perform(get(tab()).header("HX-Request", "true").with(anna.signedIn()))
                .andReturn()
                .getResponse()
                .getContentAsString();
        assertThat(part.strip()).startsWith("<section").contains("id=\"flows\"").doesNotContain("<html");
    }

    @Test
    void findsByAddressPortWayAndVerdict() throws Exception {
        tell(
                flow(true, FlowRecord.End.ENDED, false, "192.0.2.1", 40_001, 443),
                flow(true, FlowRecord.End.FORCED, true, "192.0.2.2", 40_002, 22),
                flow(false, FlowRecord.End.IDLE, false, "2001:db8::7", 40_003, 53));
        assertThat(page("?q=192.0.2.0/24")).contains("192.0.2.1", "192.0.2.2").doesNotContain("2001:db8::7");
        assertThat(page("?q=22")).contains("192.0.2.2").doesNotContain("192.0.2.1", "2001:db8::7");
        assertThat(page("?q=cut")).contains("192.0.2.2").doesNotContain("192.0.2.1", "2001:db8::7");
        assertThat(page("?q=allowed in")).contains("192.0.2.1").doesNotContain("192.0.2.2", "2001:db8::7");
        assertThat(page("?q=idle")).contains("2001:db8::7").doesNotContain("192.0.2.1", "192.0.2.2");
        assertThat(page("?q=203.0.113.9"))
                .as("by its public address")
                .contains("2001:db8::7")
                .doesNotContain("192.0.2.1");
        assertThat(page("?q=udp")).contains("No flow matches").doesNotContain("192.0.2.1");
        MockHttpServletResponse wrong = send(tab() + "?q=nonsense!", anna);
        assertThat(wrong.getStatus()).isEqualTo(422);
        assertThat(wrong.getContentAsString()).contains("“nonsense!” is nothing to search for");
    }

    @Test
    void pagesHoldEachOnceAndTheExportHasAll() throws Exception {
        List<FlowRecord> many = new ArrayList<>();
        for (int i = 0; i < 120; i++) {
            many.add(flow(true, FlowRecord.End.ENDED, false, "192.0.2." + i, 40_000 + i, 443));
        }
        tell(many.toArray(FlowRecord[]::new));
        Set<String> seen = new HashSet<>();
        String address = tab() + "?q=tcp";
        int pages = 0;
        while (address != null) {
            String page = send(address, anna).getContentAsString();
            Matcher port = FAR_PORT.matcher(page);
            while (port.find()) {
                assertThat(seen.add(port.group(1))).isTrue();
            }
            pages++;
            Matcher next = NEXT.matcher(page);
            address = next.find() ? next.group(1).replace("&amp;", "&") : null;
        }
        assertThat(pages).isEqualTo(3);
        assertThat(seen).hasSize(120);
        MockHttpServletResponse csv = send(tab() + ".csv?q=tcp", anna);
        assertThat(csv.getHeader("Content-Disposition")).isEqualTo("attachment; filename=\"flows-web-eth0.csv\"");
        List<String> lines = csv.getContentAsString().lines().toList();
        assertThat(lines).hasSize(121).allMatch(line -> line.split(",", -1).length == 18);
        assertThat(lines.get(1))
                .contains(",in,tcp,192.0.2.0,40000,10.0.1.1,443,,,2048,12,5242880,9,closed,allowed," + rule + ",0");
        assertThat(send(tab() + ".csv?q=nonsense!", anna).getStatus()).isEqualTo(422);
    }

    /** Many packets of the same microsecond, and more flows than fit into a piece or once were exported. */
    @Test
    void theExportHasEachOfManyOnceAndInOrder() throws Exception {
        int many = 10 * FlowExport.PIECE + 1_234;
        system.sql("""
                        insert into flow_record (host_id, epoch, sequence, tenant_id, nic_id, ingress, ending, revoked, protocol,
                                                 remote, remote_port, local, local_port, state, received_packets, received_bytes,
                                                 sent_packets, sent_bytes, first_at, last_at)
                        select :host, 1, n, :tenant, :nic, true, 'ENDED', false, case when n % 2 = 0 then 17 else 6 end,
                               '192.0.2.1', 1000 + n % 60000, '10.0.1.1', 443, 'closed', 1, n, 1, 60,
                               now() - interval '1 hour', now() - (n / 700) * interval '1 second'
                        from generate_series(1, :many) n
                        """)
                .param("host", host.host.hostId())
                .param("tenant", anna.tenant().value())
                .param("nic", web.nic())
                .param("many", many)
                .update();
        List<String> bytes = column(send(tab() + ".csv", anna), 10);
        assertThat(bytes).hasSize(many).doesNotHaveDuplicates();
        assertThat(column(send(tab() + ".csv", anna), 1)).isSortedAccordingTo(Comparator.reverseOrder());
        assertThat(column(send(tab() + ".csv?q=udp", anna), 10))
                .hasSize(many / 2)
                .isSubsetOf(bytes);
        assertThat(page("")).contains("together the latest 100,000", "The CSV has all lines that the filter finds");
    }

    private static List<String> column(MockHttpServletResponse csv, int number) throws Exception {
        return csv.getContentAsString()
                .lines()
                .skip(1)
                .map(line -> line.split(",", -1)[number])
                .toList();
    }

    @Test
    void anotherTenantFindsNothing() throws Exception {
        tell(flow(true, FlowRecord.End.ENDED, false, "192.0.2.1", 40_001, 443));
        Person gina = fixtures.owner("globex");
        String theirs = tab().replace("/t/acme/", "/t/globex/");
        assertThat(send(theirs, gina).getStatus()).isEqualTo(404);
        assertThat(send(theirs + ".csv", gina).getStatus()).isEqualTo(404);
        assertThat(send(tab() + "?nic=" + db.nic(), anna).getStatus())
                .as("a NIC of another VM")
                .isEqualTo(404);
        assertThat(send("/t/acme/vms/" + db.id() + "/flows", anna).getContentAsString())
                .contains("No flows yet")
                .doesNotContain("192.0.2.1");
    }

    private void lost(long cumulative) throws Exception {
        host.host.flowsLost(web.nic(), cumulative);
        host.host.report();
    }

    @Test
    void saysHowManyConnectionsAreMissing() throws Exception {
        tell(flow(true, FlowRecord.End.ENDED, false, "192.0.2.1", 40_001, 443));
        lost(0);
        assertThat(page("")).doesNotContain("are missing here");
        lost(1_488);
        lost(1_488);
        assertThat(page("")).contains("At least 1,488 connections are missing here", "Between 20");
        // The dataplane was started anew and counts from zero.
        lost(12);
        assertThat(page("?q=udp")).contains("At least 1,500 connections", "No flow matches");
        assertThat(send("/t/acme/vms/" + db.id() + "/flows", anna).getContentAsString())
                .doesNotContain("are missing here");
    }

    @Test
    void theExportSaysWhenAndHowManyAreMissing() throws Exception {
        tell(
                flow(true, FlowRecord.End.ENDED, false, "192.0.2.1", 40_001, 443),
                flow(true, FlowRecord.End.ENDED, false, "192.0.2.2", 40_002, 443));
        lost(0);
        lost(1_488);
        system.sql("update nic_flow_loss set hour = date_trunc('hour', now()) - interval '5 hours'")
                .update();
        lost(1_500);
        system.sql("update nic_flow_loss set hour = date_trunc('hour', now()) + interval '3 hours' where lost = 12")
                .update();
        List<List<String>> rows = send(tab() + ".csv?q=tcp", anna)
                .getContentAsString()
                .lines()
                .map(line -> List.of(line.split(",", -1)))
                .toList();
        assertThat(rows).hasSize(5).allMatch(row -> row.size() == 18);
        assertThat(rows).extracting(row -> row.get(17)).containsExactly("missing", "12", "0", "0", "1488");
        List<String> gap = rows.get(4);
        assertThat(Duration.between(Instant.parse(gap.get(0)), Instant.parse(gap.get(1))))
                .isEqualTo(Duration.ofHours(1));
        assertThat(gap.subList(2, 17))
                .containsExactly("", "", "", "0", "", "0", "", "", "0", "0", "0", "0", "", "", "");
        assertThat(rows.subList(1, 5).stream()
                        .mapToLong(row -> Long.parseLong(row.get(13)))
                        .sum())
                .as("sent packets")
                .isEqualTo(18);
        assertThat(send(tab() + ".csv?q=udp", anna).getContentAsString().lines())
                .hasSize(3);
    }

    @Test
    void onlyThePagesOfThatTimeSaySo() throws Exception {
        List<FlowRecord> many = new ArrayList<>();
        for (int i = 0; i < Flows.PAGE + 1; i++) {
            many.add(flow(true, FlowRecord.End.ENDED, false, "192.0.2." + i, 40_000 + i, 443));
        }
        tell(many.toArray(FlowRecord[]::new));
        lost(7);
        system.sql("update nic_flow_loss set hour = hour - interval '5 hours'").update();
        String first = page("");
        assertThat(first).doesNotContain("are missing here");
        Matcher next = NEXT.matcher(first);
        assertThat(next.find()).isTrue();
        assertThat(send(next.group(1).replace("&amp;", "&"), anna).getContentAsString())
                .contains("At least 7 connections are missing here");
    }

    private void carried(long epoch, long external) throws Exception {
        Carried none = new Carried(0, 0, 0, 0);
        host.host.traffic(web.nic(), new NicTraffic(epoch, none, none, new Carried(external, external << 20, 1, 60)));
        host.host.report();
    }

    @Test
    void theDayAddsUpWhatCameSinceTheReadingBefore() throws Exception {
        carried(7, 100);
        carried(7, 150);
        carried(7, 150);
        assertThat(page("")).contains("With the outside", "150.0 MiB", "150 packets", "In its network");
        // Another epoch began at zero.
        carried(8, 30);
        assertThat(page("")).contains("180.0 MiB", "180 packets", ">2 packets<");
        assertThat(send("/t/acme/vms/" + db.id() + "/flows", anna).getContentAsString())
                .contains("Nothing yet today");
    }
}
