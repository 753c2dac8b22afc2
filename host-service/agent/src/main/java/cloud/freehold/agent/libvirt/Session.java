package cloud.freehold.agent.libvirt;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import java.util.UUID;

/** One connection to libvirtd. It is closed when it was given up and the last call has come back. */
final class Session {
    private static final int KEEP_ALIVE_SECONDS = 5;
    private static final int KEEP_ALIVE_MISSED = 3;

    private final LibvirtLibrary library;
    private final Pointer connection;
    private final Hypervisor.Listener listener;
    // Native code calls these as long as the connection lives: they must not be collected.
    private final LibvirtLibrary.DomainCallback onChange = (conn, domain, a, b, c) -> changed(domain);
    private final LibvirtLibrary.DomainCallback onReboot = (conn, domain, a, b, c) -> rebooted(domain);
    private final LibvirtLibrary.CloseCallback onClose = (conn, reason, opaque) -> giveUp();
    private int calls;
    private boolean givenUp;
    private boolean closed;

    private Session(LibvirtLibrary library, Pointer connection, Hypervisor.Listener listener) {
        this.library = library;
        this.connection = connection;
        this.listener = listener;
    }

    static Session open(LibvirtLibrary library, String uri, Hypervisor.Listener listener) throws HypervisorException {
        var connection = library.virConnectOpen(uri);
        if (connection == null) {
            throw new HypervisorException(
                    HypervisorException.Kind.UNAVAILABLE,
                    "no connection to " + uri + ": " + library.virGetLastErrorMessage());
        }
        var session = new Session(library, connection, listener);
        library.virConnectSetKeepAlive(connection, KEEP_ALIVE_SECONDS, KEEP_ALIVE_MISSED);
        library.virConnectRegisterCloseCallback(connection, session.onClose, null, null);
        session.register(LibvirtLibrary.EVENT_LIFECYCLE, session.onChange);
        session.register(LibvirtLibrary.EVENT_AGENT_LIFECYCLE, session.onChange);
        session.register(LibvirtLibrary.EVENT_REBOOT, session.onReboot);
        return session;
    }

    private void register(int event, LibvirtLibrary.DomainCallback callback) {
        library.virConnectDomainEventRegisterAny(connection, null, event, callback, null, null);
    }

    private void changed(Pointer domain) {
        listener.changed(uuid(library, domain));
    }

    private void rebooted(Pointer domain) {
        listener.rebooted(uuid(library, domain));
    }

    static UUID uuid(LibvirtLibrary library, Pointer domain) {
        var text = new byte[37];
        library.virDomainGetUUIDString(domain, text);
        return UUID.fromString(new String(text, 0, 36, java.nio.charset.StandardCharsets.US_ASCII));
    }

    Pointer connection() {
        return connection;
    }

    String version() {
        var version = new LongByReference();
        library.virConnectGetVersion(connection, version);
        long number = version.getValue();
        return "QEMU " + number / 1_000_000 + "." + number / 1_000 % 1_000 + "." + number % 1_000;
    }

    boolean isAlive() {
        return library.virConnectIsAlive(connection) == 1;
    }

    synchronized boolean isGivenUp() {
        return givenUp;
    }

    /** @return false: it is being closed, take another one */
    synchronized boolean enter() {
        if (givenUp) {
            return false;
        }
        calls++;
        return true;
    }

    void leave() {
        boolean last;
        synchronized (this) {
            calls--;
            last = mayClose();
        }
        close(last);
    }

    void giveUp() {
        boolean last;
        boolean first;
        synchronized (this) {
            first = !givenUp;
            givenUp = true;
            last = mayClose();
        }
        if (first) {
            listener.disconnected();
        }
        close(last);
    }

    private boolean mayClose() {
        boolean now = givenUp && calls == 0 && !closed;
        closed |= now;
        return now;
    }

    /** From a thread of its own: closing waits for libvirtd, and libvirt's own callbacks come here. */
    private void close(boolean now) {
        if (now) {
            cloud.freehold.agent.common.Threads.start("libvirt-close", () -> library.virConnectClose(connection));
        }
    }
}
