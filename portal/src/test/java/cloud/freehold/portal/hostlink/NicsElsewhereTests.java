package cloud.freehold.portal.hostlink;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.AgentPaths;
import cloud.freehold.api.desired.DesiredNetwork.Transport.Kind;
import cloud.freehold.api.desired.DesiredRemoteNic;
import cloud.freehold.api.observed.HostFacts.Tunnel;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.Networks;
import cloud.freehold.portal.network.NicSettings;
import cloud.freehold.portal.network.RouterId;
import cloud.freehold.portal.network.RouterSpec;
import cloud.freehold.portal.network.Routers;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.portal.testing.TestingClock;
import cloud.freehold.testing.FakeHost;
import cloud.freehold.testing.TwoHosts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What a host is told of the NICs that its own can reach on other hosts. */
@PortalTest
class NicsElsewhereTests {

    @Autowired
    private ApplicationContext context;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private HostChanges changes;

    @Autowired
    private Networks networks;

    @Autowired
    private Routers routers;

    @Autowired
    private TestingClock clock;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private final List<FakeHost> hosts = new ArrayList<>();
    private Placed placed;
    private Person otto;
    private TenantId acme;
    private UUID office;
    private FakeHost one;
    private FakeHost two;

    @BeforeEach
    void acme() throws IOException {
        placed = new Placed(system);
        otto = fixtures.operator("acme");
        acme = otto.tenant();
        office = placed.network(acme, 7, "10.0.0.0/16");
        one = host(1);
        two = host(2);
    }

    @AfterEach
    void close() {
        hosts.forEach(FakeHost::close);
    }

    /** kvm-N, whose tunnels end at 192.0.2.N. */
    private FakeHost host(int number) throws IOException {
        FakeHost host = new TestHosts(context).enrol("kvm-" + number);
        hosts.add(host);
        tunnel(host, "192.0.2." + number + "/24");
        return host;
    }

    private void tunnel(FakeHost host, String address) throws IOException {
        host.tunnel(address == null ? null : new Tunnel("eth1", address, "192.0.2.254", 0));
        host.report();
    }

    private UUID nic(FakeHost host, String vm, UUID network, int number) {
        UUID nic = placed.nic(acme, placed.vm(acme, host.hostId(), vm), network, number);
        run(() -> changes.rearranged(List.of(host.hostId())));
        return nic;
    }

    private void run(Runnable change) {
        fixtures.as(otto, () -> {
            change.run();
            return true;
        });
    }

    private static Collection<DesiredRemoteNic> told(FakeHost host) throws IOException {
        host.pollOnce(0);
        return host.model().remoteNics().values();
    }

    private static void assertNoNews(FakeHost... hosts) throws IOException {
        for (FakeHost host : hosts) {
            assertThat(host.pollOnce(0)).isFalse();
        }
    }

    @Test
    void eachHostIsToldTheOthersNicsAndHowToReachThem() throws IOException {
        UUID web = nic(one, "web", office, 1);
        UUID db = nic(two, "db", office, 2);

        DesiredRemoteNic atOne = told(one).iterator().next();
        assertThat(atOne.id()).isEqualTo(db);
        assertThat(atOne.tenantId()).isEqualTo(acme.value());
        assertThat(atOne.networkId()).isEqualTo(office);
        assertThat(atOne.mac()).isEqualTo("02:00:01:00:00:02");
        assertThat(atOne.addresses()).containsExactly("10.0.1.2");
        assertThat(atOne.tunnel()).isEqualTo("192.0.2.2");
        assertThat(told(two)).singleElement().satisfies(nic -> {
            assertThat(nic.id()).isEqualTo(web);
            assertThat(nic.tunnel()).isEqualTo("192.0.2.1");
        });
        assertThat(one.model().nics()).containsOnlyKeys(web);
        assertThat(one.model().uplinks().values()).singleElement().satisfies(uplink -> {
            assertThat(uplink.device()).isEqualTo("eth1");
            assertThat(uplink.address()).isEqualTo("192.0.2.1/24");
            assertThat(uplink.gateway()).isEqualTo("192.0.2.254");
        });
        assertThat(one.model().networks().get(office).transport()).satisfies(transport -> {
            assertThat(transport.kind()).isEqualTo(Kind.VXLAN);
            assertThat(one.model().uplinks()).containsKey(transport.uplinkId());
        });
    }

    @Test
    void tellsTwoHostsWhatTheAgentsTestsCarryPacketsBy() throws IOException {
        UUID group = placed.group(acme, "db");
        placed.rule(acme, group, TwoHosts.OPEN_PORT, null);
        nic(one, "web", office, 1);
        UUID db = placed.nic(acme, placed.vm(acme, two.hostId(), "db"), office, 2, group);
        run(() -> changes.rearranged(List.of(two.hostId())));
        String told = TwoHosts.normalised(whole(one), whole(two));
        Files.writeString(Path.of("target/two-hosts.actual.json"), told);
        assertThat(told)
                .as("If the change is meant: cp portal/target/two-hosts.actual.json"
                        + " host-service/testing/src/main/resources/cloud/freehold/testing/two-hosts.json")
                .isEqualTo(TwoHosts.text());
        assertThat(told(two)).hasSize(1);
        assertThat(two.model().nics()).containsOnlyKeys(db);
    }

