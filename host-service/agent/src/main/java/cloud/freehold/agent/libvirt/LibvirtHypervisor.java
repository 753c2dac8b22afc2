package cloud.freehold.agent.libvirt;

import static cloud.freehold.agent.libvirt.HypervisorException.Kind.AGENT_SILENT;
import static cloud.freehold.agent.libvirt.HypervisorException.Kind.GONE;
import static cloud.freehold.agent.libvirt.HypervisorException.Kind.NO_AGENT;
import static cloud.freehold.agent.libvirt.HypervisorException.Kind.REFUSED;
import static cloud.freehold.agent.libvirt.HypervisorException.Kind.WRONG_STATE;

import cloud.freehold.agent.common.Threads;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@link Hypervisor} by libvirt. */
public final class LibvirtHypervisor implements Hypervisor {
    private static final Logger LOG = LoggerFactory.getLogger(LibvirtHypervisor.class);
    private static final Duration QUICK = Duration.ofSeconds(10);
    private static final Duration PLUG = Duration.ofSeconds(20);
    private static final Duration START = Duration.ofSeconds(60);
    private static final int AGENT_SECONDS = 2;
    private static final Duration AGENT_GRACE = Duration.ofSeconds(1);

    private static LibvirtLibrary.ErrorCallback silence;

    private final LibvirtLibrary library;
    private final LibvirtLibrary.Qemu qemu;
    private final String owner;
    private final Path sockets;
    private final Calls calls;
    private final Set<UUID> unreadable = ConcurrentHashMap.newKeySet();

    private LibvirtHypervisor(
            LibvirtLibrary library, LibvirtLibrary.Qemu qemu, String uri, String owner, Path sockets) {
        this.library = library;
        this.qemu = qemu;
        this.owner = owner;
        this.sockets = sockets;
        this.calls = new Calls(library, uri);
    }

    /**
     * Loads libvirt; the connection is made when it is needed, and made again when it breaks.
     *
     * @param owner marks the domains that are this agent's
     * @param sockets where QEMU makes its sockets
     */
    public static LibvirtHypervisor load(String libraryName, String uri, String owner, Path sockets) {
        try {
            var library = Native.load(libraryName, LibvirtLibrary.class);
            var qemu = Native.load(libraryName.replace("libvirt.so", "libvirt-qemu.so"), LibvirtLibrary.Qemu.class);
            runEventLoop(library);
            return new LibvirtHypervisor(library, qemu, uri, owner, sockets);
        } catch (UnsatisfiedLinkError e) {
            throw new IllegalStateException(
                    "libvirt's library " + libraryName + " cannot be loaded; install the package libvirt0.", e);
        }
    }

    /** One loop a process, whatever the number of connections; keep-alive and events need it. */
    private static synchronized void runEventLoop(LibvirtLibrary library) {
        if (silence == null) {
            silence = (data, error) -> {};
            library.virInitialize();
            library.virSetErrorFunc(null, silence);
            library.virEventRegisterDefaultImpl();
            Threads.start("libvirt-events", () -> {
                while (library.virEventRunDefaultImpl() >= 0) {
                    Thread.onSpinWait();
                }
                LOG.error("libvirt's event loop ended; changes of VMs are noticed by the periodic check only.");
            });
        }
    }

    @Override
    public void listen(Listener listener) {
        calls.listen(listener);
    }

    @Override
    public List<Domain> domains() throws HypervisorException {
        return calls.look(null, "list VMs", QUICK, session -> {
            var out = new PointerByReference();
            int count = library.virConnectListAllDomains(session.connection(), out, 0);
            if (count < 0) {
                throw failure();
            }
            var found = new ArrayList<Domain>();
            var all = out.getValue().getPointerArray(0, count);
            for (var domain : all) {
                describe(domain).ifPresent(found::add);
                library.virDomainFree(domain);
            }
            Native.free(Pointer.nativeValue(out.getValue()));
            return found;
        });
    }

    /** Empty: somebody else's, or gone meanwhile. */
    private Optional<Domain> describe(Pointer domain) {
        var mark = mark(domain);
        var state = new IntByReference();
        var reason = new IntByReference();
        if (mark.isEmpty()
                || !mark.get().owner().equals(owner)
                || library.virDomainGetState(domain, state, reason, 0) < 0) {
            return Optional.empty();
        }
        return Optional.of(new Domain(
                Session.uuid(library, domain), DomainState.of(state.getValue(), reason.getValue()), mark.get()));
    }

