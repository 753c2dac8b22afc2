package cloud.freehold.portal.backup.web;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.portal.backup.NewBackup;
import cloud.freehold.portal.backup.Policies;
import cloud.freehold.portal.backup.Policy;
import cloud.freehold.portal.backup.PolicyId;
import cloud.freehold.portal.backup.PolicySettings;
import cloud.freehold.portal.backup.Retention;
import cloud.freehold.portal.backup.Schedule;
import cloud.freehold.portal.backup.StoreId;
import cloud.freehold.portal.common.ETags;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Backup policies for programs: all schedules are cron here, in the tenant's time zone. */
@RestController
@RequestMapping("/api/v1/tenants/{tenantSlug}")
class PolicyApi {

    private static final long LONGEST_OBJECTIVE = Duration.ofDays(366).toSeconds();

    record Items<T>(List<T> items) {}

    /** What is left out is as the form for a new policy has it; a schedule and a store are needed. */
    record Body(
            @Nullable String name,
            @Nullable Boolean enabled,
            @Nullable UUID storeId,
            @Nullable Boolean allVms,
            @Nullable List<String> labels,
            @Nullable String schedule,
            @Nullable Consistency wanted,
            @Nullable Consistency acceptable,
            @Nullable Integer freezeLimitMillis,
            @Nullable Retention retention,
            @Nullable Long objectiveSeconds,
            @Nullable String verifySchedule,
            @Nullable String drillSchedule,
            @Nullable Integer drillPort,
            @Nullable String drillPath,
            @Nullable Long recoveryObjectiveSeconds) {}

    record Labels(@Nullable List<String> labels) {}

    record Pruned(int removed) {}

    private final Policies policies;
    private final Clock clock;

    PolicyApi(Policies policies, Clock clock) {
        this.policies = policies;
        this.clock = clock;
    }

    @GetMapping("/backup-policies")
    Items<Policy> list(TenantScope scope) {
        return new Items<>(policies.list(scope.tenantId()));
    }

    @GetMapping("/backup-policies/{policyId}")
    ResponseEntity<Policy> get(TenantScope scope, @PathVariable String policyId) {
        Policy policy = policies.get(scope.tenantId(), PolicyId.of(policyId));
        return ResponseEntity.ok().eTag(ETags.of(policy.version())).body(policy);
    }

    @PostMapping("/backup-policies")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Policy> create(TenantScope scope, @RequestBody Body body) {
        PolicyId id = policies.create(scope.tenantId(), settings(scope, body));
        Policy policy = policies.get(scope.tenantId(), id);
        return ResponseEntity.created(URI.create("/api/v1/tenants/" + scope.slug() + "/backup-policies/" + id))
                .eTag(ETags.of(policy.version()))
                .body(policy);
    }

    /** Replaces all of its settings. */
    @PutMapping("/backup-policies/{policyId}")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Policy> change(
            TenantScope scope,
            @PathVariable String policyId,
            @RequestBody Body body,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        policies.change(scope.tenantId(), PolicyId.of(policyId), settings(scope, body), ETags.version(ifMatch));
        return get(scope, policyId);
    }

    @DeleteMapping("/backup-policies/{policyId}")
    @RequiresRole(Role.OPERATOR)
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void delete(
            TenantScope scope,
            @PathVariable String policyId,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        policies.delete(scope.tenantId(), PolicyId.of(policyId), ETags.version(ifMatch));
    }

    @PostMapping("/backup-policies/{policyId}/run")
    @RequiresRole(Role.OPERATOR)
    Policies.Run run(TenantScope scope, @PathVariable String policyId) {
        return policies.runNow(scope.tenantId(), PolicyId.of(policyId));
    }

    /** What another retention would keep and remove; nothing is changed. */
    @PostMapping("/backup-policies/{policyId}/prune-preview")
    @RequiresRole(Role.OPERATOR)
    Items<Policies.Preview> preview(
            TenantScope scope, @PathVariable String policyId, @RequestBody Retention retention) {
        return new Items<>(policies.preview(scope.tenantId(), PolicyId.of(policyId), retention));
    }

    @PostMapping("/backup-policies/{policyId}/prune")
    @RequiresRole(Role.OPERATOR)
    Pruned prune(TenantScope scope, @PathVariable String policyId) {
        return new Pruned(policies.prune(scope.tenantId(), PolicyId.of(policyId)));
    }

    @GetMapping("/vms/{vmId}/labels")
    Labels labels(TenantScope scope, @PathVariable String vmId) {
        return new Labels(List.copyOf(policies.labels(scope.tenantId()).getOrDefault(VmId.of(vmId), Set.of())));
    }

    @PutMapping("/vms/{vmId}/labels")
    @RequiresRole(Role.OPERATOR)
    Labels label(TenantScope scope, @PathVariable String vmId, @RequestBody Labels wanted) {
        TreeSet<String> labels = new TreeSet<>();
        Objects.requireNonNullElse(wanted.labels(), List.<String>of()).stream()
                .filter(Objects::nonNull)
                .forEach(labels::add);
        policies.label(scope.tenantId(), VmId.of(vmId), labels);
        return labels(scope, vmId);
    }

    private PolicySettings settings(TenantScope scope, Body body) {
        if (body.storeId() == null) {
            throw InvalidInputException.field(
                    "backup.policy-store", "storeId", "Name the store that the points go to.");
        }
        return new PolicySettings(
                Objects.requireNonNullElse(body.name(), ""),
                !Boolean.FALSE.equals(body.enabled()),
                new StoreId(body.storeId()),
                Boolean.TRUE.equals(body.allVms()),
                Objects.requireNonNullElse(body.labels(), List.<String>of()).stream()
                        .filter(Objects::nonNull)
                        .toList(),
                schedule(scope, "schedule", Objects.requireNonNullElse(body.schedule(), "")),
                Objects.requireNonNullElse(body.wanted(), Consistency.FILESYSTEM),
                Objects.requireNonNullElse(body.acceptable(), Consistency.CRASH),
                Objects.requireNonNullElse(body.freezeLimitMillis(), NewBackup.USUAL_FREEZE_LIMIT),
                Objects.requireNonNullElse(body.retention(), Retention.USUAL),
                duration("objectiveSeconds", body.objectiveSeconds()),
                body.verifySchedule() == null ? null : schedule(scope, "verifySchedule", body.verifySchedule()),
                body.drillSchedule() == null ? null : schedule(scope, "drillSchedule", body.drillSchedule()),
                body.drillPort(),
                body.drillPath(),
                duration("recoveryObjectiveSeconds", body.recoveryObjectiveSeconds()));
    }

    private Schedule schedule(TenantScope scope, String field, String cron) {
        return Schedule.parse(cron, field, scope.zone(), clock.instant());
    }

    private static @Nullable Duration duration(String field, @Nullable Long seconds) {
        if (seconds == null) {
            return null;
        }
        if (seconds < 1 || seconds > LONGEST_OBJECTIVE) {
            throw InvalidInputException.field(
                    "backup.policy-number", field, "Between a second and a year, in seconds.");
        }
        return Duration.ofSeconds(seconds);
    }
}
