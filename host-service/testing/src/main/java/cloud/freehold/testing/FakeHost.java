package cloud.freehold.testing;

import cloud.freehold.api.AgentPaths;
import cloud.freehold.api.Problem;
import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.api.desired.DesiredState;
import cloud.freehold.api.desired.PowerState;
import cloud.freehold.api.enrolment.EnrolmentGrant;
import cloud.freehold.api.enrolment.EnrolmentRequest;
import cloud.freehold.api.observed.DroppedPackets;
import cloud.freehold.api.observed.FlowBatch;
import cloud.freehold.api.observed.HostFacts;
import cloud.freehold.api.observed.HostReport;
import cloud.freehold.api.observed.NicTraffic;
import cloud.freehold.api.observed.ObservedNic;
import cloud.freehold.api.observed.ObservedVm;
import cloud.freehold.api.observed.RuleHits;
import cloud.freehold.api.query.Answer;
import cloud.freehold.api.query.AskedQuestion;
import cloud.freehold.api.query.AskedQuestions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A host without anything behind it: enrols, polls, "applies" at once, reports. VMs follow the power that is desired;
 * commands end well unless told otherwise.
 */
public final class FakeHost implements AutoCloseable {
    private static final int POLL_SECONDS = 20;
    private static final String DEFAULT_POOL = "default";

    private final HostClient client;
    private final HostIdentity identity;
    private final UUID hostId;
    private final UUID boot = UUID.randomUUID();
    private final HostModel model = new HostModel();
    private final Map<UUID, String> instances = new HashMap<>();
    private final Map<UUID, ObservedVm.State> states = new HashMap<>();
    private final Map<UUID, Problem> problems = new HashMap<>();
    private final Map<UUID, ObservedVm.GuestFacts> guests = new HashMap<>();
    private final Map<UUID, String> volumePools = new HashMap<>();
    private final Map<UUID, Problem> nicProblems = new HashMap<>();
    private final Set<UUID> commandsDone = new HashSet<>();
    private final List<HostCommand> commandsSeen = new ArrayList<>();
    private List<RuleHits> hits = List.of();
    private List<DroppedPackets> drops = List.of();
    private final Map<UUID, NicTraffic> traffic = new HashMap<>();
    private final Map<UUID, Long> flowsLost = new HashMap<>();
    private Map<String, Long> dropReasons = Map.of();
    private final Map<UUID, CommandInput> inputs = new HashMap<>();
    private Function<HostCommand, CommandProgress> onCommand = this::done;
    private HostFacts.Tunnel tunnel;
    private boolean tellsFacts = true;
    private long sequence;
    private long reported;
    private boolean applying = true;
    private final List<AskedQuestion> questionsSeen = new ArrayList<>();
    private Function<AskedQuestion, Answer> onQuestion = question -> null;
    private Thread poller;
    private Thread answerer;
    private volatile boolean open = true;
    private volatile Throwable failure;

    private FakeHost(HostClient client, HostIdentity identity, UUID hostId) {
        this.client = client;
        this.identity = identity;
        this.hostId = hostId;
    }

    /** Trades a one-time token for a certificate. */
    public static FakeHost enrol(URI portal, List<X509Certificate> trusted, String token, String hostName)
            throws IOException {
        var key = HostIdentity.newKey();
        var request = new EnrolmentRequest(token, hostName, HostIdentity.request(key, hostName));
        var answer = new HostClient(portal, HostIdentity.anonymous(trusted)).post(AgentPaths.ENROL, request);
        var grant = HostClient.expect(answer, 200, EnrolmentGrant.class);
        return with(
                portal,
                grant.hostId(),
                new HostIdentity(
                        key.getPrivate(), Pem.certificates(grant.certificate()), Pem.certificates(grant.authority())));
    }

    public static FakeHost with(URI portal, UUID hostId, HostIdentity identity) {
        return new FakeHost(new HostClient(portal, identity), identity, hostId);
    }

