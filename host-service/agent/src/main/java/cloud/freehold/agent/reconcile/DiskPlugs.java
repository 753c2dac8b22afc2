package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.common.Json;
import cloud.freehold.agent.libvirt.DomainState;
import cloud.freehold.agent.libvirt.Hypervisor.Domain;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.VmDisks.Plugged;
import cloud.freehold.agent.storage.VmFiles;
import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.desired.DesiredVm;
import cloud.freehold.api.desired.PowerState;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * Plugs and unplugs disks of a running VM as its volumes come and go. A disk goes only when the guest agent says that no filesystem of it is mounted:
 * QEMU would take it away without asking.
 */
final class DiskPlugs {
    private static final Logger LOG = LoggerFactory.getLogger(DiskPlugs.class);

    private final Host host;
    private final DomainFactory domains;

    DiskPlugs(Host host, DomainFactory domains) {
        this.host = host;
        this.domains = domains;
    }

    PlugState look(DesiredVm vm, Domain domain) throws HypervisorException {
        if (domain.state() != DomainState.RUNNING || vm.power() != PowerState.RUNNING) {
            return PlugState.APPLIED;
        }
        var plugged = host.hypervisor().disks().plugged(vm.id());
        var spec = domains.spec(vm);
        for (var disk : spec.disks()) {
            if (plugged.stream().noneMatch(one -> VmFiles.isSame(one.file(), disk.file()))) {
                if (!Files.exists(disk.file())) {
                    return PlugState.ON_ITS_WAY;
                }
                host.hypervisor().disks().plug(spec, disk);
                LOG.info("VM {}: {} was plugged.", vm.id(), disk.file());
            }
        }
        var obsolete = plugged.stream()
                .filter(one -> spec.disks().stream().noneMatch(disk -> VmFiles.isSame(one.file(), disk.file())))
                .toList();
        return obsolete.isEmpty() ? PlugState.APPLIED : unplug(vm, obsolete);
    }

    private PlugState unplug(DesiredVm vm, List<Plugged> obsolete) throws HypervisorException {
        var mounted = mounted(vm);
        if (mounted.isEmpty()) {
            return refused(
                    ProblemCode.GUEST_UNRESPONSIVE,
                    "A volume stays plugged, because no guest agent tells whether it is in use. Start the agent in the guest, or switch"
                            + " the VM off.");
        }
        boolean inUse = false;
        for (var disk : obsolete) {
            if (mounted.get().stream().anyMatch(one -> one.isOn(disk))) {
                inUse = true;
            } else {
                host.hypervisor().disks().unplug(vm.id(), disk.alias());
                LOG.info("VM {}: {} is being unplugged.", vm.id(), disk.file());
            }
        }
        return inUse
                ? refused(
                        ProblemCode.WRONG_STATE,
                        "A volume stays plugged, because the guest has mounted it. Unmount it in the guest; then it goes by itself.")
                : PlugState.ON_ITS_WAY;
    }

    private PlugState refused(ProblemCode code, String message) {
        return new PlugState(false, new Problem(code, message, host.clock().instant()));
    }

    /** @param device as /dev/vdb1; the guest's word */
    private record Mounted(String device, String serial) {
        boolean isOn(Plugged disk) {
            if (!serial.isEmpty()) {
                return serial.equals(DomainFactory.serial(disk.file()));
            }
            return device.startsWith("/dev/" + disk.target());
        }
    }

    /** Empty: no agent tells. */
    private Optional<List<Mounted>> mounted(DesiredVm vm) {
        try {
            var found = new ArrayList<Mounted>();
            var answer =
                    Json.MAPPER.readTree(host.hypervisor().askAgent(vm.id(), "{\"execute\":\"guest-get-fsinfo\"}"));
            for (var filesystem : answer.path("return")) {
                for (var disk : filesystem.path("disk")) {
                    found.add(new Mounted(
                            disk.path("dev").asString(""), disk.path("serial").asString("")));
                }
            }
            return Optional.of(found);
        } catch (HypervisorException | JacksonException e) {
            return Optional.empty();
        }
    }
}