    private Optional<DomainMark> mark(Pointer domain) {
        var text = library.virDomainGetMetadata(domain, LibvirtLibrary.METADATA_ELEMENT, DomainMark.NAMESPACE, 0);
        if (text == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(DomainMark.read(LibvirtLibrary.take(text)));
        } catch (IllegalArgumentException e) {
            var vm = Session.uuid(library, domain);
            if (unreadable.add(vm)) {
                LOG.warn("The domain {} is left alone, because its mark cannot be read: {}", vm, e.getMessage());
            }
            return Optional.empty();
        }
    }

    @Override
    public Optional<Domain> find(UUID vm) throws HypervisorException {
        return calls.look(vm, "look up", QUICK, session -> {
            var domain = library.virDomainLookupByUUIDString(session.connection(), vm.toString());
            if (domain == null) {
                if (library.virGetLastErrorCode() == LibvirtLibrary.ERROR_NO_DOMAIN) {
                    return Optional.empty();
                }
                throw failure();
            }
            try {
                var found = describe(domain);
                if (found.isEmpty()) {
                    throw new HypervisorException(REFUSED, "a domain with the id " + vm + " exists that is not ours");
                }
                return found;
            } finally {
                library.virDomainFree(domain);
            }
        });
    }

    @Override
    public void define(DomainSpec spec) throws HypervisorException {
        calls.call(spec.vm(), "define", QUICK, session -> {
            forgetOff(session, spec);
            var domain = library.virDomainDefineXMLFlags(
                    session.connection(),
                    DomainXml.of(spec, MonitorSocket.of(sockets, spec.vm())),
                    LibvirtLibrary.DEFINE_VALIDATE);
            if (domain == null) {
                throw failure();
            }
            library.virDomainFree(domain);
            return null;
        });
    }

    /**
     * What libvirt 9 knows of a guest agent outlives its QEMU: when that died in the middle of an answer, the agent of the next run counts as
     * broken, until that guest restarts itself. A new domain knows nothing.
     */
    private void forgetOff(Session session, DomainSpec spec) throws HypervisorException {
        var present = library.virDomainLookupByName(session.connection(), spec.domainName());
        if (present == null) {
            return;
        }
        try {
            var ours = describe(present);
            if (ours.isEmpty()) {
                throw new HypervisorException(
                        REFUSED, "a domain named " + spec.domainName() + " exists that is not ours");
            }
            if (ours.get().state().isOff()) {
                library.virDomainUndefineFlags(present, LibvirtLibrary.UNDEFINE_EVERYTHING);
            }
        } finally {
            library.virDomainFree(present);
        }
    }

    @Override
    public void start(UUID vm) throws HypervisorException {
        on(vm, "start", START, library::virDomainCreate);
    }

    @Override
    public void shutdown(UUID vm, boolean throughAgent) throws HypervisorException {
        on(vm, "shut down", QUICK, domain -> library.virDomainShutdownFlags(domain, asked(throughAgent)));
    }

    @Override
    public void reboot(UUID vm, boolean throughAgent) throws HypervisorException {
        on(vm, "reboot", QUICK, domain -> library.virDomainReboot(domain, asked(throughAgent)));
    }

    private static int asked(boolean throughAgent) {
        return throughAgent ? LibvirtLibrary.SHUTDOWN_AGENT : LibvirtLibrary.SHUTDOWN_ACPI;
    }

    @Override
    public void reset(UUID vm) throws HypervisorException {
        on(vm, "reset", QUICK, domain -> library.virDomainReset(domain, 0));
    }

    @Override
    public void resume(UUID vm) throws HypervisorException {
        on(vm, "resume", QUICK, library::virDomainResume);
    }

    @Override
    public void destroy(UUID vm) throws HypervisorException {
        calls.urgent(vm, "force off", START, session -> onDomain(session, vm, library::virDomainDestroy));
    }

    @Override
    public void undefine(UUID vm) throws HypervisorException {
        on(vm, "remove", QUICK, domain -> library.virDomainUndefineFlags(domain, LibvirtLibrary.UNDEFINE_EVERYTHING));
    }

    @Override
    public String askAgent(UUID vm, String command) throws HypervisorException {
        return calls.call(
                vm, "ask the guest agent of", QUICK, session -> askAgent(session, vm, command, AGENT_SECONDS));
    }

    @Override
    public String askAgentUrgently(UUID vm, String command, Duration deadline) throws HypervisorException {
        int seconds = (int) Math.max(1, deadline.toSeconds());
        return calls.guest(
                vm,
                "ask the guest agent of",
                deadline.plus(AGENT_GRACE),
                session -> askAgent(session, vm, command, seconds));
    }