    /** Polls in the background until {@link #close()}. */
    public synchronized FakeHost start() {
        poller = new Thread(this::poll, "fake-host");
        poller.setDaemon(true);
        poller.start();
        answerer = new Thread(this::answerQuestions, "fake-host-answers");
        answerer.setDaemon(true);
        answerer.start();
        return this;
    }

    private void poll() {
        while (open) {
            try {
                pollOnce(POLL_SECONDS);
                failure = null;
            } catch (IOException | RuntimeException e) {
                failure = e;
                pauseAfterFailure();
            }
        }
    }

    private synchronized void pauseAfterFailure() {
        try {
            if (open) {
                wait(100);
            }
        } catch (InterruptedException e) {
            open = false;
        }
    }

    /**
     * Asks once and applies what comes.
     *
     * @return whether there was anything new
     */
    public boolean pollOnce(int waitSeconds) throws IOException {
        String query;
        synchronized (this) {
            query = "?after=" + model.revision() + "&wait=" + waitSeconds
                    + (model.epoch() == null ? "" : "&epoch=" + model.epoch());
        }
        var answer = client.get(AgentPaths.DESIRED + query);
        if (answer.statusCode() == 204) {
            return false;
        }
        var state = HostClient.expect(answer, 200, DesiredState.class);
        if (!apply(state)) {
            apply(HostClient.expect(client.get(AgentPaths.DESIRED + "?after=0&wait=0"), 200, DesiredState.class));
        }
        obey(HostModel.all(state.commands()));
        report();
        return true;
    }

    private synchronized boolean apply(DesiredState state) throws IOException {
        while (!applying && open) {
            try {
                wait();
            } catch (InterruptedException e) {
                throw new IOException("interrupted", e);
            }
        }
        boolean applied = model.apply(state);
        for (var vm : model.vms().values()) {
            if (vm.power() == PowerState.RUNNING) {
                instances.computeIfAbsent(vm.id(), id -> UUID.randomUUID().toString());
            } else {
                instances.remove(vm.id());
            }
        }
        notifyAll();
        return applied;
    }

