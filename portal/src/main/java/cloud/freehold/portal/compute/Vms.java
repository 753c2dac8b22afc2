package cloud.freehold.portal.compute;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.operation.Operation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A tenant's VMs. Every look-up takes the tenant; another tenant's VM is not found. */
public interface Vms {

    /** By name. */
    List<VmView> list(TenantId tenant);

    VmView get(TenantId tenant, VmId id);

    /** In the order of the VM's slots. */
    List<NicView> nics(TenantId tenant, VmId id);

    /** All NICs of the tenant. */
    List<NicView> nics(TenantId tenant);

    Choices choices(TenantId tenant);

    List<QuotaUse> quotas(TenantId tenant);

    /** @param idempotencyKey repeating a request with the same key starts nothing anew; null for none */
    Operation create(TenantId tenant, NewVm vm, @Nullable String idempotencyKey);

    /** @param expectedVersion null: whatever it is */
    Operation command(
            TenantId tenant,
            VmId id,
            VmCommand command,
            boolean force,
            @Nullable Long expectedVersion,
            @Nullable String idempotencyKey);

    void describe(TenantId tenant, VmId id, VmDescription description, @Nullable Long expectedVersion);

    /** @param confirmedName must be the VM's name; null when an API client confirms by asking */
    Operation delete(
            TenantId tenant,
            VmId id,
            @Nullable String confirmedName,
            @Nullable Long expectedVersion,
            @Nullable String idempotencyKey);
}