    private String askAgent(Session session, UUID vm, String command, int seconds) throws HypervisorException {
        var domain = lookUp(session, vm);
        try {
            var answer = qemu.virDomainQemuAgentCommand(domain, command, seconds, 0);
            if (answer == null) {
                throw failure();
            }
            return LibvirtLibrary.take(answer);
        } finally {
            library.virDomainFree(domain);
        }
    }

    @Override
    public Monitor monitor(UUID vm) throws HypervisorException {
        var socket = MonitorSocket.of(sockets, vm);
        return Files.exists(socket) ? MonitorSocket.open(socket) : new LibvirtMonitor(this, vm);
    }

    String askMonitor(UUID vm, String message, Duration deadline) throws HypervisorException {
        return calls.monitor(vm, "ask the monitor of", deadline, session -> {
            var domain = lookUp(session, vm);
            try {
                var answer = new PointerByReference();
                if (qemu.virDomainQemuMonitorCommand(domain, message, answer, 0) < 0) {
                    throw failure();
                }
                return LibvirtLibrary.take(answer.getValue());
            } finally {
                library.virDomainFree(domain);
            }
        });
    }

    @Override
    public VmDisks disks() {
        return new LibvirtDisks(this, library);
    }

    @Override
    public VmNics nics() {
        return new LibvirtNics(this);
    }

    /** A device, to a domain that runs. */
    void attach(UUID vm, String what, String xml) throws HypervisorException {
        act(vm, what, PLUG, domain -> library.virDomainAttachDeviceFlags(domain, xml, LibvirtLibrary.AFFECT_LIVE));
    }

    /** Asks the guest; it may take its time. */
    void detach(UUID vm, String what, String alias) throws HypervisorException {
        act(vm, what, PLUG, domain -> library.virDomainDetachDeviceAlias(domain, alias, LibvirtLibrary.AFFECT_LIVE));
    }

    /** What a running domain is made of now. */
    String describe(UUID vm) throws HypervisorException {
        return onDomain(vm, "describe", QUICK, domain -> {
            var text = library.virDomainGetXMLDesc(domain, 0);
            return text == null ? null : LibvirtLibrary.take(text);
        });
    }

    interface Action {
        int on(Pointer domain);
    }

    /** A question that is answered with null when libvirt refuses. */
    interface Question<T> {
        T on(Pointer domain);
    }

    <T> T onDomain(UUID vm, String what, Duration deadline, Question<T> question) throws HypervisorException {
        return calls.call(vm, what, deadline, session -> {
            var domain = lookUp(session, vm);
            try {
                var answer = question.on(domain);
                if (answer == null) {
                    throw failure();
                }
                return answer;
            } finally {
                library.virDomainFree(domain);
            }
        });
    }

    void act(UUID vm, String what, Duration deadline, Action action) throws HypervisorException {
        on(vm, what, deadline, action);
    }

    private void on(UUID vm, String what, Duration deadline, Action action) throws HypervisorException {
        calls.call(vm, what, deadline, session -> onDomain(session, vm, action));
    }

    private Void onDomain(Session session, UUID vm, Action action) throws HypervisorException {
        var domain = lookUp(session, vm);
        try {
            if (action.on(domain) < 0) {
                throw failure();
            }
            return null;
        } finally {
            library.virDomainFree(domain);
        }
    }

    /** Only what is ours. */
    private Pointer lookUp(Session session, UUID vm) throws HypervisorException {
        var domain = library.virDomainLookupByUUIDString(session.connection(), vm.toString());
        if (domain == null) {
            throw failure();
        }
        if (describe(domain).isEmpty()) {
            library.virDomainFree(domain);
            throw new HypervisorException(REFUSED, "the domain " + vm + " is not ours");
        }
        return domain;
    }

    /** What libvirt said last, in this thread. */
    private HypervisorException failure() {
        int code = library.virGetLastErrorCode();
        var message = library.virGetLastErrorMessage();
        var kind = switch (code) {
            case LibvirtLibrary.ERROR_NO_DOMAIN -> GONE;
            case LibvirtLibrary.ERROR_OPERATION_INVALID -> WRONG_STATE;
            case LibvirtLibrary.ERROR_AGENT_UNRESPONSIVE -> message.contains("not connected") ? NO_AGENT : AGENT_SILENT;
            default -> REFUSED;
        };
        return new HypervisorException(kind, message + " (libvirt error " + code + ")");
    }

    @Override
    public void close() {
        calls.close();
    }
}
