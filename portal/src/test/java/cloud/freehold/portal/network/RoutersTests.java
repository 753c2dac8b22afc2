package cloud.freehold.portal.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.StaleVersionException;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.hostlink.HostChanges;
import cloud.freehold.portal.hostlink.Placed;
import cloud.freehold.portal.hostlink.TestHosts;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.testing.FakeHost;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What routers may be, and what hosts hear of them. */
@PortalTest
class RoutersTests {

    @Autowired
    private ApplicationContext context;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Networks networks;

    @Autowired
    private Routers routers;

    @Autowired
    private HostChanges changes;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private final List<FakeHost> hosts = new ArrayList<>();
    private Placed placed;
    private Person otto;
    private NetworkId office;
    private NetworkId lab;

    @BeforeEach
    void acme() {
        placed = new Placed(system);
        otto = fixtures.operator("acme");
        office = network(otto, "office", "10.0.0.0/16");
        lab = network(otto, "lab", "10.1.0.0/16");
    }

    @AfterEach
    void close() {
        hosts.forEach(FakeHost::close);
    }

    private NetworkId network(Person person, String name, String prefix) {
        return fixtures.as(person, () -> networks.create(person.tenant(), new NewNetwork(name, prefix, null), null));
    }

    private RouterId router(String name, NetworkId... joined) {
        return fixtures.as(
                otto, () -> routers.create(otto.tenant(), new RouterSpec(name, List.of(joined), List.of()), null));
    }

    private Router get(RouterId id) {
        return fixtures.as(otto, () -> routers.get(otto.tenant(), id));
    }

    private void run(Runnable change) {
        fixtures.as(otto, () -> {
            change.run();
            return true;
        });
    }

    private FakeHost hostWithVmIn(String name, NetworkId network, int number) {
        FakeHost host = new TestHosts(context).enrol(name);
        hosts.add(host);
        placed.nic(otto.tenant(), placed.vm(otto.tenant(), host.hostId(), "vm-" + name), network.value(), number);
        run(() -> changes.rearranged(List.of(host.hostId())));
        return host;
    }

    @Test
    void eachHostOfTheNetworksIsToldTheRouterAndAllThatItJoins() throws IOException {
        FakeHost one = hostWithVmIn("kvm-1", office, 1);
        FakeHost two = hostWithVmIn("kvm-2", lab, 2);
        FakeHost stranger = hostWithVmIn("kvm-3", network(otto, "apart", "10.2.0.0/16"), 3);
        for (FakeHost host : hosts) {
            host.pollOnce(0);
            assertThat(host.model().routers()).isEmpty();
            assertThat(host.model().networks()).hasSize(1);
        }

        RouterId id = router("main", office, lab);
        for (FakeHost host : List.of(one, two)) {
            assertThat(host.pollOnce(0)).isTrue();
            assertThat(host.model().networks()).containsOnlyKeys(office.value(), lab.value());
            assertThat(host.model().routers().get(id.value()).networkIds())
                    .containsExactlyInAnyOrder(office.value(), lab.value());
            assertThat(host.model().routers().get(id.value()).tenantId())
                    .isEqualTo(otto.tenant().value());
        }
        assertThat(stranger.pollOnce(0)).isFalse();
        assertThat(get(id).progress().isEnforced()).isTrue();
        assertThat(get(id).progress().hosts()).isEqualTo(2);

        run(() -> routers.addRoute(otto.tenant(), id, new RouterSpec.Route("192.168.0.0/16", "10.1.1.2")));
        assertThat(get(id).progress().isEnforced()).isFalse();
        assertThat(one.pollOnce(0)).isTrue();
        assertThat(one.model().routers().get(id.value()).routes())
                .extracting("cidr", "nextHop")
                .containsExactly(org.assertj.core.groups.Tuple.tuple("192.168.0.0/16", "10.1.1.2"));

        run(() -> routers.detach(otto.tenant(), id, lab));
        one.pollOnce(0);
        two.pollOnce(0);
        assertThat(one.model().networks()).containsOnlyKeys(office.value());
        assertThat(one.model().routers().get(id.value()).routes()).isEmpty();
        assertThat(two.model().networks()).containsOnlyKeys(lab.value());
        assertThat(two.model().routers()).isEmpty();

        run(() -> routers.delete(otto.tenant(), id, null));
        one.pollOnce(0);
        assertThat(one.model().routers()).isEmpty();
    }

    @Test
    void aHostThatGetsItsFirstVmLaterIsToldTheRouterThen() throws IOException {
        RouterId id = router("main", office, lab);
        assertThat(get(id).progress().hosts()).isZero();
        FakeHost late = hostWithVmIn("kvm-9", lab, 9);
        late.pollOnce(0);
        assertThat(late.model().routers()).containsOnlyKeys(id.value());
        assertThat(late.model().networks()).containsOnlyKeys(office.value(), lab.value());
    }

