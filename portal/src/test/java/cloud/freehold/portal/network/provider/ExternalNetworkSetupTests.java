package cloud.freehold.portal.network.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.hostlink.HostChanges;
import cloud.freehold.portal.hostlink.Placed;
import cloud.freehold.portal.hostlink.TestHosts;
import cloud.freehold.portal.network.ExternalNetworkId;
import cloud.freehold.portal.network.FloatingIps;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.Networks;
import cloud.freehold.portal.network.NewNetwork;
import cloud.freehold.portal.network.RouterSpec;
import cloud.freehold.portal.network.Routers;
import cloud.freehold.portal.network.provider.ExternalProperties.Outside;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.testing.FakeHost;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** From the provider's settings to rows and hosts. */
@PortalTest
class ExternalNetworkSetupTests {

    @Autowired
    private ApplicationContext context;

    @Autowired
    private ExternalNetworkSetup setup;

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

    private static Outside internet(int vlan, Map<String, String> uplinks) {
        return new Outside(
                "internet", "198.51.100.0/24", "198.51.100.1", "198.51.100.10", "198.51.100.20", 1500, vlan, uplinks);
    }

    private ExternalNetworkId only(Person person) {
        return fixtures.as(person, () -> floatingIps.externalNetworks()).get(0).id();
    }

    @Test
    void hostsFollowTheSettings() throws IOException {
        Person otto = fixtures.operator("acme");
        setup.apply(List.of(internet(0, Map.of("kvm-1", "eth1", "kvm-2", "eth9"))));
        ExternalNetworkId id = only(otto);
        try (FakeHost host = new TestHosts(context).enrol("kvm-1")) {
            NetworkId office = fixtures.as(
                    otto, () -> networks.create(otto.tenant(), new NewNetwork("office", "10.0.0.0/16", null), null));
            Placed placed = new Placed(system);
            placed.nic(otto.tenant(), placed.vm(otto.tenant(), host.hostId(), "web"), office.value(), 1);
            fixtures.as(otto, () -> {
                changes.rearranged(List.of(host.hostId()));
                RouterSpec spec = new RouterSpec("main", List.of(office), List.of(), new RouterSpec.Outside(id, false));
                return routers.create(otto.tenant(), spec, null);
            });
            assertThat(host.pollOnce(0)).isTrue();
            assertThat(host.model().uplinks().values()).extracting("device").containsExactly("eth1");

            // The same again is no news.
            setup.apply(List.of(internet(0, Map.of("kvm-1", "eth1", "kvm-2", "eth9"))));
            assertThat(only(otto)).isEqualTo(id);
            assertThat(host.pollOnce(0)).isFalse();

            setup.apply(List.of(internet(7, Map.of("kvm-1", "eth2"))));
            assertThat(host.pollOnce(0)).isTrue();
            assertThat(host.model().uplinks().values()).extracting("device").containsExactly("eth2");
            assertThat(host.model().networks().get(id.value()).transport().vlan())
                    .isEqualTo(7);

            // In use, it stays; hosts have no way there any more.
            setup.apply(List.of());
            assertThat(only(otto)).isEqualTo(id);
            host.pollOnce(0);
            assertThat(host.model().uplinks()).isEmpty();
            assertThat(host.model().networks()).containsOnlyKeys(office.value());
            assertThat(host.model().routers().values())
                    .allSatisfy(router -> assertThat(router.externalNetworkId()).isNull());
        }
    }

    @Test
    void whatNobodyUsesGoesWithTheSettings() {
        Person otto = fixtures.operator("acme");
        setup.apply(List.of(internet(0, Map.of())));
        assertThat(only(otto)).isNotNull();
        setup.apply(List.of());
        assertThat(fixtures.as(otto, () -> floatingIps.externalNetworks())).isEmpty();
    }

    @Test
    void wrongSettingsAreNamed() {
        Outside wrong = new Outside(
                "internet", "198.51.100.0/24", "203.0.113.1", "198.51.100.10", "198.51.100.20", 1500, 0, Map.of());
        assertThatThrownBy(() -> setup.apply(List.of(wrong)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("freehold.external.networks of internet");
    }
}
