package cloud.freehold.portal.hostlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.api.AgentPaths;
import cloud.freehold.api.enrolment.EnrolmentRequest;
import cloud.freehold.api.enrolment.RenewalRequest;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.portal.testing.TestingClock;
import cloud.freehold.testing.FakeHost;
import cloud.freehold.testing.HostClient;
import cloud.freehold.testing.HostIdentity;
import cloud.freehold.testing.TestAuthority;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Who may speak as a host, and that whoever may not is refused and written down. */
@PortalTest
class HostCertificateTests {

    private static final String ASK = AgentPaths.DESIRED + "?after=0&wait=0";

    @Autowired
    private ApplicationContext context;

    @Autowired
    private HostEnrolment enrolment;

    @Autowired
    private TestingClock clock;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private TestHosts hosts;

    @BeforeEach
    void hosts() {
        hosts = new TestHosts(context);
    }

    private void assertRefused(HostClient client, String why) throws IOException {
        assertThat(client.get(ASK).statusCode()).isEqualTo(401);
        assertThat(client.get(ASK).body()).contains("enrol it again");
        assertThat(system.sql("""
                        select count(*) from provider_audit_event
                        where action = 'host.certificate-refused' and detail ->> 'why' = :why
                        """).param("why", why).query(Long.class).single()).isEqualTo(1);
    }

    @Test
    void enrolledHostIsAnsweredAndOneWithoutCertificateIsNot() throws IOException {
        assertThat(hosts.enrol("kvm-1").client().get(ASK).statusCode()).isEqualTo(200);
        HostClient nobody = new HostClient(hosts.portal(), HostIdentity.anonymous(hosts.trusted()));
        assertThat(nobody.get(ASK).statusCode()).isEqualTo(401);
        assertThat(nobody.post(AgentPaths.REPORT, new RenewalRequest("")).statusCode())
                .isEqualTo(401);
    }

    @Test
    void foreignCertificateIsRefused() throws IOException {
        UUID real = hosts.enrol("kvm-1").hostId();
        HostIdentity forged = new TestAuthority("evil").host(real, Duration.ofDays(1));
        assertRefused(
                new HostClient(hosts.portal(), new HostIdentity(forged.key(), forged.chain(), hosts.trusted())),
                "unknown");
    }

    @Test
    void revokedCertificateIsRefusedAtOnce() throws IOException {
        FakeHost host = hosts.enrol("kvm-1");
        enrolment.revoke("kvm-1");
        assertRefused(host.client(), "revoked");
    }

    @Test
    void expiredCertificateIsRefused() throws IOException {
        FakeHost host = hosts.enrol("kvm-1");
        clock.advance(Duration.ofDays(91));
        assertRefused(host.client(), "expired");
    }

    @Test
    void certificateOfAnEarlierEnrolmentIsRefused() throws IOException {
        FakeHost stolen = hosts.enrol("kvm-1");
        FakeHost rightful = hosts.enrol("kvm-1");
        assertThat(rightful.hostId()).isEqualTo(stolen.hostId());
        assertThat(rightful.client().get(ASK).statusCode()).isEqualTo(200);
        assertRefused(stolen.client(), "revoked");
    }

    @Test
    void tokenWorksOnceForItsHostUntilItExpires() throws IOException {
        String token = enrolment.issueToken("kvm-1");
        assertTokenRefused(token, "kvm-2");
        assertTokenRefused("guessed", "kvm-1");
        FakeHost host = FakeHost.enrol(hosts.portal(), hosts.trusted(), token, "kvm-1");
        host.report();
        assertTokenRefused(token, "kvm-1");

        String late = enrolment.issueToken("kvm-3");
        clock.advance(Duration.ofHours(25));
        assertTokenRefused(late, "kvm-3");
        assertThat(system.sql("select count(*) from provider_audit_event where action = 'host.enrolment-refused'")
                        .query(Long.class)
                        .single())
                .isEqualTo(4);
    }

    private void assertTokenRefused(String token, String name) {
        assertThatThrownBy(() -> FakeHost.enrol(hosts.portal(), hosts.trusted(), token, name))
                .isInstanceOfSatisfying(
                        HostClient.Refused.class, e -> assertThat(e.status()).isEqualTo(403));
    }

    @Test
    void answerThatGotLostMayBeAskedForAgain() throws IOException {
        String token = enrolment.issueToken("kvm-1");
        FakeHost.enrol(hosts.portal(), hosts.trusted(), token, "kvm-1");
        FakeHost second = FakeHost.enrol(hosts.portal(), hosts.trusted(), token, "kvm-1");
        assertThat(second.client().get(ASK).statusCode()).isEqualTo(200);
    }

    @Test
    void unusableRequestLeavesTheTokenUnused() throws IOException {
        String token = enrolment.issueToken("kvm-1");
        HostClient nobody = new HostClient(hosts.portal(), HostIdentity.anonymous(hosts.trusted()));
        assertThat(nobody.post(AgentPaths.ENROL, new EnrolmentRequest(token, "kvm-1", "nonsense"))
                        .statusCode())
                .isEqualTo(422);
        assertThat(FakeHost.enrol(hosts.portal(), hosts.trusted(), token, "kvm-1")
                        .client()
                        .get(ASK)
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void renewedCertificateWorks() throws IOException {
        FakeHost host = hosts.enrol("kvm-1");
        var key = HostIdentity.newKey();
        var answer = host.client().post(AgentPaths.RENEW, new RenewalRequest(HostIdentity.request(key, "kvm-1")));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(system.sql("select count(*) from host_certificate where revoked_at is null")
                        .query(Long.class)
                        .single())
                .isEqualTo(2);
    }

    @Test
    void imageFileIsForHostsThatNeedItAndNotAPath() throws IOException {
        FakeHost host = hosts.enrol("kvm-1");
        for (String name : new String[] {"b".repeat(64), "..%2f..%2fetc%2fpasswd", "x"}) {
            assertThat(host.client().get(AgentPaths.IMAGE_FILES + "/" + name).statusCode())
                    .isBetween(400, 404);
        }
    }

    @Test
    void agentsPortShowsNoPagesAndThePagesPortNoAgents() throws IOException {
        FakeHost host = hosts.enrol("kvm-1");
        assertThat(host.client().get("/login").statusCode()).isEqualTo(404);
    }
}