    @Test
    void overlappingSubnetsAreRefusedBothNamed() {
        NetworkId twin = network(otto, "twin", "10.0.4.0/24");
        assertThatThrownBy(() -> router("main", office, twin))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("office (10.0.0.0/16)")
                .hasMessageContaining("twin (10.0.4.0/24)");
        RouterId id = router("main", office);
        assertThatThrownBy(() -> run(() -> routers.attach(otto.tenant(), id, twin)))
                .hasMessageContaining("overlap");
        assertThat(fixtures.as(otto, () -> routers.candidates(otto.tenant(), id)))
                .extracting("name", "overlaps")
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("lab", null),
                        org.assertj.core.groups.Tuple.tuple("twin", "office"));
    }

    @Test
    void aNetworkHasOneRouter() {
        router("main", office);
        assertThatThrownBy(() -> router("other", lab, office)).hasMessageContaining("has the router main");
        assertThat(fixtures.as(otto, () -> routers.list(otto.tenant()))).hasSize(1);
    }

    @Test
    void routesHaveToLeadSomewhere() {
        RouterId id = router("main", office, lab);
        for (String[] wrong : new String[][] {
            {"192.168.0.0", "10.0.0.9", "address and a length"},
            {"192.168.1.0/16", "10.0.0.9", "bits beyond"},
            {"192.168.0.0/16", "172.16.0.9", "one of the router's networks"},
            {"192.168.0.0/16", "fd00::9", "both IPv4 or both IPv6"},
            {"192.168.0.0/16", "10.0.0.1", "router's own address"},
            {"10.1.0.0/16", "10.0.0.9", "subnet of lab"},
            {"x", "y", "address and a length"},
        }) {
            assertThatThrownBy(() ->
                            run(() -> routers.addRoute(otto.tenant(), id, new RouterSpec.Route(wrong[0], wrong[1]))))
                    .as(wrong[0] + " by " + wrong[1])
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining(wrong[2]);
        }
        run(() -> routers.addRoute(otto.tenant(), id, new RouterSpec.Route("0.0.0.0/0", "10.0.0.9")));
        assertThatThrownBy(() ->
                        run(() -> routers.addRoute(otto.tenant(), id, new RouterSpec.Route("0.0.0.0/0", "10.0.0.8"))))
                .hasMessageContaining("already");
        assertThat(get(id).routes()).singleElement().satisfies(hop -> {
            assertThat(hop.network()).isEqualTo("office");
            assertThat(hop.held()).isFalse();
        });
    }

    @Test
    void versionsGuardAgainstEachOther() {
        RouterId id = router("main", office);
        long seen = get(id).version();
        run(() -> routers.rename(otto.tenant(), id, "core", seen));
        assertThatThrownBy(() -> run(() -> routers.rename(otto.tenant(), id, "edge", seen)))
                .isInstanceOf(StaleVersionException.class);
        assertThatThrownBy(() -> run(() -> routers.delete(otto.tenant(), id, seen)))
                .isInstanceOf(StaleVersionException.class);
        assertThat(get(id).name()).isEqualTo("core");
    }

    @Test
    void parallelChangesNeverLeaveAnOverlap() throws Exception {
        RouterId id = router("main");
        List<NetworkId> twins = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            twins.add(network(otto, "twin" + i, "172.16.0.0/" + (16 + i)));
        }
        var pool = Executors.newFixedThreadPool(6);
        try {
            List<Callable<Boolean>> attempts = new ArrayList<>();
            for (NetworkId twin : twins) {
                attempts.add(() -> {
                    try {
                        run(() -> routers.attach(otto.tenant(), id, twin));
                        return true;
                    } catch (InvalidInputException overlap) {
                        return false;
                    }
                });
            }
            int won = 0;
            for (Future<Boolean> attempt : pool.invokeAll(attempts)) {
                won += attempt.get() ? 1 : 0;
            }
            assertThat(won).isEqualTo(1);
        } finally {
            pool.shutdownNow();
        }
        assertThat(get(id).networks()).hasSize(1);
    }

    @Test
    void anotherTenantsRoutersAndNetworksAreNotThere() {
        RouterId id = router("main", office);
        Person gina = fixtures.operator("globex");
        NetworkId theirs = network(gina, "lab", "10.9.0.0/16");
        assertThatThrownBy(() -> fixtures.as(gina, () -> routers.get(gina.tenant(), id)))
                .isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> fixtures.as(gina, () -> {
                    routers.delete(gina.tenant(), id, null);
                    return true;
                }))
                .isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> router("mixed", office, theirs)).isInstanceOf(InvalidInputException.class);
        assertThatThrownBy(() -> run(() -> routers.attach(otto.tenant(), id, theirs)))
                .isInstanceOf(InvalidInputException.class);
        assertThat(get(id).networks()).hasSize(1);
        // The database keeps them apart by itself, too.
        assertThatThrownBy(() -> system.sql(
                                "insert into router_network (tenant_id, router_id, network_id) values (?, ?, ?)")
                        .params(otto.tenant().value(), id.value(), theirs.value())
                        .update())
                .hasStackTraceContaining("foreign key");
    }

    @Test
    void aNetworkWithARouterIsNotDeletedUnderIt() {
        RouterId id = router("main", office);
        assertThatThrownBy(() -> run(() -> networks.delete(otto.tenant(), office, false, null)))
                .hasMessageContaining("main");
        run(() -> routers.detach(otto.tenant(), id, office));
        run(() -> networks.delete(otto.tenant(), office, false, null));
    }

    @Test
    void everyChangeIsAuditedWithBeforeAndAfter() {
        RouterId id = router("main", office);
        run(() -> routers.attach(otto.tenant(), id, lab));
        run(() -> routers.attach(otto.tenant(), id, lab));
        run(() -> routers.delete(otto.tenant(), id, null));
        UUID tenant = otto.tenant().value();
        assertThat(system.sql(
                                "select action from audit_event where tenant_id = ? and target_kind = 'router' order by sequence")
                        .params(tenant)
                        .query(String.class)
                        .list())
                .containsExactly("router.created", "router.changed", "router.deleted");
        assertThat(system.sql("select after::text from audit_event where tenant_id = ? and action = 'router.changed'")
                        .params(tenant)
                        .query(String.class)
                        .single())
                .contains("lab");
    }
}
