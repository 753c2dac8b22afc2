package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.backup.NewBackup;
import cloud.freehold.portal.backup.Origin;
import cloud.freehold.portal.backup.Policies;
import cloud.freehold.portal.backup.PolicySettings;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.FreeholdException;
import cloud.freehold.portal.common.TenantId;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Backs up the VMs of a policy, in the current transaction of the tenant. */
@Component
public class PolicyRuns {

    private final JdbcClient jdbc;
    private final CoveredVms covered;
    private final BackupOrdering ordering;

    PolicyRuns(JdbcClient jdbc, CoveredVms covered, BackupOrdering ordering) {
        this.jdbc = jdbc;
        this.covered = covered;
        this.ordering = ordering;
    }

    public Policies.Run run(TenantId tenant, PolicyRows.Row policy) {
        Map<String, String> refused = new LinkedHashMap<>();
        int started = 0;
        for (CoveredVms.Row vm : covered.of(tenant, policy.id())) {
            try {
                requireNoneOpen(tenant, policy, vm);
                ordering.order(tenant, backup(policy, vm), null);
                started++;
            } catch (FreeholdException e) {
                refused.put(vm.name(), Objects.requireNonNullElse(e.getMessage(), e.title()));
            }
        }
        return new Policies.Run(started, refused);
    }

    private static NewBackup backup(PolicyRows.Row policy, CoveredVms.Row vm) {
        PolicySettings settings = policy.settings();
        return new NewBackup(
                vm.vm(),
                settings.store(),
                policy.id(),
                Origin.POLICY,
                settings.wanted(),
                settings.acceptable(),
                settings.freezeLimitMillis(),
                "",
                null);
    }

    /** Where one takes longer than the schedule's pause, the next is left out instead of piling up. */
    private void requireNoneOpen(TenantId tenant, PolicyRows.Row policy, CoveredVms.Row vm) {
        boolean open = jdbc.sql("""
                        select exists (select from operation where tenant_id = :tenant and target_id = :vm and kind = 'BACKUP'
                            and state in ('WAITING', 'QUEUED', 'RUNNING') and arguments ->> 'policyId' = :policy)
                        """)
                .param("tenant", tenant.value())
                .param("vm", vm.vm().value())
                .param("policy", policy.id().toString())
                .query(Boolean.class)
                .single();
        if (open) {
            throw new ConflictException(
                    "backup.still-open",
                    "The backup before is not done yet, so this one is left out. Leave more time between two runs.");
        }
    }
}
