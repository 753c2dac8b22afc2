package cloud.freehold.agent.libvirt;

import java.time.Duration;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * QEMU's monitor of one run of a VM (QMP). What comes back is QEMU's word, and a QEMU that a guest has taken over may say anything.
 *
 * <p>Points in time are made here and not by libvirt's backup calls: those prepare scratch files between the moment when the guest is held
 * and the transaction (measured: 450 ms and more, against 10 ms for the transaction alone), hold the domain's job so that power and plugging wait,
 * and end their job when libvirtd is restarted.
 */
public interface Monitor extends AutoCloseable {
    Duration QUICK = Duration.ofSeconds(10);

    /**
     * @param arguments null: none
     * @return the answer's "return"
     * @throws HypervisorException REFUSED with QEMU's words; GONE when there is no QEMU; TIMED_OUT
     */
    JsonNode ask(String command, Map<String, ?> arguments, Duration deadline) throws HypervisorException;

    default JsonNode ask(String command, Map<String, ?> arguments) throws HypervisorException {
        return ask(command, arguments, QUICK);
    }

    default JsonNode ask(String command) throws HypervisorException {
        return ask(command, null, QUICK);
    }

    /** As {@link #ask(String, Map)}; a refusal, as that something is not there any more, is nothing. */
    default void tidy(String command, Map<String, ?> arguments) throws HypervisorException {
        try {
            ask(command, arguments, QUICK);
        } catch (HypervisorException e) {
            if (e.kind() != HypervisorException.Kind.REFUSED) {
                throw e;
            }
        }
    }

    @Override
    void close();
}
