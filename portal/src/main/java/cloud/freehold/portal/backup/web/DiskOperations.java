package cloud.freehold.portal.backup.web;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationFilter;
import cloud.freehold.portal.operation.Operations;
import java.util.List;
import org.springframework.stereotype.Component;

/** What is being done with a VM's disks right now. */
@Component
class DiskOperations {

    private static final int SHOWN = 10;

    private final Operations operations;

    DiskOperations(Operations operations) {
        this.operations = operations;
    }

    List<Operation> of(TenantId tenant, VmId vm) {
        return operations
                .page(tenant, new OperationFilter(OperationFilter.State.OPEN, vm.value(), null, SHOWN))
                .items()
                .stream()
                .filter(operation -> operation.kind().needsDisksAlone())
                .toList();
    }
}
