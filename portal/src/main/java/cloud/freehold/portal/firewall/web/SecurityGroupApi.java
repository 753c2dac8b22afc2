package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.common.ActorSource;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.firewall.RuleId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.firewall.domain.Action;
import cloud.freehold.portal.firewall.domain.Applied;
import cloud.freehold.portal.firewall.domain.Consequence;
import cloud.freehold.portal.firewall.domain.Consequences;
import cloud.freehold.portal.firewall.domain.Rule;
import cloud.freehold.portal.firewall.domain.RuleSet;
import cloud.freehold.portal.firewall.domain.RuleSetDiff;
import cloud.freehold.portal.firewall.domain.RuleSets;
import cloud.freehold.portal.firewall.domain.SecurityGroup;
import cloud.freehold.portal.firewall.domain.SecurityGroups;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Security groups for programs: stable ids, canonical forms, order preserved, whole sets replaced at once. */
@RestController
@RequestMapping("/api/v1/tenants/{tenantSlug}/security-groups")
class SecurityGroupApi {

    private final SecurityGroups groups;
    private final RuleSets ruleSets;
    private final ApiRules reader;
    private final ActorSource actors;
    private final Clock clock;

    SecurityGroupApi(SecurityGroups groups, RuleSets ruleSets, ApiRules reader, ActorSource actors, Clock clock) {
        this.groups = groups;
        this.ruleSets = ruleSets;
        this.reader = reader;
        this.actors = actors;
        this.clock = clock;
    }

    record Summary(
            String id, String name, String description, long version, String egressDefault, int rules, int nics) {}

    record Detail(
            String id,
            String name,
            String description,
            long version,
            String egressDefault,
            @Nullable Instant confirmUntil,
            List<ApiRule> rules) {}

    record Naming(@Nullable String name, @Nullable String description) {}

    record Rules(@Nullable String egressDefault, @Nullable List<@Nullable ApiRule> rules) {}

    /** @param applied false for a dry run and when nothing differs */
    record Change(
            long version,
            boolean applied,
            int added,
            int removed,
            int changed,
            int moved,
            List<Consequence> consequences) {}

    @GetMapping
    Map<String, List<Summary>> list(TenantScope scope) {
        return Map.of(
                "items",
                groups.list(scope.tenantId()).stream()
                        .map(line -> new Summary(
                                line.group().id().toString(),
                                line.group().name(),
                                line.group().description(),
                                line.group().version(),
                                line.group().egressDefault().name(),
                                line.ingressRules() + line.egressRules(),
                                line.nics()))
                        .toList());
    }

    @PostMapping
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Detail> create(TenantScope scope, @RequestBody Naming naming) {
        SecurityGroup group =
                groups.create(scope.tenantId(), actors.current(), text(naming.name()), text(naming.description()));
        URI location = URI.create("/api/v1/tenants/" + scope.slug() + "/security-groups/" + group.id());
        return ResponseEntity.created(location).eTag(ETags.of(group.version())).body(detail(scope, group));
    }

    @GetMapping("/{groupId}")
    ResponseEntity<Detail> get(TenantScope scope, @PathVariable String groupId) {
        return answer(scope, SecurityGroupId.of(groupId));
    }

    @PutMapping("/{groupId}")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Detail> describe(TenantScope scope, @PathVariable String groupId, @RequestBody Naming naming) {
        SecurityGroupId id = SecurityGroupId.of(groupId);
        groups.describe(scope.tenantId(), actors.current(), id, text(naming.name()), text(naming.description()));
        return answer(scope, id);
    }

    @DeleteMapping("/{groupId}")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Void> delete(TenantScope scope, @PathVariable String groupId) {
        groups.delete(scope.tenantId(), actors.current(), SecurityGroupId.of(groupId));
        return ResponseEntity.noContent().build();
    }

    /** Makes the body the whole set, or with {@code dryRun} says what that would do. */
    @PutMapping("/{groupId}/rules")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Change> replace(
            TenantScope scope,
            @PathVariable String groupId,
            @RequestBody Rules body,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch,
            @RequestParam(defaultValue = "false") boolean dryRun,
            @RequestParam(required = false) @Nullable Integer confirmWithinMinutes) {
        SecurityGroup group = groups.get(scope.tenantId(), SecurityGroupId.of(groupId));
        long base = ETags.required(ifMatch);
        RuleSet present = ruleSets.current(scope.tenantId(), group);
        List<@Nullable ApiRule> wanted = body.rules() == null ? List.of() : body.rules();
        Action egress = body.egressDefault() == null ? present.egressDefault() : action(body.egressDefault());
        RuleSet target = new RuleSet(egress, reader.read(scope.tenantId(), wanted, present));
        if (dryRun) {
            return ResponseEntity.ok(change(group.version(), false, RuleSetDiff.between(present, target)));
        }
        Duration within = confirmWithinMinutes == null ? null : Duration.ofMinutes(confirmWithinMinutes);
        Applied applied = apply(scope, group.id(), base, target, within);
        return ResponseEntity.ok()
                .eTag(ETags.of(applied.version()))
                .body(change(applied.version(), applied.changed(), applied.diff()));
    }

