package cloud.freehold.agent;

import cloud.freehold.agent.backup.BackupHost;
import cloud.freehold.agent.backup.Backups;
import cloud.freehold.agent.command.Commands;
import cloud.freehold.agent.common.Threads;
import cloud.freehold.agent.dataplane.Dataplane;
import cloud.freehold.agent.dataplane.Inspector;
import cloud.freehold.agent.desired.Desired;
import cloud.freehold.agent.desired.DesiredStore;
import cloud.freehold.agent.libvirt.LibvirtHypervisor;
import cloud.freehold.agent.moment.HeldGuests;
import cloud.freehold.agent.portal.Portal;
import cloud.freehold.agent.portal.PortalException;
import cloud.freehold.agent.question.Questions;
import cloud.freehold.agent.reconcile.AcceleratorChoice;
import cloud.freehold.agent.reconcile.HypervisorProblems;
import cloud.freehold.agent.reconcile.Machines;
import cloud.freehold.agent.report.Observations;
import cloud.freehold.agent.report.Reporter;
import cloud.freehold.agent.snapshot.SnapshotHost;
import cloud.freehold.agent.snapshot.Snapshots;
import cloud.freehold.agent.storage.DiskUse;
import cloud.freehold.agent.storage.ImageCache;
import cloud.freehold.agent.storage.Pools;
import cloud.freehold.agent.storage.VmFiles;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.api.desired.DesiredState;
import cloud.freehold.api.observed.HostReport;
import cloud.freehold.api.query.Answer;
import cloud.freehold.api.query.AskedQuestion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** All parts of the agent, put together. */
final class Agent implements AutoCloseable {
    private static final Duration STATUS = Duration.ofSeconds(1);

    private final AgentConfig config;
    private final Portal portal;
    private final DesiredStore store;
    private final Observations observations;
    private final Reporter reporter;
    private final Dataplane dataplane;
    private final LibvirtHypervisor hypervisor;
    private final Machines machines;
    private final HeldGuests held;
    private final Commands commands;
    private final DesiredPoller poller;
    private final Inspector inspector;
    private final Questions questions;
    private final HostFactsSource facts;
    private final StatusFile status;
    private final ScheduledExecutorService timer = Threads.timer("status");
    /** Of what the dataplane is told; ahead of the store by a disk write. */
    private volatile Desired newest;

    Agent(AgentConfig config, Portal portal, Clock clock) throws IOException {
        this.config = config;
        this.portal = portal;
        prepareSockets(config);
        store = DesiredStore.open(config.stateDir());
        newest = store.present();
        var accelerator = new AcceleratorChoice(config.accelerator(), config.emulator());
        var files = new VmFiles(
                new Pools(config.vmsDir(), config.pools()),
                new ImageCache(config.imagesDir(), portal::download),
                clock);
        facts = new HostFactsSource(accelerator, files, config, clock);
        reporter = new Reporter(portal::report, facts::present, this::accepted, clock);
        observations = new Observations(() -> newest.nics(), reporter);
        dataplane = Dataplane.start(
                config.ctlLibrary(), config.dataplaneSocket(), config.socketsDir(), observations, portal::flows, clock);
        hypervisor = LibvirtHypervisor.load(
                config.libvirtLibrary(), config.libvirtUri(), config.instance(), config.socketsDir());
        held = new HeldGuests(config.stateDir(), hypervisor);
        var diskUse = new DiskUse();
        machines = new Machines(
                config,
                store::present,
                hypervisor,
                dataplane,
                files,
                diskUse,
                held,
                accelerator,
                observations,
                facts.memoryForVmsMib(),
                this::removalDone,
                clock);
        var backups = new BackupHost(
                config,
                store::present,
                hypervisor,
                held,
                files,
                diskUse,
                machines::kick,
                () -> accelerator.name().equals("kvm"),
                clock);
        var snapshots = new SnapshotHost(
                config, store::present, hypervisor, held, files, diskUse, machines::shape, machines::kick, clock);
        commands = new Commands(
                Stream.of(machines.handlers(), Backups.handlers(backups), Snapshots.handlers(snapshots))
                        .flatMap(List::stream)
                        .toList(),
                portal,
                refusal -> HypervisorProblems.ofOrder(refusal, clock.instant()),
                config.stateDir(),
                config.ordersAtOnce(),
                clock);
        poller = new DesiredPoller(polled(portal), store, new Told(), clock);
        inspector = Inspector.of(config.ctlLibrary(), config.dataplaneSocket(), clock);
        questions = new Questions(asked(portal), inspector, () -> newest, clock);
        facts.parts(observations, machines, poller);
        status = new StatusFile(config.stateDir(), portal.hostId(), observations, machines, poller, store, clock);
    }

    /** QEMU makes its sockets there and runs as another user; nobody else needs to look in. */
    private static void prepareSockets(AgentConfig config) throws IOException {
        Path directory = Files.createDirectories(config.socketsDir());
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
        var users = directory.getFileSystem().getUserPrincipalLookupService();
        Files.setOwner(directory, users.lookupPrincipalByName(config.qemuUser()));
    }

    private static DesiredPoller.Portal polled(Portal portal) {
        return new DesiredPoller.Portal() {
            @Override
            public Optional<DesiredState> desired(UUID epoch, long after, Duration wait) throws PortalException {
                return portal.desired(epoch, after, wait);
            }

            @Override
            public void renewIfDue() throws PortalException {
                portal.renewIfDue();
            }

            @Override
            public void refused() throws IOException {
                portal.enrolAgain();
            }
        };
    }

    private static Questions.Portal asked(Portal portal) {
        return new Questions.Portal() {
            @Override
            public List<AskedQuestion> questions(Duration wait) throws PortalException {
                return portal.questions(wait);
            }

            @Override
            public boolean answer(UUID question, Answer answer) throws PortalException {
                return portal.answer(question, answer);
            }
        };
    }

    void start() throws IOException {
        if (newest.epoch() != null) {
            dataplane.want(newest);
        }
        held.recover();
        commands.recover();
        machines.start();
        machines.wanted(newest);
        reporter.start(observations);
        poller.start();
        questions.start();
        timer.scheduleWithFixedDelay(status::update, 0, STATUS.toMillis(), TimeUnit.MILLISECONDS);
    }

    private final class Told implements DesiredPoller.Consumer {
        @Override
        public void enforce(Desired desired) {
            newest = desired;
            dataplane.want(desired);
        }

        @Override
        public void persisted(Desired desired) {
            machines.wanted(desired);
        }

        @Override
        public void commands(List<HostCommand> told) {
            commands.told(told);
        }
    }

    private void accepted(HostReport report) {
        machines.deletionReported(report.vms());
    }

    private void removalDone(UUID vm) {
        try {
            store.forget(vm);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        poller.close();
        commands.close();
        questions.close();
        inspector.close();
        reporter.close();
        machines.close();
        dataplane.close();
        hypervisor.close();
        status.stopped();
    }
}
