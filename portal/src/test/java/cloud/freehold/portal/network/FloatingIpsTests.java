package cloud.freehold.portal.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.api.desired.DesiredNetwork.Transport.Kind;
import cloud.freehold.api.desired.DesiredNic.PublicAddress;
import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.ConflictException;
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
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Public addresses: who has which, and what hosts hear of them. */
@PortalTest
class FloatingIpsTests {

    @Autowired
    private ApplicationContext context;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Networks networks;

    @Autowired
    private Routers routers;

    @Autowired
    private FloatingIps floatingIps;

    @Autowired
    private HostChanges changes;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private Person otto;
    private NetworkId office;
    private ExternalNetworkId internet;
    private FakeHost host;
    private UUID web;
    private UUID db;

    @BeforeEach
    void acme() {
        otto = fixtures.operator("acme");
        office = fixtures.as(
                otto, () -> networks.create(otto.tenant(), new NewNetwork("office", "10.0.0.0/16", null), null));
        internet = new Outsides(system).network("internet", "198.51.100.10", "198.51.100.12");
        new Outsides(system).uplink(internet, "kvm-1", "eth1", 50);
        host = new TestHosts(context).enrol("kvm-1");
        web = nic("web", 1);
        db = nic("db", 2);
    }

    private UUID nic(String vm, int number) {
        Placed placed = new Placed(system);
        UUID nic = placed.nic(otto.tenant(), placed.vm(otto.tenant(), host.hostId(), vm), office.value(), number);
        run(() -> changes.rearranged(List.of(host.hostId())));
        return nic;
    }

    @AfterEach
    void close() {
        host.close();
    }

    private void run(Runnable change) {
        fixtures.as(otto, () -> {
            change.run();
            return true;
        });
    }

    private RouterId router(boolean sourceNat) {
        RouterSpec spec =
                new RouterSpec("main", List.of(office), List.of(), new RouterSpec.Outside(internet, sourceNat));
        return fixtures.as(otto, () -> routers.create(otto.tenant(), spec, null));
    }

    private FloatingIp allocate(Person person) {
        return fixtures.as(
                person, () -> floatingIps.get(person.tenant(), floatingIps.allocate(person.tenant(), internet, null)));
    }

    private FloatingIp get(FloatingIp ip) {
        return fixtures.as(otto, () -> floatingIps.get(otto.tenant(), ip.id()));
    }

    private List<PublicAddress> told(UUID nic) throws IOException {
        host.pollOnce(0);
        return host.model().nics().get(nic).publicAddresses();
    }

    @Test
    void aHostIsToldTheWayOutAndWhoseAddressItIs() throws IOException {
        RouterId router = router(false);
        FloatingIp ip = allocate(otto);
        assertThat(ip.address()).isEqualTo("198.51.100.10");
        assertThat(told(web)).isEmpty();
        assertThat(host.model().routers().get(router.value()).externalNetworkId())
                .isEqualTo(internet.value());
        assertThat(host.model().uplinks().values())
                .singleElement()
                .satisfies(uplink -> assertThat(uplink.device()).isEqualTo("eth1"));
        assertThat(host.model().networks().get(internet.value())).satisfies(external -> {
            assertThat(external.external()).isTrue();
            assertThat(external.tenantId()).isNull();
            assertThat(external.transport().kind()).isEqualTo(Kind.VLAN);
            assertThat(external.transport().vlan()).isEqualTo(50);
            assertThat(external.subnets().get(0).gateway()).isEqualTo("198.51.100.1");
        });

        run(() -> floatingIps.attach(otto.tenant(), ip.id(), web, null));
        assertThat(get(ip).progress().isEnforced()).isFalse();
        assertThat(told(web)).containsExactly(new PublicAddress("198.51.100.10", "10.0.1.1", 0, 0));
        assertThat(get(ip).progress().isEnforced()).isTrue();
        assertThat(get(ip).holder().name()).isEqualTo("web/eth0");

        run(() -> floatingIps.attach(otto.tenant(), ip.id(), db, null));
        assertThat(told(web)).isEmpty();
        assertThat(told(db)).hasSize(1);
        run(() -> floatingIps.release(otto.tenant(), ip.id(), null));
        assertThat(told(db)).isEmpty();
        assertThatThrownBy(() -> get(ip)).isInstanceOf(NotFoundException.class);
        assertThat(allocate(otto).address()).isEqualTo("198.51.100.10");
    }

    @Test
    void withoutAnUplinkAHostHearsNothingOfTheOutside() throws IOException {
        system.sql("delete from uplink").update();
        RouterId router = router(true);
        host.pollOnce(0);
        assertThat(host.model().routers().get(router.value()).externalNetworkId())
                .isNull();
        assertThat(host.model().networks()).containsOnlyKeys(office.value());
        assertThat(host.model().uplinks()).isEmpty();
    }

    @Test
    void sourceNatGivesEachNicPortsOfItsOwnAndTakesThemBack() throws IOException {
        RouterId router = router(true);
        assertThat(told(web)).singleElement().satisfies(shared -> {
            assertThat(shared.address()).isEqualTo("198.51.100.10");
            assertThat(shared.insideAddress()).isNull();
            assertThat(shared.portMax() - shared.portMin()).isEqualTo(1023);
        });
        assertThat(told(web).get(0).portMin()).isNotEqualTo(told(db).get(0).portMin());
        PublicAddress before = told(db).get(0);

        // A NIC that comes later gets its own; those there keep theirs.
        Placed placed = new Placed(system);
        UUID vm = placed.vm(otto.tenant(), host.hostId(), "late");
        UUID late = fixtures.as(otto, () -> {
            UUID added = networks.plug(otto.tenant(), office, vm, 0);
            changes.rearranged(List.of(host.hostId()));
            return added;
        });
        assertThat(told(late)).hasSize(1);
        assertThat(told(db)).containsExactly(before);

        FloatingIp ip = allocate(otto);
        run(() -> floatingIps.attach(otto.tenant(), ip.id(), web, null));
        assertThat(told(web)).extracting(PublicAddress::address).containsExactly(ip.address(), "198.51.100.10");

        run(() -> routers.lead(otto.tenant(), router, new RouterSpec.Outside(internet, false)));
        assertThat(told(db)).isEmpty();
        assertThat(told(web)).hasSize(1);
        assertThat(system.sql("select count(*) from public_address")
                        .query(Long.class)
                        .single())
                .isEqualTo(1);
    }

