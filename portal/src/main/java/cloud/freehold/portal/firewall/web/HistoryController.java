package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.common.ActorSource;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.firewall.domain.Applied;
import cloud.freehold.portal.firewall.domain.Consequences;
import cloud.freehold.portal.firewall.domain.GroupNames;
import cloud.freehold.portal.firewall.domain.RemoteNames;
import cloud.freehold.portal.firewall.domain.Revision;
import cloud.freehold.portal.firewall.domain.RuleSet;
import cloud.freehold.portal.firewall.domain.RuleSetDiff;
import cloud.freehold.portal.firewall.domain.RuleSets;
import cloud.freehold.portal.firewall.domain.SecurityGroup;
import cloud.freehold.portal.firewall.domain.SecurityGroups;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.ModelAndView;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** All versions of a group's rules, what each changed, and the way back to any of them. */
@Controller
@RequestMapping("/t/{tenantSlug}/firewall/groups/{groupId}/history")
class HistoryController {

    private static final int PAGE = 50;

    private final SecurityGroups groups;
    private final RuleSets ruleSets;
    private final GroupNames names;
    private final ActorSource actors;
    private final Clock clock;

    HistoryController(SecurityGroups groups, RuleSets ruleSets, GroupNames names, ActorSource actors, Clock clock) {
        this.groups = groups;
        this.ruleSets = ruleSets;
        this.names = names;
        this.actors = actors;
        this.clock = clock;
    }

    @GetMapping
    ModelAndView list(
            TenantScope scope, @PathVariable String groupId, @RequestParam(required = false) @Nullable String before) {
        SecurityGroup group = groups.get(scope.tenantId(), SecurityGroupId.of(groupId));
        long start = before == null ? Long.MAX_VALUE : version(before);
        List<Revision> revisions = ruleSets.history(scope.tenantId(), group.id(), start, PAGE + 1);
        Map<String, Object> model = model(scope, group);
        model.put("revisions", revisions.subList(0, Math.min(PAGE, revisions.size())));
        model.put("older", revisions.size() > PAGE ? revisions.get(PAGE - 1).version() : 0);
        return new ModelAndView("firewall/history", model);
    }

    /** What this version changed, and what going back to it would change now. */
    @GetMapping("/{version}")
    ModelAndView version(TenantScope scope, @PathVariable String groupId, @PathVariable String version) {
        SecurityGroup group = groups.get(scope.tenantId(), SecurityGroupId.of(groupId));
        long number = version(version);
        RuleSet then = ruleSets.at(scope.tenantId(), group.id(), number);
        RemoteNames known = names.of(scope.tenantId());
        RuleSet earlier = number == 1 ? then : ruleSets.at(scope.tenantId(), group.id(), number - 1);
        RuleSetDiff back = RuleSetDiff.between(ruleSets.current(scope.tenantId(), group), then);
        Map<String, Object> model = model(scope, group);
        model.put(
                "revision",
                ruleSets.history(scope.tenantId(), group.id(), number + 1, 1).get(0));
        model.put("changed", DiffLine.of(RuleSetDiff.between(earlier, then), known));
        model.put("back", DiffLine.of(back, known));
        model.put("consequences", new Consequences(clock.instant()).of(back));
        return new ModelAndView("firewall/version", model);
    }

    /** @param current the version that the page was loaded with */
    @PostMapping("/{version}/rollback")
    @RequiresRole(Role.OPERATOR)
    String rollback(
            TenantScope scope,
            @PathVariable String groupId,
            @PathVariable String version,
            @RequestParam(defaultValue = "0") String current,
            @RequestParam(required = false) @Nullable String minutes,
            RedirectAttributes redirect) {
        SecurityGroupId id = SecurityGroupId.of(groupId);
        long number = version(version);
        RuleSet then = ruleSets.at(scope.tenantId(), id, number);
        Duration within = minutes == null || minutes.isEmpty() ? null : Duration.ofMinutes(version(minutes));
        Applied applied = ruleSets.apply(
                scope.tenantId(),
                actors.current(),
                id,
                version(current),
                then,
                within,
                "Rolled back to version " + number);
        redirect.addFlashAttribute(
                "notice",
                applied.changed()
                        ? "Version " + applied.version() + " has the rules of version " + number
                                + " and is being enforced."
                        : "Nothing to do: the rules are those of version " + number + " already.");
        return "redirect:" + scope.path("/firewall/groups/" + id);
    }

    private static Map<String, Object> model(TenantScope scope, SecurityGroup group) {
        Map<String, Object> model = new HashMap<>();
        model.put("group", group);
        model.put("base", scope.path("/firewall/groups/" + group.id()));
        return model;
    }

    private static long version(String text) {
        if (!text.matches("[0-9]{1,18}")) {
            throw new NotFoundException("There is no version “" + text + "”. The history lists those there are.");
        }
        return Long.parseLong(text);
    }
}
