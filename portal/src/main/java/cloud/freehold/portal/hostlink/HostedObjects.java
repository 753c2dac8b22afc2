package cloud.freehold.portal.hostlink;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.portal.common.TenantId;
import java.util.Map;
import java.util.UUID;

/** Desired against applied, for anything that hosts are told of. Works in the current (ordinary) transaction. */
public interface HostedObjects {

    /** Of all the tenant's objects of this kind; one that no host has to know is not in it. */
    Map<UUID, HostProgress> progress(TenantId tenant, ObjectKind kind);

    HostProgress progress(TenantId tenant, ObjectKind kind, UUID id);
}
