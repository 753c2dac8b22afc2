package cloud.freehold.agent.libvirt;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The VMs of this agent under libvirt; others are invisible here. Every call ends before its deadline, also when libvirt
 * or a QEMU hangs; a call that hangs holds up neither other VMs nor {@link #destroy}.
 */
public interface Hypervisor extends AutoCloseable {

    /** @param mark empty when the domain is not running and was never started by an agent */
    record Domain(UUID vm, DomainState state, DomainMark mark) {}

    /** Calls from threads of libvirt: must not block. */
    interface Listener {
        /** Something happened to a VM. */
        void changed(UUID vm);

        /** The guest restarted itself, or was reset. */
        void rebooted(UUID vm);

        /** A connection to libvirt was made: anything may have happened meanwhile. */
        void connected(String version);

        void disconnected();
    }

    void listen(Listener listener);

    List<Domain> domains() throws HypervisorException;

    Optional<Domain> find(UUID vm) throws HypervisorException;

    void define(DomainSpec spec) throws HypervisorException;

    void start(UUID vm) throws HypervisorException;

    /** Asks the guest, through its agent or by the power button. */
    void shutdown(UUID vm, boolean throughAgent) throws HypervisorException;

    void reboot(UUID vm, boolean throughAgent) throws HypervisorException;

    void reset(UUID vm) throws HypervisorException;

    void resume(UUID vm) throws HypervisorException;

    void destroy(UUID vm) throws HypervisorException;

    void undefine(UUID vm) throws HypervisorException;

    /** @return the agent's answer, JSON from inside the guest: not to be trusted */
    String askAgent(UUID vm, String command) throws HypervisorException;

    /**
     * As {@link #askAgent(UUID, String)}, with a deadline, and beside a call that hangs. The command may still be carried out after the
     * deadline.
     */
    String askAgentUrgently(UUID vm, String command, Duration deadline) throws HypervisorException;

    VmDisks disks();

    VmNics nics();

    /** QEMU's monitor; the VM runs. */
    Monitor monitor(UUID vm) throws HypervisorException;

    @Override
    void close();
}
