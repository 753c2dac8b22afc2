package cloud.freehold.portal.compute;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.NicSettings;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A VM's NICs: adding, changing and removing them. What becomes of that on the host, {@link NicView} tells. */
public interface VmNics {

    int MOST_NICS = 8;

    /** @throws cloud.freehold.portal.common.NotFoundException when the VM has no such NIC */
    NicView get(TenantId tenant, VmId vm, UUID nic);

    /**
     * @param groups null: the tenant's default group
     * @param idempotencyKey repeating a request with the same key adds nothing anew; null for none
     * @return its id
     */
    UUID add(
            TenantId tenant,
            VmId vm,
            NetworkId network,
            @Nullable List<SecurityGroupId> groups,
            @Nullable String idempotencyKey);

    /** @param expectedVersion null: whatever it is */
    void change(TenantId tenant, VmId vm, UUID nic, NicSettings settings, @Nullable Long expectedVersion);

    void remove(TenantId tenant, VmId vm, UUID nic, @Nullable Long expectedVersion);
}