    private static String whole(FakeHost host) throws IOException {
        return host.client().get(AgentPaths.DESIRED + "?after=0&wait=0").body();
    }

    @Test
    void aNicThatGoesOrMovesIsToldInOneChange() throws IOException {
        FakeHost three = host(3);
        nic(one, "web", office, 1);
        UUID db = nic(two, "db", office, 2);
        UUID cache = nic(three, "cache", office, 3);
        assertThat(told(one)).extracting(DesiredRemoteNic::id).containsExactlyInAnyOrder(db, cache);

        system.sql("update vm set host_id = ? where name = 'cache'")
                .params(two.hostId())
                .update();
        run(() -> changes.rearranged(List.of(two.hostId(), three.hostId())));
        assertThat(told(one))
                .extracting("id", "tunnel")
                .containsExactlyInAnyOrder(
                        org.assertj.core.groups.Tuple.tuple(db, "192.0.2.2"),
                        org.assertj.core.groups.Tuple.tuple(cache, "192.0.2.2"));
        told(two);
        assertThat(two.model().nics()).containsOnlyKeys(db, cache);
        assertThat(told(three)).isEmpty();
        assertThat(three.model().networks()).isEmpty();
        assertThat(three.model().uplinks()).isEmpty();

        run(() -> networks.unplug(acme, db));
        assertThat(told(one)).extracting(DesiredRemoteNic::id).containsExactly(cache);
        system.sql("update vm set deleting_since = now() where name = 'cache'").update();
        run(() -> changes.rearranged(List.of(two.hostId())));
        assertThat(told(one)).isEmpty();
        told(two);
        assertNoNews(one, two, three);
    }

    @Test
    void whatNoNicOfItsOwnCanReachAHostIsNeverTold() throws IOException {
        FakeHost stranger = host(3);
        UUID lab = placed.network(acme, 8, "10.1.0.0/16");
        nic(stranger, "apart", lab, 3);
        told(stranger);
        nic(one, "web", office, 1);
        nic(two, "db", office, 2);
        run(() -> networks.unplug(acme, nic(two, "gone", office, 4)));
        assertNoNews(stranger);
        assertThat(stranger.model().remoteNics()).isEmpty();
        assertThat(stranger.model().networks()).containsOnlyKeys(lab);

        // A router makes it reachable, and its end out of reach again.
        RouterId router = fixtures.as(
                otto,
                () -> routers.create(
                        acme,
                        new RouterSpec("main", List.of(new NetworkId(office), new NetworkId(lab)), List.of()),
                        null));
        assertThat(told(stranger)).hasSize(2);
        assertThat(told(one)).hasSize(2);
        nic(two, "later", office, 5);
        assertThat(told(stranger)).hasSize(3);
        run(() -> routers.delete(acme, router, null));
        assertThat(told(stranger)).isEmpty();
        assertThat(told(one)).hasSize(2);
    }

    @Test
    void anotherTenantsNicsAreNotTold() throws IOException {
        Person gina = fixtures.operator("globex");
        UUID theirs = placed.network(gina.tenant(), 9, "10.0.0.0/16");
        placed.nic(gina.tenant(), placed.vm(gina.tenant(), two.hostId(), "theirs"), theirs, 9);
        nic(one, "web", office, 1);
        UUID db = nic(two, "db", office, 2);
        assertThat(told(one)).extracting(DesiredRemoteNic::id).containsExactly(db);
        told(two);
        assertThat(two.model().networks()).containsOnlyKeys(office, theirs);
        assertThat(two.model().remoteNics().values())
                .extracting(DesiredRemoteNic::networkId)
                .containsExactly(office);
    }

    @Test
    void aHostWhoseTunnelEndMovesComesOrGoesIsFollowed() throws IOException {
        nic(one, "web", office, 1);
        nic(two, "db", office, 2);
        told(one);
        told(two);
        assertNoNews(one, two);

        tunnel(two, "192.0.2.22/24");
        assertThat(told(one)).extracting(DesiredRemoteNic::tunnel).containsExactly("192.0.2.22");
        told(two);
        assertThat(two.model().uplinks().values())
                .singleElement()
                .satisfies(uplink -> assertThat(uplink.address()).isEqualTo("192.0.2.22/24"));
        tunnel(two, "192.0.2.22/24");
        assertNoNews(one, two);

        tunnel(two, null);
        assertThat(told(one)).isEmpty();
        assertThat(told(two)).isEmpty();
        assertThat(two.model().uplinks()).isEmpty();
        assertThat(two.model().networks().get(office).transport()).isNull();
        assertThat(one.model().networks().get(office).transport()).isNotNull();

        tunnel(two, "192.0.2.2/24");
        assertThat(told(one)).extracting(DesiredRemoteNic::tunnel).containsExactly("192.0.2.2");
        assertThat(told(two)).hasSize(1);
    }

