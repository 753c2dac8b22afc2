package cloud.freehold.portal.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.desired.DesiredAddressSet.SetRef;
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
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What networks may be, what a change does to the addresses of their NICs, and what hosts hear of it. */
@PortalTest
class NetworksTests {

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

    private Placed placed;
    private Person otto;
    private FakeHost host;

    @BeforeEach
    void acme() {
        placed = new Placed(system);
        otto = fixtures.operator("acme");
    }

    @AfterEach
    void close() {
        if (host != null) {
            host.close();
        }
    }

    private static SubnetSpec subnet(String prefix) {
        return new SubnetSpec(prefix, null, List.of(), true);
    }

    private NetworkId network(String name, String... prefixes) {
        List<SubnetSpec> subnets =
                List.of(prefixes).stream().map(NetworksTests::subnet).toList();
        return fixtures.as(otto, () -> networks.create(otto.tenant(), new NetworkSpec(name, subnets), null));
    }

    private Network get(NetworkId id) {
        return fixtures.as(otto, () -> networks.get(otto.tenant(), id));
    }

    private List<NetworkNic> nics(NetworkId id) {
        return fixtures.as(otto, () -> networks.nics(otto.tenant(), id));
    }

    private void run(Runnable change) {
        fixtures.as(otto, () -> {
            change.run();
            return true;
        });
    }

    private UUID subnetId(NetworkId id, String prefix) {
        return get(id).subnets().stream()
                .filter(subnet -> subnet.prefix().equals(prefix))
                .map(Network.Subnet::id)
                .findFirst()
                .orElseThrow();
    }

    /** A VM on a host that listens; its NIC has the addresses that the portal gives it. */
    private UUID nic(NetworkId network, String vm, UUID... groups) {
        if (host == null) {
            host = new TestHosts(context).enrol("kvm-1");
        }
        UUID machine = placed.vm(otto.tenant(), host.hostId(), vm);
        UUID nic = fixtures.as(otto, () -> networks.plug(otto.tenant(), network, machine, 0));
        for (UUID group : groups) {
            system.sql("insert into nic_security_group (tenant_id, nic_id, group_id) values (?, ?, ?)")
                    .params(otto.tenant().value(), nic, group)
                    .update();
        }
        run(() -> changes.rearranged(List.of(host.hostId())));
        return nic;
    }

    @Test
    void subnetsComeAndGoWithTheAddressesOfTheNics() throws IOException {
        NetworkId office = network("office", "10.0.0.0/24");
        UUID group = placed.group(otto.tenant(), "web");
        placed.rule(otto.tenant(), group, 80, group);
        UUID web = nic(office, "web", group);
        host.pollOnce(0);
        assertThat(host.model().nics().get(web).addresses()).containsExactly("10.0.0.2");

        run(() -> networks.addSubnet(
                otto.tenant(), office, new SubnetSpec("fd12:3456:789a::/64", null, List.of("2620:fe::fe"), true)));
        host.pollOnce(0);
        assertThat(host.model().nics().get(web).addresses())
                .hasSize(2)
                .satisfies(addresses -> assertThat(addresses.get(1)).startsWith("fd12:3456:789a:0:"));
        assertThat(host.model()
                        .addressSets()
                        .get(new SetRef(ObjectKind.GROUP_MEMBERS, group))
                        .members())
                .hasSize(2);
        assertThat(host.model().networks().get(office.value()).subnets())
                .extracting("cidr", "gateway", "dhcp")
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("10.0.0.0/24", "10.0.0.1", true),
                        org.assertj.core.groups.Tuple.tuple("fd12:3456:789a::/64", "fd12:3456:789a::1", true));
        assertThat(get(office).progress().isEnforced()).isTrue();

