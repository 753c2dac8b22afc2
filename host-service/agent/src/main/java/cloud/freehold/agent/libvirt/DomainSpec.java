package cloud.freehold.agent.libvirt;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * All that a domain is made of.
 *
 * @param continueFrom a snapshot with memory in the first disk that the guest goes on from instead of booting
 */
public record DomainSpec(
        UUID vm,
        String domainName,
        String title,
        String emulator,
        boolean kvm,
        int vcpus,
        int maxVcpus,
        long memoryMib,
        Optional<DirectBoot> directBoot,
        List<Disk> disks,
        List<Nic> nics,
        boolean directIo,
        Optional<String> continueFrom,
        Path consoleLog,
        DomainMark mark) {

    public record DirectBoot(Path kernel, Optional<Path> initrd, String commandLine) {}

    /**
     * @param slot 0 is vda; stays the same as long as the disk is plugged
     * @param serial what the guest sees below /dev/disk/by-id
     */
    public record Disk(int slot, Path file, String serial) {}

    /** @param index among the VM's NICs; stays the same as long as the NIC is plugged */
    public record Nic(int index, String mac, Path socket, int queuePairs, int mtu) {}
}
