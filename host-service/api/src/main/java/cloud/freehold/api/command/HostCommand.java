package cloud.freehold.api.command;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;
import java.util.UUID;

/**
 * A one-off order to a host. The portal repeats it until the agent reports an end; the agent remembers what it has done
 * by {@link #id()}, so that it is carried out once.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = HostCommand.RebootVm.class, name = "reboot-vm"),
    @JsonSubTypes.Type(value = HostCommand.ForceOffVm.class, name = "force-off-vm")
})
public sealed interface HostCommand {
    /** The operation's id. */
    UUID id();

    /** When it is no longer wanted. */
    Instant deadline();

    /** Restarts the guest; asks it first, then resets it when {@code force} is set or after the grace period. */
    record RebootVm(UUID id, Instant deadline, UUID vmId, boolean force) implements HostCommand {}

    /** Pulls the plug. The VM's desired power is already STOPPED. */
    record ForceOffVm(UUID id, Instant deadline, UUID vmId) implements HostCommand {}
}