    @Test
    void moreThanSixtyThreeNicsTakeASecondAddress() {
        Placed placed = new Placed(system);
        for (int i = 0; i < 62; i++) {
            placed.nic(otto.tenant(), placed.vm(otto.tenant(), host.hostId(), "vm-" + i), office.value(), 10 + i);
        }
        RouterId router = router(true);
        assertThat(fixtures.as(otto, () -> routers.get(otto.tenant(), router))
                        .outside()
                        .addresses())
                .containsExactly("198.51.100.10", "198.51.100.11");
        assertThat(system.sql("select count(distinct (public_address_id, first_port)) from nat_block")
                        .query(Long.class)
                        .single())
                .isEqualTo(64);
    }

    @Test
    void whatWouldNotWorkIsRefused() {
        FloatingIp ip = allocate(otto);
        assertThatThrownBy(() -> run(() -> floatingIps.attach(otto.tenant(), ip.id(), web, null)))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("no router that leads to internet");
        RouterId router = router(false);
        run(() -> floatingIps.attach(otto.tenant(), ip.id(), web, null));
        FloatingIp second = allocate(otto);
        assertThatThrownBy(() -> run(() -> floatingIps.attach(otto.tenant(), second.id(), web, null)))
                .hasMessageContaining("has the floating IP " + ip.address());
        assertThatThrownBy(() -> run(() -> floatingIps.detach(otto.tenant(), ip.id(), 1L)))
                .isInstanceOf(StaleVersionException.class);
        for (Runnable stranding : List.<Runnable>of(
                () -> routers.lead(otto.tenant(), router, null),
                () -> routers.detach(otto.tenant(), router, office),
                () -> routers.delete(otto.tenant(), router, null))) {
            assertThatThrownBy(() -> run(stranding))
                    .isInstanceOf(ConflictException.class)
                    .hasMessageContaining("web/eth0 has the floating IP " + ip.address());
        }
        assertThat(get(ip).holder()).isNotNull();
        run(() -> networks.delete(otto.tenant(), office, true, null));
        assertThat(get(ip).holder()).isNull();
    }

    @Test
    void quotaAndPoolAreLimits() {
        system.sql("insert into quota (tenant_id, resource, limit_value) values (?, 'PUBLIC_ADDRESSES', 2)"
                        + " on conflict (tenant_id, resource) do update set limit_value = 2")
                .param(otto.tenant().value())
                .update();
        allocate(otto);
        allocate(otto);
        assertThatThrownBy(() -> allocate(otto))
                .isInstanceOf(CapacityException.class)
                .hasMessageContaining("quota of 2");
        Person gina = fixtures.operator("globex");
        assertThat(allocate(gina).address()).isEqualTo("198.51.100.12");
        assertThatThrownBy(() -> allocate(gina))
                .isInstanceOf(CapacityException.class)
                .hasMessageContaining("Every public address of internet is taken");
    }

    @Test
    void anotherTenantsAddressAndNicAreNotThere() {
        router(false);
        FloatingIp ip = allocate(otto);
        Person gina = fixtures.operator("globex");
        FloatingIp theirs = allocate(gina);
        assertThat(theirs.address()).isNotEqualTo(ip.address());
        for (Runnable reaching : List.<Runnable>of(
                () -> floatingIps.get(gina.tenant(), ip.id()),
                () -> floatingIps.detach(gina.tenant(), ip.id(), null),
                () -> floatingIps.release(gina.tenant(), ip.id(), null))) {
            assertThatThrownBy(() -> fixtures.as(gina, () -> {
                        reaching.run();
                        return true;
                    }))
                    .isInstanceOf(NotFoundException.class);
        }
        assertThatThrownBy(() -> fixtures.as(gina, () -> {
                    floatingIps.attach(gina.tenant(), theirs.id(), web, null);
                    return true;
                }))
                .isInstanceOf(InvalidInputException.class);
        assertThat(fixtures.as(gina, () -> floatingIps.candidates(gina.tenant())))
                .isEmpty();
    }

    @Test
    void twoTenantsAtOnceNeverGetTheSameAddress() throws Exception {
        ExternalNetworkId wide = new Outsides(system).network("wide", "198.51.100.100", "198.51.100.140");
        List<Person> people = List.of(otto, fixtures.operator("globex"));
        List<Callable<String>> tasks = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            Person person = people.get(i % 2);
            tasks.add(() -> fixtures.as(
                    person,
                    () -> floatingIps
                            .get(person.tenant(), floatingIps.allocate(person.tenant(), wide, null))
                            .address()));
        }
        var pool = Executors.newFixedThreadPool(4);
        try {
            Set<String> taken = new HashSet<>();
            for (var answer : pool.invokeAll(tasks)) {
                assertThat(taken.add(answer.get())).isTrue();
            }
            assertThat(taken).hasSize(16);
        } finally {
            pool.shutdownNow();
        }
    }
}
