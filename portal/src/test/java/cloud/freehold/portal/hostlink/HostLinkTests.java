package cloud.freehold.portal.hostlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.api.AgentPaths;
import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.desired.DesiredAddressSet.SetRef;
import cloud.freehold.api.observed.RuleHits;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.testing.FakeHost;
import cloud.freehold.testing.HostModel;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What a host is told and what it reports, over the real connection. */
@PortalTest
class HostLinkTests {

    private static final Duration SOON = Duration.ofSeconds(15);

    @Autowired
    private ApplicationContext context;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private HostChanges changes;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private final List<FakeHost> hosts = new ArrayList<>();
    private Placed placed;
    private Person anna;
    private TenantId acme;

    @BeforeEach
    void acme() {
        placed = new Placed(system);
        anna = fixtures.owner("acme");
        acme = anna.tenant();
    }

    @AfterEach
    void close() {
        hosts.forEach(FakeHost::close);
    }

    private FakeHost host(String name) {
        FakeHost host = new TestHosts(context).enrol(name);
        hosts.add(host);
        return host;
    }

    private static Set<String> members(HostModel model, UUID group) {
        return model.addressSets()
                .get(new SetRef(ObjectKind.GROUP_MEMBERS, group))
                .members();
    }

    private void rearranged(FakeHost... moved) {
        fixtures.as(anna, () -> {
            for (FakeHost host : moved) {
                changes.rearranged(List.of(host.hostId()));
            }
            return null;
        });
    }

    private void touched(ObjectKind kind, UUID id) {
        fixtures.as(anna, () -> {
            changes.touched(kind, id);
            return null;
        });
    }

    @Test
    void hostIsToldWhatIsPlacedOnItAndWhatItsRulesReferTo() throws IOException {
        FakeHost one = host("kvm-1");
        FakeHost two = host("kvm-2");
        UUID network = placed.network(acme, 7);
        UUID web = placed.group(acme, "web");
        UUID db = placed.group(acme, "db");
        placed.rule(acme, db, 5432, web);
        UUID dbNic = placed.nic(acme, placed.vm(acme, one.hostId(), "db"), network, 1, db);
        UUID webNic = placed.nic(acme, placed.vm(acme, two.hostId(), "web"), network, 2, web);
        rearranged(one, two);

        assertThat(one.pollOnce(0)).isTrue();
        assertThat(two.pollOnce(0)).isTrue();

        HostModel first = one.model();
        assertThat(first.nics()).containsOnlyKeys(dbNic);
        assertThat(first.nics().get(dbNic).addresses()).containsExactly("10.0.1.1");
        assertThat(first.networks()).containsOnlyKeys(network);
        assertThat(first.securityGroups()).containsOnlyKeys(db);
        assertThat(members(first, web)).containsExactly("10.0.1.2");
        assertThat(two.model().nics()).containsOnlyKeys(webNic);
        assertThat(two.model().securityGroups()).containsOnlyKeys(web);
    }

    @Test
    void waitingHostHearsOfAChangeAndItsNicIsEnforcedInMilliseconds() {
        FakeHost host = host("kvm-1").start();
        UUID network = placed.network(acme, 7);
        UUID web = placed.group(acme, "web");
        UUID nic = placed.nic(acme, placed.vm(acme, host.hostId(), "web"), network, 1, web);
        rearranged(host);
        host.await(model -> model.nics().containsKey(nic), SOON);

        UUID rule = placed.rule(acme, web, 443, null);
        touched(ObjectKind.SECURITY_GROUP, web);
        HostModel model = host.await(
                known -> known.securityGroups().get(web).rules().stream()
                        .anyMatch(told -> told.id().equals(rule)),
                SOON);
        host.awaitReported(model.revision(), SOON);

        record Enforcement(long desired, long applied, boolean timed) {}
        Enforcement enforcement = fixtures.as(
                anna,
                () -> context.getBean(JdbcClient.class)
                        .sql(
                                "select desired_revision, applied_revision, applied_at >= committed_at as timed from enforcement_of_nics(array[?::uuid])")
                        .params(nic)
                        .query((row, number) -> new Enforcement(row.getLong(1), row.getLong(2), row.getBoolean(3)))
                        .single());
        assertThat(enforcement.applied()).isGreaterThanOrEqualTo(enforcement.desired());
        assertThat(enforcement.timed()).isTrue();
    }

    @Test
    void nothingNewIsNoContentAndARemovedVmIsNamed() throws IOException {
        FakeHost host = host("kvm-1");
        UUID vm = placed.vm(acme, host.hostId(), "web");
        rearranged(host);
        assertThat(host.pollOnce(0)).isTrue();
        assertThat(host.pollOnce(0)).isFalse();

        system.sql("update vm set deleting_since = now() where id = ?")
                .params(vm)
                .update();
        rearranged(host);
        assertThat(host.pollOnce(0)).isTrue();
        assertThat(host.model().vms()).isEmpty();
    }

