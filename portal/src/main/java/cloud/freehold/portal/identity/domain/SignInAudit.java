package cloud.freehold.portal.identity.domain;

import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.audit.ProviderAudit;
import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.tenancy.TenantScope;
import cloud.freehold.portal.tenancy.Tenants;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/** Writes what happens to an account into the trail of every tenant that the account is a member of. */
@Component
class SignInAudit {

    private static final String KIND = "account";

    private final AuditTrail trail;
    private final ProviderAudit provider;
    private final Tenants tenants;
    private final TransactionTemplate transaction;

    SignInAudit(
            AuditTrail trail, ProviderAudit provider, Tenants tenants, @SystemAccess TransactionTemplate transaction) {
        this.trail = trail;
        this.provider = provider;
        this.tenants = tenants;
        this.transaction = transaction;
    }

    void record(String action, UserId user, String email, @Nullable String sourceIp) {
        Actor actor = Actor.member(user, email, sourceIp);
        transaction.executeWithoutResult(status -> {
            for (TenantScope tenant : tenants.of(user)) {
                trail.recordAsSystem(tenant.tenantId(), actor, AuditEntry.of(action, KIND, user.value(), email));
            }
        });
    }

    void refused(String typed, Optional<AccountRow> account, @Nullable String sourceIp) {
        if (account.isPresent()) {
            record("account.sign-in-refused", account.get().id(), account.get().email(), sourceIp);
        } else {
            // Of an address that nobody has only the source matters: people type their password into that field.
            provider.record(
                    "account.sign-in-refused", KIND, "unknown account", Map.of("typed", typed.length()), sourceIp);
        }
    }
}
