package cloud.freehold.agent.libvirt;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The disks of running VMs: what is plugged, plugging, and jobs that move their data. Deadlines as of {@link Hypervisor}. */
public interface VmDisks {
    /**
     * @param target as vda
     * @param alias the device's name
     * @param file of the volume
     */
    record Plugged(String target, String alias, Path file) {}

    /** @param total may grow while it runs */
    record Job(long done, long total) {
        /** All is copied; a mirror goes on following the guest's writes. */
        public boolean isReady() {
            return total > 0 && done == total;
        }
    }

    List<Plugged> plugged(UUID vm) throws HypervisorException;

    /** @param spec the VM as it would be defined with the disk */
    void plug(DomainSpec spec, DomainSpec.Disk disk) throws HypervisorException;

    /** Asks the guest to let it go; it is gone when {@link #plugged} does not show it any more. */
    void unplug(UUID vm, String alias) throws HypervisorException;

    /**
     * Begins to copy what the disk still reads from its backing image into its own file.
     *
     * @param bytesPerSecond 0: unlimited
     */
    void beginPull(UUID vm, String target, long bytesPerSecond) throws HypervisorException;

    /**
     * Begins to copy the disk into another file, which is there; each of the guest's writes goes to both before it counts as done. Once the job is ready, both hold
     * the same.
     */
    void beginMirror(UUID vm, String target, Path file, long bytesPerSecond) throws HypervisorException;

    Optional<Job> job(UUID vm, String target) throws HypervisorException;

    /** Ends a mirror that is ready: the guest goes on with the copy. */
    void pivot(UUID vm, String target) throws HypervisorException;

    void endJob(UUID vm, String target) throws HypervisorException;
}
