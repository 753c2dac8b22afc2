package cloud.freehold.agent.portal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.testing.FakePortal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PortalTest {
    private final Clock clock = Clock.systemUTC();
    private FakePortal fake;

    @TempDir
    Path directory;

    @BeforeEach
    void start() throws Exception {
        fake = FakePortal.start();
        Files.writeString(directory.resolve("ca.pem"), fake.authorityPem());
        token(fake.newToken("h1"));
    }

    @AfterEach
    void stop() {
        fake.close();
    }

    private void token(String token) throws Exception {
        Files.writeString(directory.resolve("token"), token + "\n");
    }

    private AgentConfig config(String... more) throws Exception {
        var properties = new Properties();
        properties.setProperty("freehold.agent.portal-url", fake.url().toString());
        properties.setProperty("freehold.agent.host-name", "h1");
        properties.setProperty(
                "freehold.agent.state-dir", directory.resolve("state").toString());
        properties.setProperty(
                "freehold.agent.token-file", directory.resolve("token").toString());
        for (int i = 0; i < more.length; i += 2) {
            properties.setProperty(more[i], more[i + 1]);
        }
        return AgentConfig.load(Optional.empty(), properties);
    }

    private AgentConfig withCaFile() throws Exception {
        return config("freehold.agent.ca-file", directory.resolve("ca.pem").toString());
    }

    @Test
    void enrolsOnceAndKeepsItsCredentialsToItself() throws Exception {
        var portal = Portal.open(withCaFile(), clock);
        assertThat(portal.hostId()).isEqualTo(fake.hostId());
        assertThat(portal.desired(null, 0, Duration.ZERO)).isPresent();
        var file = directory.resolve("state/credentials/host.json");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(directory.resolve("token")).doesNotExist();
        Portal.open(withCaFile(), clock).renewIfDue();
        assertThat(fake.enrolments()).isEqualTo(1);
        assertThat(fake.renewals()).isZero();
    }

    @Test
    void trustsAFingerprintAndNoOther() throws Exception {
        var encoded = fake.authority().certificate().getEncoded();
        var right = HexFormat.ofDelimiter(":")
                .withUpperCase()
                .formatHex(MessageDigest.getInstance("SHA-256").digest(encoded));
        var wrong = config("freehold.agent.ca-fingerprint", right.replaceFirst("..", "00"));
        assertThatThrownBy(() -> Portal.open(wrong, clock))
                .isInstanceOf(PortalException.class)
                .hasMessageContaining("fingerprint");
        assertThat(fake.enrolments()).isZero();
        assertThat(Portal.open(config("freehold.agent.ca-fingerprint", right), clock)
                        .hostId())
                .isEqualTo(fake.hostId());
    }

    @Test
    void aRefusalSaysWhatToDo() throws Exception {
        token("nonsense");
        assertThatThrownBy(() -> Portal.open(withCaFile(), clock))
                .matches(Portal::needsSomebody)
                .hasMessageContaining("create a new one in the portal");
        Files.delete(directory.resolve("token"));
        assertThatThrownBy(() -> Portal.open(withCaFile(), clock))
                .matches(Portal::needsSomebody)
                .hasMessageContaining("there is no token");
        token("x");
        assertThatThrownBy(() -> Portal.open(config(), clock))
                .matches(Portal::needsSomebody)
                .hasMessageContaining("ca-file or freehold.agent.ca-fingerprint");
    }

    @Test
    void anAnswerThatIsLostDoesNotCostTheKey() throws Exception {
        fake.failNext(503);
        assertThatThrownBy(() -> Portal.open(withCaFile(), clock)).isInstanceOf(PortalException.class);
        var key = Files.readString(directory.resolve("state/credentials/enrolment-key.json"));
        assertThat(key).contains("BEGIN PRIVATE KEY");
        assertThat(Portal.open(withCaFile(), clock).hostId()).isEqualTo(fake.hostId());
        assertThat(Files.readString(directory.resolve("state/credentials/host.json")))
                .contains(key.substring(60, 120));
        assertThat(directory.resolve("state/credentials/enrolment-key.json")).doesNotExist();
    }

    @Test
    void renewsInTimeAndUsesTheNewCertificate() throws Exception {
        Portal.open(withCaFile(), clock);
        var late = Clock.fixed(Instant.now().plus(Duration.ofDays(21)), ZoneOffset.UTC);
        var portal = Portal.open(withCaFile(), late);
        var before = Files.readString(directory.resolve("state/credentials/host.json"));
        portal.renewIfDue();
        assertThat(fake.renewals()).isEqualTo(1);
        assertThat(Files.readString(directory.resolve("state/credentials/host.json")))
                .isNotEqualTo(before);
        assertThat(portal.desired(null, 0, Duration.ZERO)).isPresent();
    }

    @Test
    void anotherPortalIsNotTrustedAfterEnrolment() throws Exception {
        Portal.open(withCaFile(), clock);
        try (var impostor = FakePortal.start()) {
            var portal = Portal.open(
                    config("freehold.agent.portal-url", impostor.url().toString()), clock);
            assertThatThrownBy(() -> portal.desired(null, 0, Duration.ZERO))
                    .hasMessageContaining("no trusted connection");
        }
    }

    @Test
    void aLongPollEndsByItselfAndAnswersAtOnceWhenSomethingChanges() throws Exception {
        var portal = Portal.open(withCaFile(), clock);
        var told = portal.desired(null, 0, Duration.ZERO).orElseThrow();
        assertThat(portal.desired(told.epoch(), told.revision(), Duration.ofSeconds(1)))
                .isEmpty();
    }
}
