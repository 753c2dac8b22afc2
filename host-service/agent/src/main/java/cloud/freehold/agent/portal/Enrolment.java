package cloud.freehold.agent.portal;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.agent.common.DurableFiles;
import cloud.freehold.agent.common.Json;
import cloud.freehold.api.AgentPaths;
import cloud.freehold.api.enrolment.EnrolmentGrant;
import cloud.freehold.api.enrolment.EnrolmentRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns the provider's one-time token into credentials of this host's own.
 *
 * <p>The key is written before it is used: when the answer to the request is lost, the next try shows the same key, by
 * which a portal may recognise the host that it has already enrolled with this token.
 */
final class Enrolment {
    private static final Logger LOG = LoggerFactory.getLogger(Enrolment.class);
    private static final Duration DEADLINE = Duration.ofSeconds(20);

    private final AgentConfig config;
    private final Path credentialsFile;
    private final Path pendingKey;

    Enrolment(AgentConfig config, Path credentialsFile) {
        this.config = config;
        this.credentialsFile = credentialsFile;
        this.pendingKey = credentialsFile.resolveSibling("enrolment-key.json");
    }

    /** This host may not enrol; somebody has to do something first. */
    static final class Impossible extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Impossible(String message) {
            super(message);
        }
    }

    Credentials enrol() throws IOException {
        if (!Files.isReadable(config.tokenFile())) {
            throw new Impossible("This host is not enrolled and there is no token in " + config.tokenFile()
                    + ". Create one in the portal (Hosts, Add host) and write it there.");
        }
        var token = Files.readString(config.tokenFile()).strip();
        var key = key();
        try {
            var request = new EnrolmentRequest(token, config.hostName(), key.certificateRequest());
            var answer = bootstrapConnection().post(AgentPaths.ENROL, request, DEADLINE);
            var credentials = Credentials.of(key, Json.MAPPER.readValue(answer.body(), EnrolmentGrant.class));
            credentials.save(credentialsFile);
            Files.deleteIfExists(pendingKey);
            Files.deleteIfExists(config.tokenFile());
            LOG.info("Enrolled at {} as host {}.", config.portalUrl(), credentials.hostId());
            return credentials;
        } catch (PortalException e) {
            if (e.refused() || e.status() == 400 || e.status() == 404 || e.status() == 410 || e.status() == 422) {
                throw new Impossible("The portal refused to enrol host '" + config.hostName() + "' with the token in "
                        + config.tokenFile() + " (" + e.getMessage()
                        + "). A token is good once, for the host name it was made for, and expires:"
                        + " create a new one in the portal (Hosts, Add host).");
            }
            throw e;
        }
    }

    private HostKey key() throws IOException {
        if (Files.exists(pendingKey)) {
            return Json.MAPPER.readValue(Files.readAllBytes(pendingKey), HostKey.class);
        }
        var key = HostKey.generate(config.hostName());
        DurableFiles.write(pendingKey, Json.MAPPER.writeValueAsBytes(key));
        return key;
    }

    private PortalHttp bootstrapConnection() throws IOException {
        if (config.caFingerprint().isPresent()) {
            return new PortalHttp(
                    config.portalUrl(), Tls.pinned(config.caFingerprint().get()));
        }
        var file = config.caFile()
                .orElseThrow(
                        () -> new Impossible(
                                "To enrol, set freehold.agent.ca-file or freehold.agent.ca-fingerprint"
                                        + " to what the portal shows beside the token: nothing else proves that it is your portal."));
        if (!Files.isReadable(file)) {
            throw new Impossible("freehold.agent.ca-file is " + file + ", which cannot be read.");
        }
        return new PortalHttp(
                config.portalUrl(), Tls.trustingAuthority(Files.readString(file, StandardCharsets.US_ASCII)));
    }
}