    @Test
    void oneNewMemberOfALargeGroupIsOneAddressWhateverTheNumberOfRules() throws IOException {
        FakeHost host = host("kvm-1");
        UUID network = placed.network(acme, 7);
        UUID big = placed.group(acme, "big");
        for (int port = 1; port <= 300; port++) {
            placed.rule(acme, big, port, big);
        }
        for (int number = 1; number <= 200; number++) {
            placed.nic(acme, placed.vm(acme, host.hostId(), "vm" + number), network, number, big);
        }
        rearranged(host);
        host.pollOnce(0);
        long before = host.client().bytesReceived();

        UUID elsewhere = host("kvm-2").hostId();
        placed.nic(acme, placed.vm(acme, elsewhere, "new"), network, 201, big);
        touched(ObjectKind.GROUP_MEMBERS, big);
        host.pollOnce(0);

        assertThat(members(host.model(), big)).hasSize(201).contains("10.0.1.201");
        assertThat(host.client().bytesReceived() - before).isLessThan(1_000);
    }

    @Test
    void hostChangesOnlyWhatIsPlacedOnIt() throws IOException {
        FakeHost mine = host("kvm-1");
        FakeHost stolen = host("kvm-2");
        UUID network = placed.network(acme, 7);
        UUID web = placed.group(acme, "web");
        UUID rule = placed.rule(acme, web, 80, null);
        UUID vm = placed.vm(acme, mine.hostId(), "web");
        UUID nic = placed.nic(acme, vm, network, 1, web);
        rearranged(mine);
        mine.pollOnce(0);

        ReportAs.host(stolen, vm, nic, rule);

        assertThat(count("select count(*) from vm_status where state = 'CRASHED'"))
                .isZero();
        assertThat(count("select count(*) from nic_status where rx_packets = 999"))
                .isZero();
        assertThat(count("select count(*) from rule_hits")).isZero();
        assertThat(count("select count(*) from provider_audit_event where action = 'host.foreign-report'"))
                .isEqualTo(1);
        assertThat(count("select applied_revision from host where name = 'kvm-2'"))
                .isZero();
    }

    @Test
    void hitsOnlyGrowHoweverOftenTheyAreReported() throws IOException {
        FakeHost host = host("kvm-1");
        UUID network = placed.network(acme, 7);
        UUID web = placed.group(acme, "web");
        UUID rule = placed.rule(acme, web, 80, null);
        placed.nic(acme, placed.vm(acme, host.hostId(), "web"), network, 1, web);
        rearranged(host);
        host.pollOnce(0);

        host.ruleHits(List.of(new RuleHits(rule, -5, 3, 30, 300, Instant.now())));
        host.report();
        host.report();
        host.ruleHits(List.of(new RuleHits(rule, -5, 2, 20, 200, Instant.now())));
        host.report();
        host.ruleHits(List.of(new RuleHits(rule, 7, 1, 10, 100, Instant.now())));
        host.report();

        assertThat(count("select sum(packets) from rule_hits")).isEqualTo(40);
        assertThat(count("select sum(connections) from rule_hits_hour")).isEqualTo(4);
    }

    @Test
    void staleReportIsIgnored() throws IOException {
        FakeHost host = host("kvm-1");
        UUID vm = placed.vm(acme, host.hostId(), "web");
        rearranged(host);
        host.pollOnce(0);
        host.report();
        long sequence = count("select report_sequence from host where name = 'kvm-1'");

        ReportAs.stale(host, vm, boot(), sequence);

        assertThat(count("select count(*) from vm_status where state = 'CRASHED'"))
                .isZero();
    }

    private UUID boot() {
        return system.sql("select agent_boot from host where name = 'kvm-1'")
                .query(UUID.class)
                .single();
    }

    @Test
    void changesCannotBeAnnouncedOutsideOfATransaction() {
        assertThatThrownBy(() -> changes.touched(ObjectKind.VM, UUID.randomUUID()))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void anotherHostsCommandIsUnknown() throws IOException {
        FakeHost host = host("kvm-1");
        var answer = host.client()
                .post(
                        AgentPaths.COMMANDS + "/" + UUID.randomUUID(),
                        new cloud.freehold.api.command.CommandProgress(
                                cloud.freehold.api.command.CommandProgress.Status.DONE, 100, "", null, Instant.now()));
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(count("select count(*) from provider_audit_event where action = 'host.foreign-command'"))
                .isEqualTo(1);
    }

    private long count(String query) {
        return system.sql(query).query(Long.class).single();
    }
}
