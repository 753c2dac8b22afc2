package cloud.freehold.testing;

import cloud.freehold.api.AgentPaths;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.api.desired.DesiredState;
import cloud.freehold.api.enrolment.EnrolmentGrant;
import cloud.freehold.api.enrolment.EnrolmentRequest;
import cloud.freehold.api.enrolment.RenewalRequest;
import cloud.freehold.api.observed.FlowBatch;
import cloud.freehold.api.observed.FlowRecord;
import cloud.freehold.api.observed.HostReport;
import cloud.freehold.api.query.Answer;
import cloud.freehold.api.query.AskedQuestion;
import cloud.freehold.api.query.AskedQuestions;
import cloud.freehold.api.query.Question;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongFunction;
import java.util.function.Predicate;
import javax.net.ssl.SSLPeerUnverifiedException;

/** A portal for one host: real HTTPS with mutual TLS, state in memory, can be stopped and started on the same port. */
public final class FakePortal implements AutoCloseable {
    static {
        // Without it each answer of the JDK's server waits 40 ms for the peer's acknowledgement.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private final TestAuthority authority = new TestAuthority("fake portal");
    private final HostIdentity server = authority.server();
    private final UUID hostId = UUID.randomUUID();
    private final PortalState state = new PortalState();
    private final Map<String, String> tokens = new HashMap<>();
    private final Map<String, Path> imageFiles = new HashMap<>();
    private final List<HostReport> reports = new ArrayList<>();
    private final List<FlowRecord> flows = new ArrayList<>();
    private final CommandDesk commands = new CommandDesk(this::forget);
    private final Deque<AskedQuestion> questions = new ArrayDeque<>();
    private final Map<UUID, Answer> answers = new HashMap<>();
    private final Deque<Integer> failures = new ArrayDeque<>();
    /** Orders that the agent that polls now has been given. */
    private final Set<UUID> told = new HashSet<>();

    private Duration certificateLifetime = Duration.ofDays(30);
    private int enrolments;
    private int renewals;
    private int port;
    private HttpsServer http;
    private ExecutorService executor;
    private boolean running;

    private FakePortal() {}

    public static FakePortal start() throws IOException {
        var portal = new FakePortal();
        portal.resume();
        return portal;
    }

    /** Listens again, on the same port. */
    public synchronized void resume() throws IOException {
        http = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        port = http.getAddress().getPort();
        var ssl = server.sslContext();
        http.setHttpsConfigurator(new HttpsConfigurator(ssl) {
            @Override
            public void configure(HttpsParameters parameters) {
                var wanted = ssl.getDefaultSSLParameters();
                wanted.setWantClientAuth(true);
                parameters.setSSLParameters(wanted);
            }
        });
        executor = Executors.newCachedThreadPool(task -> {
            var thread = new Thread(task, "fake-portal");
            thread.setDaemon(true);
            return thread;
        });
        http.setExecutor(executor);
        http.createContext("/", this::handle);
        running = true;
        http.start();
    }

    /** Is away: connections are refused. */
    public synchronized void pause() {
        running = false;
        notifyAll();
        http.stop(0);
        executor.shutdownNow();
    }

    @Override
    public void close() {
        pause();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            var path = exchange.getRequestURI().getPath();
            Integer failure;
            synchronized (this) {
                failure = failures.poll();
            }
            if (failure != null) {
                answer(exchange, failure, Map.of("title", "told to fail"));
            } else if (path.equals(AgentPaths.ENROL)) {
                enrol(exchange);
            } else if (!hostId.equals(peer(exchange))) {
                answer(exchange, 401, Map.of("title", "no certificate of a host"));
            } else if (path.equals(AgentPaths.RENEW)) {
                renew(exchange);
            } else if (path.equals(AgentPaths.DESIRED)) {
                desired(exchange);
            } else if (path.equals(AgentPaths.REPORT)) {
                take(exchange);
            } else if (path.equals(AgentPaths.FLOWS)) {
                takeFlows(exchange);
            } else if (path.startsWith(AgentPaths.COMMANDS + "/")) {
                commands.handle(exchange, path.substring(AgentPaths.COMMANDS.length() + 1));
            } else if (path.equals(AgentPaths.QUESTIONS)) {
                questions(exchange);
            } else if (path.startsWith(AgentPaths.QUESTIONS + "/")) {
                answer(exchange, UUID.fromString(path.substring(AgentPaths.QUESTIONS.length() + 1)));
            } else if (path.startsWith(AgentPaths.IMAGE_FILES + "/")) {
                imageFile(exchange, path.substring(AgentPaths.IMAGE_FILES.length() + 1));
            } else {
                answer(exchange, 404, Map.of("title", "no such path"));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static UUID peer(HttpExchange exchange) {
        try {
            var certificate =
                    (X509Certificate) ((HttpsExchange) exchange).getSSLSession().getPeerCertificates()[0];
            return UUID.fromString(
                    certificate.getSubjectX500Principal().getName().replaceFirst("^CN=", ""));
        } catch (SSLPeerUnverifiedException | IllegalArgumentException e) {
            return null;
        }
    }

    private void enrol(HttpExchange exchange) throws IOException {
        var request = read(exchange, EnrolmentRequest.class);
        EnrolmentGrant grant = null;
        synchronized (this) {
            if (request.hostName().equals(tokens.remove(request.token()))) {
                enrolments++;
                grant = grant(request.certificateRequest());
            }
        }
        if (grant == null) {
            answer(exchange, 403, Map.of("code", "enrolment-token-invalid", "detail", "The token is unknown or used."));
        } else {
            answer(exchange, 200, grant);
        }
    }

    private void renew(HttpExchange exchange) throws IOException {
        var request = read(exchange, RenewalRequest.class);
        EnrolmentGrant grant;
        synchronized (this) {
            renewals++;
            grant = grant(request.certificateRequest());
        }
        answer(exchange, 200, grant);
    }

    private EnrolmentGrant grant(String request) {
        var certificate = authority.hostCertificate(hostId, request, certificateLifetime);
        return new EnrolmentGrant(
                hostId,
                Pem.of(certificate, authority.certificate()),
                authorityPem(),
                certificate.getNotAfter().toInstant());
    }

    private void desired(HttpExchange exchange) throws IOException, InterruptedException {
        var query = query(exchange);
        var epoch = query.get("epoch") == null ? null : UUID.fromString(query.get("epoch"));
        long after = Long.parseLong(query.getOrDefault("after", "0"));
        long end = System.nanoTime()
                + Duration.ofSeconds(Long.parseLong(query.getOrDefault("wait", "0")))
                        .toNanos();
        DesiredState news = null;
        synchronized (this) {
            if (after == 0) {
                told.clear();
            }
            // As it is now: another poll may be of an agent that is dead by now, and be answered first.
            var known = Set.copyOf(told);
            while (running && !hasNews(epoch, after, known)) {
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    break;
                }
                wait(left);
            }
            // Also orders that were told already: the agent may have died over the answer.
            if (hasNews(epoch, after, known) || !state.commands().isEmpty()) {
                news = state.since(epoch, after);
                told.addAll(state.commands().keySet());
            }
        }
        if (news == null) {
            exchange.sendResponseHeaders(204, -1);
        } else {
            answer(exchange, 200, news);
        }
    }

    private boolean hasNews(UUID epoch, long after, Set<UUID> known) {
        return !state.epoch().equals(epoch)
                || after != state.revision()
                || !known.containsAll(state.commands().keySet());
    }

    private void take(HttpExchange exchange) throws IOException {
        var report = read(exchange, HostReport.class);
        synchronized (this) {
            reports.add(report);
            notifyAll();
        }
        exchange.sendResponseHeaders(204, -1);
    }

    private void takeFlows(HttpExchange exchange) throws IOException {
        var batch = read(exchange, FlowBatch.class);
        synchronized (this) {
            flows.addAll(batch.records());
            notifyAll();
        }
        exchange.sendResponseHeaders(204, -1);
    }

    private synchronized void forget(UUID command) {
        state.commands().remove(command);
        told.remove(command);
        notifyAll();
    }

    private void questions(HttpExchange exchange) throws IOException, InterruptedException {
        long end = System.nanoTime()
                + Duration.ofSeconds(Long.parseLong(query(exchange).getOrDefault("wait", "0")))
                        .toNanos();
        List<AskedQuestion> asked;
        synchronized (this) {
            while (running && questions.isEmpty()) {
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    break;
                }
                wait(left);
            }
            asked = List.copyOf(questions);
            questions.clear();
        }
        if (asked.isEmpty()) {
            exchange.sendResponseHeaders(204, -1);
        } else {
            answer(exchange, 200, new AskedQuestions(asked));
        }
    }

    private void answer(HttpExchange exchange, UUID question) throws IOException {
        var answer = read(exchange, Answer.class);
        synchronized (this) {
            answers.put(question, answer);
            notifyAll();
        }
        exchange.sendResponseHeaders(204, -1);
    }

    private void imageFile(HttpExchange exchange, String sha256) throws IOException {
        Path file;
        synchronized (this) {
            file = imageFiles.get(sha256);
        }
        if (file == null) {
            answer(exchange, 404, Map.of("title", "no such image file"));
            return;
        }
        var range = exchange.getRequestHeaders().getFirst("Range");
        long from = range == null ? 0 : Long.parseLong(range.replaceAll("bytes=(\\d+)-", "$1"));
        long size = Files.size(file);
        if (from > 0) {
            exchange.getResponseHeaders().set("Content-Range", "bytes " + from + "-" + (size - 1) + "/" + size);
        }
        exchange.sendResponseHeaders(from > 0 ? 206 : 200, size - from);
        try (var in = Files.newInputStream(file)) {
            in.skipNBytes(from);
            in.transferTo(exchange.getResponseBody());
        }
    }

    private static <T> T read(HttpExchange exchange, Class<T> type) throws IOException {
        return Wire.JSON.readValue(exchange.getRequestBody().readAllBytes(), type);
    }

    private static void answer(HttpExchange exchange, int status, Object body) throws IOException {
        var bytes = Wire.JSON.writeValueAsBytes(body);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private static Map<String, String> query(HttpExchange exchange) {
        var parameters = new HashMap<String, String>();
        var query = exchange.getRequestURI().getQuery();
        for (var pair : query == null ? new String[0] : query.split("&")) {
            int equals = pair.indexOf('=');
            parameters.put(pair.substring(0, equals), pair.substring(equals + 1));
        }
        return parameters;
    }

    /** Puts objects that carry the revision which the function is given. */
    public synchronized long publish(LongFunction<List<?>> objects) {
        state.put(objects.apply(state.next()));
        notifyAll();
        return state.revision();
    }

    public synchronized long remove(ObjectRef... refs) {
        state.remove(List.of(refs));
        notifyAll();
        return state.revision();
    }

    public synchronized void newEpoch() {
        state.newEpoch();
        notifyAll();
    }

    /** Orders something; told until the end is reported. */
    public synchronized void command(HostCommand command) {
        state.commands().put(command.id(), command);
        notifyAll();
    }

    /** Asks the host and waits for its answer. */
    public synchronized Answer ask(UUID tenant, Question<?> question, Duration atMost) {
        var asked = new AskedQuestion(UUID.randomUUID(), tenant, (int) atMost.toMillis(), question);
        questions.add(asked);
        notifyAll();
        long end = System.nanoTime() + atMost.toNanos();
        while (!answers.containsKey(asked.id())) {
            waitUntil(end, "no answer in " + atMost + " to " + question);
        }
        return answers.get(asked.id());
    }

    /** The next request is answered with this status. */
    public synchronized void failNext(int status) {
        failures.add(status);
    }

    public synchronized String newToken(String hostName) {
        var token = UUID.randomUUID().toString();
        tokens.put(token, hostName);
        return token;
    }

    public synchronized void certificateLifetime(Duration lifetime) {
        certificateLifetime = lifetime;
    }

    public synchronized void imageFile(String sha256, Path file) {
        imageFiles.put(sha256, file);
    }

    /** As they came, also those that came more than once. */
    public synchronized List<FlowRecord> flows() {
        return List.copyOf(flows);
    }

    public synchronized List<HostReport> reports() {
        return List.copyOf(reports);
    }

    /** Where running orders come to. */
    public CommandDesk commands() {
        return commands;
    }

    public synchronized int enrolments() {
        return enrolments;
    }

    public synchronized int renewals() {
        return renewals;
    }

    public synchronized UUID epoch() {
        return state.epoch();
    }

    public synchronized long revision() {
        return state.revision();
    }

    /** The first report from the given index on that fulfils the condition. */
    public synchronized HostReport awaitReport(int from, Predicate<HostReport> condition, Duration atMost) {
        int next = from;
        long end = System.nanoTime() + atMost.toNanos();
        while (true) {
            for (; next < reports.size(); next++) {
                if (condition.test(reports.get(next))) {
                    return reports.get(next);
                }
            }
            waitUntil(
                    end,
                    "no such report in " + atMost + "; the last one of " + reports.size() + ": "
                            + (reports.isEmpty() ? "none" : reports.get(reports.size() - 1)));
        }
    }

    public HostReport awaitReport(Predicate<HostReport> condition, Duration atMost) {
        return awaitReport(0, condition, atMost);
    }

    /** How the command ended. */
    public CommandProgress awaitEnd(UUID command, Duration atMost) {
        return commands.awaitEnd(command, atMost);
    }

    private void waitUntil(long end, String otherwise) {
        long left = (end - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
            throw new AssertionError(otherwise);
        }
        try {
            wait(left);
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }

    public URI url() {
        return URI.create("https://localhost:" + port);
    }

    public UUID hostId() {
        return hostId;
    }

    public TestAuthority authority() {
        return authority;
    }

    public String authorityPem() {
        return Pem.of(authority.certificate());
    }
}