    @Test
    void aHostThatCannotDecideWhereItsTunnelsEndIsFollowedNowAndThen() throws IOException {
        nic(one, "web", office, 1);
        nic(two, "db", office, 2);
        told(one);
        told(two);
        long before = revision(one);
        tunnel(two, "192.0.2.22/24");
        long ofOneChange = revision(one) - before;
        assertThat(ofOneChange).isPositive();
        for (int i = 0; i < 40; i++) {
            tunnel(two, i % 2 == 0 ? "192.0.2.2/24" : "192.0.2.22/24");
        }
        assertThat(revision(one) - before).isBetween(ofOneChange, 5 * ofOneChange);

        // What it said last holds as soon as its time has come, though it does not say it again.
        tunnel(two, "192.0.2.23/24");
        two.keepFactsToItself();
        clock.advance(Duration.ofSeconds(61));
        two.report();
        assertThat(told(one)).extracting(DesiredRemoteNic::tunnel).containsExactly("192.0.2.23");
        long settled = revision(one);
        clock.advance(Duration.ofSeconds(61));
        two.report();
        assertThat(revision(one)).isEqualTo(settled);
    }

    private long revision(FakeHost host) {
        return system.sql("select desired_revision from host where id = ?")
                .params(host.hostId())
                .query(Long.class)
                .single();
    }

    @Test
    void anAddressThatAnotherHostHasOrNonsenseIsNotTaken() throws IOException {
        nic(one, "web", office, 1);
        nic(two, "db", office, 2);
        told(one);
        told(two);
        tunnel(two, "192.0.2.1/24");
        for (Tunnel wrong : List.of(
                new Tunnel("eth1", "192.0.2.999/24", null, 0),
                new Tunnel("eth1", "fd00::1/64", null, 0),
                new Tunnel("eth1", "192.0.2.7/24", "198.51.100.1", 0),
                new Tunnel("eth1", "192.0.2.7/24", null, 5000),
                new Tunnel("a'b;drop table", "192.0.2.7/24", null, 0),
                new Tunnel(null, null, null, -1))) {
            two.tunnel(wrong);
            two.report();
        }
        assertNoNews(one, two);
        assertThat(told(one)).extracting(DesiredRemoteNic::tunnel).containsExactly("192.0.2.2");
    }

    @Test
    void addressesThatANicMayHaveBesidesAreFoundToo() throws IOException {
        nic(one, "web", office, 1);
        UUID db = nic(two, "db", office, 2);
        told(one);
        run(() -> networks.configure(acme, db, new NicSettings(true, List.of("10.0.9.9", "172.16.0.0/16"))));
        assertThat(told(one))
                .singleElement()
                .satisfies(nic -> assertThat(nic.addresses()).containsExactly("10.0.1.2", "10.0.9.9"));
    }

    @Test
    void oneMoreNicIsFewBytesHoweverManyThereAre() throws IOException {
        nic(one, "web", office, 1);
        for (int number = 2; number <= 300; number++) {
            placed.nic(acme, placed.vm(acme, two.hostId(), "vm" + number), office, number);
        }
        run(() -> changes.rearranged(List.of(two.hostId())));
        assertThat(told(one)).hasSize(299);
        long before = one.client().bytesReceived();
        nic(two, "late", office, 301);
        assertThat(told(one)).hasSize(300);
        assertThat(one.client().bytesReceived() - before).isLessThan(1_000);
    }

    @Test
    void tenantsThatPlaceVmsAtOnceDoNotStopEachOther() throws Exception {
        List<Person> people = List.of(otto, fixtures.operator("globex"));
        List<UUID> shared = List.of(office, placed.network(people.get(1).tenant(), 9, "10.0.0.0/16"));
        for (int i = 0; i < 4; i++) {
            Person person = people.get(i % 2);
            UUID vm = placed.vm(person.tenant(), hosts.get(i / 2).hostId(), "there-" + i);
            placed.nic(person.tenant(), vm, shared.get(i % 2), 10 + i);
            fixtures.as(person, () -> {
                changes.rearranged(List.of(one.hostId(), two.hostId()));
                return true;
            });
        }
        List<Callable<UUID>> tasks = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            Person person = people.get(i % 2);
            UUID vm = placed.vm(person.tenant(), null, "new-" + i);
            UUID nic = placed.nic(person.tenant(), vm, shared.get(i % 2), 20 + i);
            tasks.add(() -> fixtures.as(person, () -> {
                changes.unplaced(vm);
                return nic;
            }));
        }
        var pool = Executors.newFixedThreadPool(4);
        try {
            for (var task : pool.invokeAll(tasks)) {
                task.get();
            }
        } finally {
            pool.shutdownNow();
        }
        told(one);
        told(two);
        assertThat(one.model().nics()).hasSizeBetween(3, 41);
        assertThat(one.model().nics().size() + two.model().nics().size()).isEqualTo(44);
        assertThat(one.model().remoteNics().keySet())
                .isEqualTo(two.model().nics().keySet());
        assertThat(two.model().remoteNics().keySet())
                .isEqualTo(one.model().nics().keySet());
    }
}
