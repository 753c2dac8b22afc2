package cloud.freehold.agent.portal;

import cloud.freehold.agent.common.DurableFiles;
import cloud.freehold.agent.common.Json;
import cloud.freehold.api.enrolment.EnrolmentGrant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * What this host proves itself with. One file, so that key and certificate never belong to different enrolments.
 *
 * @param privateKey PKCS#8, PEM
 * @param certificate PEM with its chain
 * @param authority PEM: whom to trust as the portal
 */
record Credentials(
        UUID hostId, String privateKey, String certificate, String authority, Instant notBefore, Instant notAfter) {

    static Credentials of(HostKey key, EnrolmentGrant grant) {
        var leaf = Pem.certificates(grant.certificate()).get(0);
        return new Credentials(
                grant.hostId(),
                key.privatePem(),
                grant.certificate(),
                grant.authority(),
                leaf.getNotBefore().toInstant(),
                leaf.getNotAfter().toInstant());
    }

    static Optional<Credentials> load(Path file) throws IOException {
        return Files.exists(file)
                ? Optional.of(Json.MAPPER.readValue(Files.readAllBytes(file), Credentials.class))
                : Optional.empty();
    }

    void save(Path file) throws IOException {
        DurableFiles.write(file, Json.MAPPER.writeValueAsBytes(this));
    }

    /** When two thirds of the lifetime are over. */
    Instant renewFrom() {
        return notAfter.minusSeconds((notAfter.getEpochSecond() - notBefore.getEpochSecond()) / 3);
    }
}
