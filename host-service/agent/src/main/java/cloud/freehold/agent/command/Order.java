package cloud.freehold.agent.command;

import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.backup.Transfer;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;

/** A running order, as its handler sees it. Thread-safe. */
public interface Order {
    UUID id();

    /** Whether it was begun before, by an agent that died in its middle: what that one left behind is to be cleaned up first. */
    boolean repeated();

    /** How long it may still take; negative when it is late. */
    Duration left();

    /**
     * Says how far it is; does not block.
     *
     * @param percent 0–99; less than what was said before counts as that
     * @param step what is being done, a few words for the tenant
     * @param transfer null: nothing is being copied
     */
    void progress(int percent, String step, Transfer transfer);

    default void progress(int percent, String step) {
        progress(percent, step, null);
    }

    /** @throws OrderFailure the order was cancelled or is late */
    void check() throws OrderFailure;

    /** Waits; ends early, with the reason, when the order is over. */
    void pause(Duration pause) throws OrderFailure, InterruptedException;

    /** What to stop when the order is over before its end; called once, from another thread, at once when it is over already. */
    Registration whenOver(Runnable stop);

    /** What the portal gives for this order alone; never to be written down. */
    CommandInput input() throws OrderFailure, IOException, InterruptedException;

    /** Sends the bytes that the order brings. */
    void output(InputStream bytes) throws IOException;

    /** What was noted, also by an agent before this one. */
    Map<String, String> notes();

    /** Remembers something beyond the agent's death; nothing secret. Null forgets. */
    void note(String name, String value) throws IOException;

    /** Takes back what was registered. */
    interface Registration extends AutoCloseable {
        @Override
        void close();
    }
}
