package cloud.freehold.agent.portal;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.agent.command.CommandPortal;
import cloud.freehold.agent.common.DurableFiles;
import cloud.freehold.agent.common.Json;
import cloud.freehold.api.AgentPaths;
import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.desired.DesiredState;
import cloud.freehold.api.enrolment.EnrolmentGrant;
import cloud.freehold.api.enrolment.RenewalRequest;
import cloud.freehold.api.observed.FlowBatch;
import cloud.freehold.api.observed.HostReport;
import cloud.freehold.api.query.Answer;
import cloud.freehold.api.query.AskedQuestion;
import cloud.freehold.api.query.AskedQuestions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.ObjectReader;

/** The portal as this host sees it. Thread-safe. */
public final class Portal implements CommandPortal {
    private static final Logger LOG = LoggerFactory.getLogger(Portal.class);
    private static final Duration SHORT = Duration.ofSeconds(10);
    private static final Duration NETWORK = Duration.ofSeconds(10);
    /** May list the roots of very many points. */
    private static final Duration INPUT = Duration.ofSeconds(60);

    private static final Duration FILE = Duration.ofMinutes(30);

    private static final int GONE = 410;
    private static final ObjectReader LENIENT =
            Json.MAPPER.readerFor(AskedQuestions.class).without(DeserializationFeature.FAIL_ON_INVALID_SUBTYPE);

    private final AgentConfig config;
    private final Clock clock;
    private final Path credentialsFile;
    private volatile Session session;

    private record Session(Credentials credentials, PortalHttp http) {}

    private Portal(AgentConfig config, Clock clock, Path credentialsFile) {
        this.config = config;
        this.clock = clock;
        this.credentialsFile = credentialsFile;
    }

    /** Uses the stored credentials, or enrols. */
    public static Portal open(AgentConfig config, Clock clock) throws IOException {
        var directory = DurableFiles.privateDirectory(config.stateDir().resolve("credentials"));
        var file = directory.resolve("host.json");
        var portal = new Portal(config, clock, file);
        var stored = Credentials.load(file);
        portal.use(stored.isPresent() ? stored.get() : new Enrolment(config, file).enrol());
        return portal;
    }

    /** The portal says that it does not know this certificate: enrols anew if there is a token for it. */
    public void enrolAgain() throws IOException {
        if (!Files.isReadable(config.tokenFile())) {
            throw new Enrolment.Impossible("The portal refuses this host's certificate (good until "
                    + session.credentials().notAfter() + "). If the host was removed or its certificate has expired,"
                    + " create a new token in the portal (Hosts) and write it to " + config.tokenFile() + ".");
        }
        use(new Enrolment(config, credentialsFile).enrol());
    }

    /** Whether an error of {@link #open} is one that only a person can end. */
    public static boolean needsSomebody(Throwable error) {
        return error instanceof Enrolment.Impossible;
    }

    private void use(Credentials credentials) {
        session = new Session(credentials, new PortalHttp(config.portalUrl(), Tls.mutual(credentials)));
    }

    public UUID hostId() {
        return session.credentials().hostId();
    }

    /** Gets a new certificate when the present one is two thirds through; harmless to call often. */
    public void renewIfDue() throws PortalException {
        var present = session.credentials();
        if (clock.instant().isBefore(present.renewFrom())) {
            return;
        }
        var key = HostKey.generate(config.hostName());
        var answer = session.http().post(AgentPaths.RENEW, new RenewalRequest(key.certificateRequest()), SHORT);
        var renewed = Credentials.of(key, Json.MAPPER.readValue(answer.body(), EnrolmentGrant.class));
        try {
            renewed.save(credentialsFile);
        } catch (IOException e) {
            throw new PortalException("the renewed certificate cannot be stored: " + e.getMessage(), e);
        }
        use(renewed);
        LOG.info("Certificate renewed, good until {}.", renewed.notAfter());
    }

    /** Empty: nothing changed within the wait. */
    public Optional<DesiredState> desired(UUID epoch, long after, Duration wait) throws PortalException {
        var query = "?after=" + after + "&wait=" + wait.toSeconds() + (epoch == null ? "" : "&epoch=" + epoch);
        var answer = session.http().get(AgentPaths.DESIRED + query, wait.plus(NETWORK));
        return answer.statusCode() == 204
                ? Optional.empty()
                : Optional.of(Json.MAPPER.readValue(answer.body(), DesiredState.class));
    }

    public void report(HostReport report) throws PortalException {
        session.http().post(AgentPaths.REPORT, report, SHORT);
    }

    /** Returns when all of it is stored. */
    public void flows(FlowBatch batch) throws PortalException {
        session.http().post(AgentPaths.FLOWS, batch, SHORT);
    }

    @Override
    public boolean progress(UUID command, CommandProgress progress) throws PortalException {
        return postUnlessGone(AgentPaths.COMMANDS + "/" + command, progress);
    }

    private boolean postUnlessGone(String path, Object body) throws PortalException {
        try {
            session.http().post(path, body, SHORT);
            return true;
        } catch (PortalException e) {
            if (e.status() == GONE) {
                return false;
            }
            throw e;
        }
    }

    /** What the portal gives for one order; holds keys. */
    @Override
    public Optional<CommandInput> input(UUID command) throws PortalException {
        try {
            var answer = session.http().get(AgentPaths.COMMANDS + "/" + command + "/input", INPUT);
            return Optional.of(Json.MAPPER.readValue(answer.body(), CommandInput.class));
        } catch (PortalException e) {
            if (e.status() == GONE) {
                return Optional.empty();
            }
            throw e;
        }
    }

    @Override
    public void output(UUID command, InputStream bytes, Duration deadline) throws PortalException {
        session.http().put(AgentPaths.COMMANDS + "/" + command + "/output", bytes, deadline);
    }

    /** What somebody asks right now; empty when nobody does within the wait. One of a kind unknown here is null inside. */
    public List<AskedQuestion> questions(Duration wait) throws PortalException {
        var answer = session.http().get(AgentPaths.QUESTIONS + "?wait=" + wait.toSeconds(), wait.plus(NETWORK));
        return answer.statusCode() == 204
                ? List.of()
                : LENIENT.<AskedQuestions>readValue(answer.body()).questions();
    }

    /** @return false: nobody waits for it any more */
    public boolean answer(UUID question, Answer answer) throws PortalException {
        return postUnlessGone(AgentPaths.QUESTIONS + "/" + question, answer);
    }

    /** Appends the bytes of an image file from {@code from} on. */
    public void download(String sha256, long from, Path file) throws PortalException {
        session.http().download(AgentPaths.IMAGE_FILES + "/" + sha256, from, file, FILE);
    }
}
