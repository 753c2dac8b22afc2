package cloud.freehold.portal.backup;

import cloud.freehold.portal.common.TenantId;

/** A policy came, changed or went, in the current transaction. */
public record PolicyChanged(TenantId tenant, PolicyId policy) {}