    /** Carried out well: asks for the input that the command needs and brings what it should. */
    public CommandProgress done(HostCommand command) {
        CommandInput input = null;
        try {
            if (needsInput(command)) {
                input = input(command.id());
            }
            if (command instanceof HostCommand.MirrorVolume move) {
                synchronized (this) {
                    volumePools.put(move.volumeId(), move.pool());
                }
            }
            if (command instanceof HostCommand.FetchFile) {
                output(command.id(), new ByteArrayInputStream(FakeResults.HELLO.getBytes(StandardCharsets.UTF_8)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new CommandProgress(
                CommandProgress.Status.DONE,
                100,
                "done",
                null,
                Instant.now(),
                null,
                FakeResults.of(command, model(), input));
    }

    private static boolean needsInput(HostCommand command) {
        return command instanceof HostCommand.BackupVm
                || command instanceof HostCommand.RestoreVolumes
                || command instanceof HostCommand.VerifyPoints
                || command instanceof HostCommand.CollectGarbage
                || command instanceof HostCommand.DrillPoint
                || command instanceof HostCommand.ListFiles
                || command instanceof HostCommand.FetchFile;
    }

    /** Asks the portal for a command's input and remembers it. */
    public CommandInput input(UUID command) throws IOException {
        var answer = client.get(AgentPaths.COMMANDS + "/" + command + "/input");
        var input = HostClient.expect(answer, 200, CommandInput.class);
        synchronized (this) {
            inputs.put(command, input);
        }
        return input;
    }

    /** The inputs that were fetched so far, by command. */
    public synchronized Map<UUID, CommandInput> inputs() {
        return Map.copyOf(inputs);
    }

    /** Sends what a command brings; the answer's status. */
    public int output(UUID command, InputStream bytes) throws IOException {
        return client.put(AgentPaths.COMMANDS + "/" + command + "/output", bytes)
                .statusCode();
    }

    /** Reports of a command; the answer's status. */
    public int progress(UUID command, CommandProgress progress) throws IOException {
        return client.post(AgentPaths.COMMANDS + "/" + command, progress).statusCode();
    }

    private void obey(List<HostCommand> commands) throws IOException {
        for (var command : commands) {
            Function<HostCommand, CommandProgress> behaviour;
            synchronized (this) {
                if (!commandsDone.add(command.id())) {
                    continue;
                }
                commandsSeen.add(command);
                behaviour = onCommand;
                notifyAll();
            }
            var progress = behaviour.apply(command);
            if (progress != null) {
                client.post(AgentPaths.COMMANDS + "/" + command.id(), progress);
            }
        }
    }

    private void answerQuestions() {
        while (open) {
            try {
                answerOnce(POLL_SECONDS);
            } catch (IOException | RuntimeException e) {
                failure = e;
                pauseAfterFailure();
            }
        }
    }

    /**
     * Takes up questions and answers those that it knows an answer to.
     *
     * @return how many there were
     */
    public int answerOnce(int waitSeconds) throws IOException {
        var polled = client.get(AgentPaths.QUESTIONS + "?wait=" + waitSeconds);
        if (polled.statusCode() == 204) {
            return 0;
        }
        var asked = HostClient.expect(polled, 200, AskedQuestions.class).questions();
        for (var question : asked) {
            Function<AskedQuestion, Answer> behaviour;
            synchronized (this) {
                questionsSeen.add(question);
                behaviour = onQuestion;
                notifyAll();
            }
            var answer = behaviour.apply(question);
            if (answer != null) {
                client.post(AgentPaths.QUESTIONS + "/" + question.id(), answer);
            }
        }
        return asked.size();
    }

    /** Reports everything now. */
    public void report() throws IOException {
        HostReport report;
        synchronized (this) {
            report = new HostReport(
                    boot,
                    ++sequence,
                    Instant.now(),
                    true,
                    model.epoch(),
                    model.revision(),
                    Instant.now(),
                    tellsFacts ? facts() : null,
                    model.vms().values().stream()
                            .map(vm -> observed(vm.id(), vm.revision(), vm.power()))
                            .toList(),
                    model.nics().values().stream()
                            .map(nic -> new ObservedNic(
                                    nic.id(),
                                    model.revision(),
                                    ObservedNic.Link.UP,
                                    10,
                                    1000,
                                    20,
                                    2000,
                                    dropReasons.values().stream()
                                            .mapToLong(Long::longValue)
                                            .sum(),
                                    1,
                                    nicProblems.get(nic.id()),
                                    dropReasons,
                                    traffic.get(nic.id()),
                                    flowsLost.getOrDefault(nic.id(), 0L)))
                            .toList(),
                    hits,
                    drops);
            drops = List.of();
        }
        var answer = client.post(AgentPaths.REPORT, report);
        if (answer.statusCode() != 204) {
            throw new HostClient.Refused(answer.statusCode(), answer.body());
        }
        synchronized (this) {
            reported = Math.max(reported, report.appliedRevision());
            notifyAll();
        }
    }

    private HostFacts facts() {
        long gib = 1L << 30;
        var pools = List.of(
                new HostFacts.Pool(DEFAULT_POOL, true, 500 * gib, 1000 * gib),
                new HostFacts.Pool("fast", false, 100 * gib, 100 * gib),
                new HostFacts.Pool("full", false, 0, 100 * gib));
        return new HostFacts("fake", "tcg", "fake", "fake", 8, 65536, 500 * gib, 1000 * gib, List.of(), pools, tunnel);
    }

    private ObservedVm observed(UUID id, long revision, PowerState power) {
        var natural = power == PowerState.RUNNING ? ObservedVm.State.RUNNING : ObservedVm.State.STOPPED;
        var volumes = model.vms().get(id).volumes().stream()
                .map(volume ->
                        new ObservedVm.ObservedVolume(volume.id(), volumePools.getOrDefault(volume.id(), DEFAULT_POOL)))
                .toList();
        return new ObservedVm(
                id,
                states.getOrDefault(id, natural),
                instances.get(id),
                null,
                guests.get(id),
                problems.get(id),
                revision,
                volumes);
    }

    /** What the guest agent of a VM tells from now on. */
    public synchronized void guest(UUID vm, ObservedVm.GuestFacts facts) {
        guests.put(vm, facts);
    }

    /** Where its tunnels are reported to end from now on; null: nowhere. */
    public synchronized void tunnel(HostFacts.Tunnel end) {
        tunnel = end;
    }

    /** Reports from now on say that nothing of the facts changed. */
    public synchronized void keepFactsToItself() {
        tellsFacts = false;
    }

    /** What a VM is reported to be from now on; null: what is desired. */
    public synchronized void observe(UUID vm, ObservedVm.State state, Problem problem) {
        states.put(vm, state);
        problems.put(vm, problem);
        if (state == null) {
            states.remove(vm);
        }
    }

    /** Null: it has none. */
    public synchronized void nicProblem(UUID nic, Problem problem) {
        nicProblems.put(nic, problem);
    }

    public synchronized void ruleHits(List<RuleHits> cumulative) {
        hits = List.copyOf(cumulative);
    }

    /** Told with the next report. */
    public synchronized void drops(List<DroppedPackets> dropped) {
        drops = List.copyOf(dropped);
    }

    /** What a NIC carried, from the next report on. */
    public synchronized void traffic(UUID nic, NicTraffic carried) {
        traffic.put(nic, carried);
    }

    /** How many records of a NIC's connections found no room, from the next report on. */
    public synchronized void flowsLost(UUID nic, long cumulative) {
        flowsLost.put(nic, cumulative);
    }

    /** Delivers flow records, as the agent does. */
    public void flows(FlowBatch batch) throws IOException {
        var answer = client.post(AgentPaths.FLOWS, batch);
        if (answer.statusCode() != 204) {
            throw new HostClient.Refused(answer.statusCode(), answer.body());
        }
    }

    /** What each NIC counts. */
    public synchronized void dropReasons(Map<String, Long> counts) {
        dropReasons = Map.copyOf(counts);
    }

    /** How commands end; null from the function: they do not. */
    public synchronized void onCommand(Function<HostCommand, CommandProgress> behaviour) {
        onCommand = behaviour;
    }

    /** What it says to questions; null from the function: nothing. */
    public synchronized void onQuestion(Function<AskedQuestion, Answer> behaviour) {
        onQuestion = behaviour;
    }

    public synchronized List<AskedQuestion> questionsSeen() {
        return List.copyOf(questionsSeen);
    }

    /** False: takes nothing in until true again, as a host that is stuck. */
    public synchronized void applying(boolean now) {
        applying = now;
        notifyAll();
    }

    public synchronized HostModel model() {
        return new HostModel(model);
    }

    /** Commands seen so far, each once. */
    public synchronized List<HostCommand> commandsSeen() {
        return List.copyOf(commandsSeen);
    }

    /** Waits until what the host was told fulfils the condition. */
    public synchronized HostModel await(Predicate<HostModel> condition, Duration atMost) {
        awaitTrue(() -> condition.test(model), atMost);
        return new HostModel(model);
    }

    /** Waits until the portal has accepted a report that covers the revision. */
    public synchronized void awaitReported(long revision, Duration atMost) {
        awaitTrue(() -> reported >= revision, atMost);
    }

    private void awaitTrue(java.util.function.BooleanSupplier condition, Duration atMost) {
        long end = System.nanoTime() + atMost.toNanos();
        while (!condition.getAsBoolean()) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new AssertionError(
                        "the host was not told in " + atMost + "; it is at revision " + model.revision() + ", reported "
                                + reported,
                        failure);
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                throw new AssertionError("interrupted", e);
            }
        }
    }

    /** Requests of any kind with this host's certificate. */
    public HostClient client() {
        return client;
    }

    public HostIdentity identity() {
        return identity;
    }

    public UUID hostId() {
        return hostId;
    }

    @Override
    public void close() {
        open = false;
        synchronized (this) {
            notifyAll();
            if (poller != null) {
                poller.interrupt();
                answerer.interrupt();
            }
        }
    }
}