    /** Behind the rules that are there; other rules are left alone, whatever version they have. */
    @PostMapping("/{groupId}/rules")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<ApiRule> add(TenantScope scope, @PathVariable String groupId, @RequestBody ApiRule rule) {
        SecurityGroup group = groups.get(scope.tenantId(), SecurityGroupId.of(groupId));
        RuleSet present = ruleSets.current(scope.tenantId(), group);
        List<Rule> added =
                reader.read(scope.tenantId(), List.of(rule), new RuleSet(present.egressDefault(), List.of()));
        Applied applied = apply(scope, group.id(), group.version(), present.plus(added), null);
        return ResponseEntity.status(201).eTag(ETags.of(applied.version())).body(ApiRule.of(added.get(0)));
    }

    @DeleteMapping("/{groupId}/rules/{ruleId}")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Void> remove(TenantScope scope, @PathVariable String groupId, @PathVariable String ruleId) {
        SecurityGroup group = groups.get(scope.tenantId(), SecurityGroupId.of(groupId));
        RuleSet present = ruleSets.current(scope.tenantId(), group);
        RuleId rule = RuleId.of(ruleId);
        if (present.find(rule).isEmpty()) {
            throw new NotFoundException("This group has no such rule. List its rules to see their ids.");
        }
        Applied applied = apply(scope, group.id(), group.version(), present.without(Set.of(rule)), null);
        return ResponseEntity.noContent().eTag(ETags.of(applied.version())).build();
    }

    @PostMapping("/{groupId}/confirm")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Detail> confirm(
            TenantScope scope,
            @PathVariable String groupId,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        SecurityGroupId id = SecurityGroupId.of(groupId);
        ruleSets.confirm(scope.tenantId(), actors.current(), id, ETags.required(ifMatch));
        return answer(scope, id);
    }

    @PostMapping("/{groupId}/revert")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Detail> revert(TenantScope scope, @PathVariable String groupId) {
        SecurityGroupId id = SecurityGroupId.of(groupId);
        ruleSets.revert(scope.tenantId(), actors.current(), id);
        return answer(scope, id);
    }

    private Applied apply(TenantScope scope, SecurityGroupId id, long base, RuleSet target, @Nullable Duration within) {
        try {
            return ruleSets.apply(scope.tenantId(), actors.current(), id, base, target, within, null);
        } catch (ConflictException e) {
            if (e.code().equals("ruleset.stale")) {
                throw StaleVersionException.stale(String.valueOf(e.getMessage()));
            }
            throw e;
        }
    }

    private Change change(long version, boolean applied, RuleSetDiff diff) {
        return new Change(
                version,
                applied,
                diff.added().size(),
                diff.removed().size(),
                diff.changed().size(),
                diff.moved().size(),
                new Consequences(clock.instant()).of(diff));
    }

    private ResponseEntity<Detail> answer(TenantScope scope, SecurityGroupId id) {
        SecurityGroup group = groups.get(scope.tenantId(), id);
        return ResponseEntity.ok().eTag(ETags.of(group.version())).body(detail(scope, group));
    }

    private Detail detail(TenantScope scope, SecurityGroup group) {
        RuleSet set = ruleSets.current(scope.tenantId(), group);
        return new Detail(
                group.id().toString(),
                group.name(),
                group.description(),
                group.version(),
                group.egressDefault().name(),
                group.confirmUntil(),
                set.rules().stream().map(ApiRule::of).toList());
    }

    private static Action action(String text) {
        return switch (text.toUpperCase(Locale.ROOT)) {
            case "ALLOW" -> Action.ALLOW;
            case "DROP" -> Action.DROP;
            default -> throw InvalidInputException.field("rules.invalid", "egressDefault", "This is ALLOW or DROP.");
        };
    }

    private static String text(@Nullable String text) {
        return text == null ? "" : text.strip();
    }
}
