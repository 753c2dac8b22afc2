package cloud.freehold.portal.traffic.web;

import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.tenancy.TenantScope;
import cloud.freehold.portal.traffic.domain.TrafficNic;
import cloud.freehold.portal.traffic.domain.TrafficNics;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The NICs of a VM, and which of them a page is about. */
@Component
class VmNics {

    private final Vms vms;
    private final TrafficNics nics;

    VmNics(Vms vms, TrafficNics nics) {
        this.vms = vms;
        this.nics = nics;
    }

    /** @throws NotFoundException when the tenant has no such VM */
    List<TrafficNic> of(TenantScope scope, VmId id) {
        vms.get(scope.tenantId(), id);
        return nics.ofVm(scope.tenantId(), id.value());
    }

    /**
     * @param nic its id; null or empty: the first
     * @throws NotFoundException when it is none of these, or there is none
     */
    static TrafficNic chosen(List<TrafficNic> all, @Nullable String nic) {
        if (nic == null || nic.isEmpty()) {
            return all.stream()
                    .findFirst()
                    .orElseThrow(() -> new NotFoundException("This VM has no NIC, so it has no connections."));
        }
        UUID wanted = Ids.parse(nic);
        return all.stream()
                .filter(each -> each.id().equals(wanted))
                .findFirst()
                .orElseThrow(() -> new NotFoundException("This VM has no such NIC. Reload the page."));
    }
}
