package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.dataplane.VhostSockets;
import cloud.freehold.agent.libvirt.DomainMark;
import cloud.freehold.agent.libvirt.DomainSpec;
import cloud.freehold.agent.libvirt.DomainSpec.DirectBoot;
import cloud.freehold.api.desired.DesiredImage.Role;
import cloud.freehold.api.desired.DesiredNic;
import cloud.freehold.api.desired.DesiredVm;
import cloud.freehold.api.desired.DesiredVolume;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/** Makes domains of desired VMs. */
final class DomainFactory {
    private static final int SERIAL = 20;
    private static final int UUID_LENGTH = 36;
    /** A guest that could never have two processors uses one queue a disk, and picks an I/O scheduler that slows it down. */
    private static final int LEAST_MAX_VCPUS = 2;

    private static final int DEFAULT_MTU = 1500;

    private final Host host;

    DomainFactory(Host host) {
        this.host = host;
    }

    private List<DesiredNic> nics(UUID vm) {
        return host.desired().get().nicsOf(vm);
    }

    Map<UUID, Long> incarnations(UUID vm) {
        return nics(vm).stream().collect(Collectors.toMap(DesiredNic::id, DesiredNic::incarnation));
    }

    DomainSpec spec(DesiredVm vm) {
        return spec(vm, Optional.empty());
    }

    /** @param continueFrom a snapshot with memory */
    DomainSpec spec(DesiredVm vm, Optional<String> continueFrom) {
        var boot = directBoot(vm);
        var volumes = vm.volumes().stream()
                .sorted(Comparator.comparingInt(DesiredVolume::index))
                .toList();
        return new DomainSpec(
                vm.id(),
                name(vm.id()),
                vm.name(),
                host.config().emulator(),
                host.accelerator().kvm(boot),
                vm.vcpus(),
                Math.max(LEAST_MAX_VCPUS, Math.max(vm.vcpus(), vm.maxVcpus())),
                vm.memoryMib(),
                boot,
                volumes.stream()
                        .map(volume -> new DomainSpec.Disk(
                                volume.index(), host.files().volume(vm.id(), volume.id()), serial(volume.id())))
                        .toList(),
                nics(vm.id()).stream().map(this::nic).toList(),
                host.files().directIo(),
                continueFrom,
                host.files().console(vm.id()),
                new DomainMark(
                        host.config().instance(),
                        UUID.randomUUID(),
                        vm.revision(),
                        digest(vm),
                        vm.memoryMib(),
                        host.clock().instant()));
    }

    /** The id's random end: its beginning is a time, which VMs made together share. */
    private String name(UUID vm) {
        return "fh-" + host.config().instance() + "-" + vm.toString().substring(24);
    }

    /** Of the volume in the file. */
    static String serial(Path file) {
        return serial(UUID.fromString(file.getFileName().toString().substring(0, UUID_LENGTH)));
    }

    static String serial(UUID volume) {
        return volume.toString().replace("-", "").substring(32 - SERIAL);
    }

    private Optional<DirectBoot> directBoot(DesiredVm vm) {
        return host.files()
                .bootFile(vm.id(), vm.image(), Role.KERNEL)
                .map(kernel -> new DirectBoot(
                        kernel,
                        host.files().bootFile(vm.id(), vm.image(), Role.INITRD),
                        vm.image().commandLine() == null ? "" : vm.image().commandLine()));
    }

    private DomainSpec.Nic nic(DesiredNic nic) {
        var network = host.desired().get().networks().get(nic.networkId());
        return new DomainSpec.Nic(
                nic.index(),
                nic.mac(),
                VhostSockets.of(host.config().socketsDir(), nic.id()),
                nic.queuePairs(),
                network == null ? DEFAULT_MTU : network.mtu());
    }

    /** Up to which revision a running VM is as desired. */
    long appliedRevision(DesiredVm vm, DomainMark mark, boolean devicesAreApplied) {
        return devicesAreApplied && digest(vm).equals(mark.spec()) ? vm.revision() : mark.revision();
    }

    /** Of all that takes effect at a start only; what else changes in a VM, its disks and NICs included, does not need one. */
    private static String digest(DesiredVm vm) {
        return digest(processorsAndMemory(vm));
    }

    /** Of all that has to be the same for the guest's memory to be put back. */
    String shape(DesiredVm vm) {
        var text = processorsAndMemory(vm);
        nics(vm.id())
                .forEach(nic -> text.append(' ')
                        .append(nic.id())
                        .append('@')
                        .append(nic.index())
                        .append(nic.mac())
                        .append(nic.queuePairs()));
        return digest(text);
    }

    private static StringBuilder processorsAndMemory(DesiredVm vm) {
        return new StringBuilder()
                .append(vm.vcpus())
                .append(' ')
                .append(vm.maxVcpus())
                .append(' ')
                .append(vm.memoryMib())
                .append(' ')
                .append(vm.image());
    }

    private static String digest(StringBuilder text) {
        try {
            var sha =
                    MessageDigest.getInstance("SHA-256").digest(text.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(sha, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java runtime has no SHA-256", e);
        }
    }
}