        run(() -> networks.removeSubnet(otto.tenant(), office, subnetId(office, "10.0.0.0/24")));
        host.pollOnce(0);
        assertThat(host.model().nics().get(web).addresses()).hasSize(1);
        assertThat(host.model().networks().get(office.value()).subnets()).hasSize(1);
        assertThat(nics(office))
                .singleElement()
                .satisfies(nic -> assertThat(nic.addresses()).hasSize(1));
    }

    @Test
    void gatewayDnsAndDhcpChangeInPlace() throws IOException {
        NetworkId office = network("office", "10.0.0.0/24");
        nic(office, "web");
        host.pollOnce(0);
        UUID id = subnetId(office, "10.0.0.0/24");
        run(() -> networks.changeSubnet(
                otto.tenant(),
                office,
                id,
                new SubnetSpec("10.0.0.0/24", "10.0.0.254", List.of("9.9.9.9", "149.112.112.112"), false)));
        host.pollOnce(0);
        assertThat(host.model().networks().get(office.value()).subnets())
                .singleElement()
                .satisfies(subnet -> {
                    assertThat(subnet.gateway()).isEqualTo("10.0.0.254");
                    assertThat(subnet.dnsServers()).containsExactly("9.9.9.9", "149.112.112.112");
                    assertThat(subnet.dhcp()).isFalse();
                });
        assertThat(subnetId(office, "10.0.0.0/24")).isEqualTo(id);
        assertThatThrownBy(() -> run(() -> networks.changeSubnet(
                        otto.tenant(), office, id, new SubnetSpec("10.0.0.0/24", "10.0.0.2", List.of(), true))))
                .hasMessageContaining("web/eth0");
        // Saving what is there already is no change.
        long version = get(office).version();
        run(() -> networks.replace(otto.tenant(), office, get(office).spec(), version));
        assertThat(get(office).version()).isEqualTo(version);
        assertThat(host.pollOnce(0)).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "10.0.0.0|||address and a length",
                "10.0.0.1/24|||bits beyond",
                "300.0.0.0/24|||address and a length",
                "127.0.0.0/8|||special meaning",
                "169.254.0.0/16|||special meaning",
                "224.0.0.0/24|||special meaning",
                "10.0.0.0/31|||between /8 and /28",
                "fd00::/48|||is a /64",
                "fe80::/64|||unique local",
                "10.0.0.0/24|10.0.1.1||address in the subnet",
                "10.0.0.0/24|10.0.0.0||meaning of their own",
                "10.0.0.0/24|10.0.0.255||meaning of their own",
                "10.0.0.0/24|x||address in the subnet",
                "10.0.0.0/24||fd00::1|are IPv4 addresses",
                "10.0.0.0/24||dns.example|as an address"
            })
    void wrongSubnetsAreRefusedWithTheReason(String prefix, String gateway, String dns, String reason) {
        SubnetSpec wrong = new SubnetSpec(prefix, gateway, dns == null ? List.of() : List.of(dns), true);
        assertThatThrownBy(() -> run(() -> networks.create(otto.tenant(), new NetworkSpec("n", List.of(wrong)), null)))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(reason);
        assertThat(fixtures.as(otto, () -> networks.list(otto.tenant()))).isEmpty();
    }

    @Test
    void subnetsOfANetworkDoNotOverlapAndNamesAreTakenOnce() {
        assertThatThrownBy(() -> network("n", "10.0.0.0/16", "10.0.4.0/24")).hasMessageContaining("overlaps");
        network("office", "10.0.0.0/24");
        assertThatThrownBy(() -> network("office", "10.1.0.0/24")).hasMessageContaining("already");
    }

    @Test
    void aChangeThatARouterCannotTakeIsRefused() {
        NetworkId office = network("office", "10.0.0.0/24");
        NetworkId lab = network("lab", "10.1.0.0/24");
        RouterId router = fixtures.as(
                otto,
                () -> routers.create(
                        otto.tenant(),
                        new RouterSpec(
                                "main",
                                List.of(office, lab),
                                List.of(new RouterSpec.Route("192.168.0.0/16", "10.1.0.9"))),
                        null));
        assertThatThrownBy(() -> run(() -> networks.addSubnet(otto.tenant(), lab, subnet("10.0.0.0/16"))))
                .hasMessageContaining("office (10.0.0.0/24)");
        assertThatThrownBy(() -> run(() -> networks.removeSubnet(otto.tenant(), lab, subnetId(lab, "10.1.0.0/24"))))
                .hasMessageContaining("router main");
        assertThatThrownBy(() -> run(() -> networks.addSubnet(otto.tenant(), lab, subnet("192.168.0.0/16"))))
                .hasMessageContaining("router main");
        assertThat(get(lab).subnets()).hasSize(1);
        run(() -> networks.addSubnet(otto.tenant(), lab, subnet("10.3.0.0/24")));
        assertThat(fixtures.as(otto, () -> routers.get(otto.tenant(), router)).networks())
                .anySatisfy(joined -> assertThat(joined.prefixes()).contains("10.3.0.0/24"));
    }

    @Test
    void aNetworkInUseGoesOnlyWithItsNicsAndItsPlaceInTheRouter() throws IOException {
        NetworkId office = network("office", "10.0.0.0/24");
        NetworkId lab = network("lab", "10.1.0.0/24");
        UUID group = placed.group(otto.tenant(), "web");
        placed.rule(otto.tenant(), group, 80, group);
        UUID web = nic(office, "web", group);
        UUID other = nic(lab, "other", group);
        RouterId router = fixtures.as(
                otto,
                () -> routers.create(
                        otto.tenant(),
                        new RouterSpec(
                                "main",
                                List.of(office, lab),
                                List.of(new RouterSpec.Route("192.168.0.0/16", "10.0.0.9"))),
                        null));
        host.pollOnce(0);
        assertThat(host.model().nics()).containsOnlyKeys(web, other);

        assertThatThrownBy(() -> run(() -> networks.delete(otto.tenant(), office, false, null)))
                .isInstanceOf(ConflictException.class)
                .hasMessageContaining("1 NIC and the router main");
        run(() -> networks.delete(otto.tenant(), office, true, null));
        host.pollOnce(0);
        assertThat(host.model().nics()).containsOnlyKeys(other);
        assertThat(host.model().networks()).containsOnlyKeys(lab.value());
        assertThat(host.model().routers().get(router.value()).networkIds()).containsExactly(lab.value());
        assertThat(host.model().routers().get(router.value()).routes()).isEmpty();
        assertThat(host.model()
                        .addressSets()
                        .get(new SetRef(ObjectKind.GROUP_MEMBERS, group))
                        .members())
                .isEqualTo(Set.of("10.1.0.2"));
    }

    @Test
    void aFullSubnetRefusesTheNextNic() {
        NetworkId small = network("small", "10.0.0.0/28");
        for (int i = 0; i < 13; i++) {
            nic(small, "vm" + i);
        }
        assertThat(get(small).subnets()).singleElement().satisfies(subnet -> {
            assertThat(subnet.used()).isEqualTo(13);
            assertThat(subnet.size()).isEqualTo(13);
        });
        assertThatThrownBy(() -> nic(small, "one-more")).isInstanceOf(CapacityException.class);
        assertThat(nics(small)).hasSize(13);
        assertThat(nics(small).stream().flatMap(nic -> nic.addresses().stream()).distinct())
                .hasSize(13);
    }

    @Test
    void addressesBesideAGatewayInTheMiddleAreAllUsed() {
        NetworkId small = fixtures.as(
                otto,
                () -> networks.create(
                        otto.tenant(),
                        new NetworkSpec("small", List.of(new SubnetSpec("10.0.0.0/28", "10.0.0.7", List.of(), true))),
                        null));
        for (int i = 0; i < 13; i++) {
            nic(small, "vm" + i);
        }
        assertThat(nics(small).stream().flatMap(nic -> nic.addresses().stream()))
                .contains("10.0.0.1", "10.0.0.14")
                .doesNotContain("10.0.0.7");
    }

    @Test
    void allowedAddressesAreCheckedAndTold() throws IOException {
        NetworkId office = network("office", "10.0.0.0/24");
        UUID web = nic(office, "web");
        UUID db = nic(office, "db");
        host.pollOnce(0);
        run(() -> networks.configure(
                otto.tenant(), web, new NicSettings(true, List.of("10.0.0.40", "192.168.0.0/16", "fd00::/8"))));
        host.pollOnce(0);
        assertThat(host.model().nics().get(web).allowedAddressPairs())
                .containsExactly("10.0.0.40/32", "192.168.0.0/16", "fd00::/8");
        for (String wrong : List.of("10.0.0.40", "10.0.0.2", "10.0.0.1", "10.0.0.1/16", "x", "")) {
            assertThatThrownBy(() ->
                            run(() -> networks.configure(otto.tenant(), db, new NicSettings(true, List.of(wrong)))))
                    .as(wrong)
                    .isInstanceOf(InvalidInputException.class);
        }
        run(() -> networks.configure(otto.tenant(), db, new NicSettings(false, List.of())));
        host.pollOnce(0);
        assertThat(host.model().nics().get(db).portSecurity()).isFalse();
    }

    @Test
    void versionsGuardAndOthersTenantsAreNotThere() {
        NetworkId office = network("office", "10.0.0.0/24");
        long seen = get(office).version();
        run(() -> networks.rename(otto.tenant(), office, "main office"));
        assertThatThrownBy(() -> run(() ->
                        networks.replace(otto.tenant(), office, get(office).spec(), seen)))
                .isInstanceOf(StaleVersionException.class);
        Person gina = fixtures.operator("globex");
        assertThatThrownBy(() -> fixtures.as(gina, () -> networks.get(gina.tenant(), office)))
                .isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> fixtures.as(gina, () -> {
                    networks.delete(gina.tenant(), office, true, null);
                    return true;
                }))
                .isInstanceOf(NotFoundException.class);
        assertThat(fixtures.as(gina, () -> networks.nics(gina.tenant(), office)))
                .isEmpty();
        assertThat(get(office).name()).isEqualTo("main office");
    }
}
