package cloud.freehold.portal.compute.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.hostlink.HostChanges;
import cloud.freehold.portal.operation.NextStep;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationKind;
import org.springframework.stereotype.Component;

/** Starts a VM as a later step of a chain, for example after its disks were restored. */
@Component
class StartAgain implements NextStep {

    private final VmRows rows;
    private final HostChanges hosts;

    StartAgain(VmRows rows, HostChanges hosts) {
        this.rows = rows;
        this.hosts = hosts;
    }

    @Override
    public OperationKind kind() {
        return OperationKind.VM_START;
    }

    @Override
    public boolean begin(TenantId tenant, Operation operation) {
        rows.findByTenantIdAndId(tenant.value(), operation.targetId())
                .orElseThrow(VmReader::notFound)
                .start();
        hosts.touched(ObjectKind.VM, operation.targetId());
        return true;
    }
}
