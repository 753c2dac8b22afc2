package cloud.freehold.portal.audit;

import org.jspecify.annotations.Nullable;

/** Keeps what concerns the provider and no tenant, such as a refused host certificate or a guessed sign-in. */
public interface ProviderAudit {

    /** In a transaction of its own on the system's data source, or the current one there. */
    void record(String action, String targetKind, String targetName, Object detail, @Nullable String sourceIp);
}
