package cloud.freehold.agent.storage;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Who uses the files of a VM that does not run: its start, or an order that reads or replaces them. Never two. Thread-safe.
 *
 * <p>It lives as long as the agent: what a user that died left is its own to find again.
 */
public final class DiskUse {
    private record User(String what, Runnable onWanted) {}

    private final Map<UUID, User> users = new HashMap<>();

    /** Ends the use. */
    public interface Use extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * @param what it is used for, for the tenant: "its volumes are being restored"
     * @param onWanted called, as often as it may be, when the VM is to be started; must not block
     * @return empty: somebody else uses it
     */
    public synchronized Optional<Use> take(UUID vm, String what, Runnable onWanted) {
        if (users.containsKey(vm)) {
            return Optional.empty();
        }
        var user = new User(what, onWanted);
        users.put(vm, user);
        return Optional.of(() -> release(vm, user));
    }

    private synchronized void release(UUID vm, User user) {
        users.remove(vm, user);
    }

    /** Asks the present user to let the VM go; what it is used for, or empty when it is free. */
    public Optional<String> wanted(UUID vm) {
        User user;
        synchronized (this) {
            user = users.get(vm);
        }
        if (user == null) {
            return Optional.empty();
        }
        user.onWanted().run();
        return Optional.of(user.what());
    }
}
