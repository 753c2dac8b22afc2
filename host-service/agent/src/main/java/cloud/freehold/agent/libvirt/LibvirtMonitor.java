package cloud.freehold.agent.libvirt;

import cloud.freehold.agent.common.Json;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** {@link Monitor} through libvirt: slower, for VMs that were started without a socket of their own. */
final class LibvirtMonitor implements Monitor {
    private final LibvirtHypervisor hypervisor;
    private final UUID vm;

    LibvirtMonitor(LibvirtHypervisor hypervisor, UUID vm) {
        this.hypervisor = hypervisor;
        this.vm = vm;
    }

    @Override
    public JsonNode ask(String command, Map<String, ?> arguments, Duration deadline) throws HypervisorException {
        try {
            var answer = hypervisor.askMonitor(vm, Qmp.message(command, arguments, null), deadline);
            return Qmp.result(Json.MAPPER.readTree(answer), command);
        } catch (JacksonException e) {
            throw new HypervisorException(
                    HypervisorException.Kind.REFUSED, "QEMU's answer to " + command + " is no JSON");
        }
    }

    @Override
    public void close() {}
}
