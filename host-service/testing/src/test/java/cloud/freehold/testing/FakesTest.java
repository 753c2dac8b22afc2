package cloud.freehold.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.api.AgentPaths;
import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.api.desired.DesiredAddressSet;
import cloud.freehold.api.desired.DesiredAddressSet.SetRef;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FakesTest {
    private static final Duration SOON = Duration.ofSeconds(10);
    private final SetRef set = new SetRef(ObjectKind.ADDRESS_GROUP, UUID.randomUUID());
    private final UUID tenant = UUID.randomUUID();
    private FakePortal portal;
    private FakeHost host;

    @BeforeEach
    void enrol() throws Exception {
        portal = FakePortal.start();
        var trusted = List.of(portal.authority().certificate());
        host = FakeHost.enrol(portal.url(), trusted, portal.newToken("h1"), "h1");
    }

    @AfterEach
    void close() {
        host.close();
        portal.close();
    }

    @Test
    void tellsDeltasAndTakesReports() {
        host.start();
        portal.publish(revision ->
                List.of(new DesiredAddressSet(set, revision, tenant, true, 0, List.of("10.0.0.1", "10.0.0.2"), null)));
        long base = portal.revision();
        host.awaitReported(base, SOON);

        long changed = portal.publish(revision -> List.of(
                new DesiredAddressSet(set, revision, tenant, false, base, List.of("10.0.0.3"), List.of("10.0.0.1"))));

        var model = host.await(m -> m.revision() == changed, SOON);
        assertThat(model.addressSets().get(set).members()).containsExactly("10.0.0.2", "10.0.0.3");
        assertThat(portal.awaitReport(r -> r.appliedRevision() == changed, SOON).appliedEpoch())
                .isEqualTo(portal.epoch());

        portal.remove(new ObjectRef(set.kind(), set.id()));
        assertThat(host.await(m -> m.addressSets().isEmpty(), SOON).removed()).hasSize(1);
    }

    @Test
    void aCommandIsCarriedOutOnce() {
        host.start();
        var command =
                new HostCommand.ForceOffVm(UUID.randomUUID(), Instant.now().plusSeconds(60), UUID.randomUUID());
        portal.command(command);
        assertThat(portal.awaitEnd(command.id(), SOON).status()).isEqualTo(CommandProgress.Status.DONE);
        assertThat(host.commandsSeen()).containsExactly(command);
    }

    @Test
    void aTokenIsGoodForOneEnrolmentOfItsHost() {
        var trusted = List.of(portal.authority().certificate());
        var token = portal.newToken("h2");
        assertThatThrownBy(() -> FakeHost.enrol(portal.url(), trusted, token, "h3"))
                .isInstanceOf(HostClient.Refused.class)
                .hasMessageContaining("403");
        assertThatThrownBy(() -> FakeHost.enrol(portal.url(), trusted, token, "h2"))
                .isInstanceOf(HostClient.Refused.class);
    }

    @Test
    void withoutItsCertificateNothingIsSaid() throws Exception {
        var anonymous = HostIdentity.anonymous(List.of(portal.authority().certificate()));
        assertThat(new HostClient(portal.url(), anonymous)
                        .get(AgentPaths.DESIRED + "?after=0&wait=0")
                        .statusCode())
                .isEqualTo(401);
        var other = portal.authority().host(UUID.randomUUID(), Duration.ofDays(1));
        assertThat(new HostClient(portal.url(), other)
                        .get(AgentPaths.DESIRED + "?after=0&wait=0")
                        .statusCode())
                .isEqualTo(401);
    }
}
