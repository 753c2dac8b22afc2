package cloud.freehold.portal.compute.domain;

import java.util.Optional;
import java.util.UUID;
import org.springframework.data.repository.Repository;

/** The VMs themselves, for changing them. */
interface VmRows extends Repository<Vm, UUID> {

    Optional<Vm> findByTenantIdAndId(UUID tenantId, UUID id);

    Vm save(Vm vm);
}
