package cloud.freehold.portal.backup;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.VmId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What pages show of a tenant's backups at one glance: a fixed number of queries, however many VMs there are. */
public interface BackupHealth {

    /** Those that need attention first, then by name. VMs that were deleted come last while they have points. */
    List<VmHealth> all(TenantId tenant);

    VmHealth of(TenantId tenant, VmId vm);

    /** @param vm of this VM alone; null: of all, in the order of {@link #all} */
    Timeline timeline(TenantId tenant, @Nullable VmId vm, Instant from, Instant until);
}
