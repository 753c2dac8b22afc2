package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.common.ActorSource;
import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.firewall.RuleId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.firewall.domain.Attachments;
import cloud.freehold.portal.firewall.domain.Enforcement;
import cloud.freehold.portal.firewall.domain.Hits;
import cloud.freehold.portal.firewall.domain.Rule;
import cloud.freehold.portal.firewall.domain.RuleSets;
import cloud.freehold.portal.firewall.domain.SecurityGroup;
import cloud.freehold.portal.firewall.domain.SecurityGroups;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.ModelAndView;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** Where a group is attached and what its hosts report: enforcement and hits. */
@Controller
@RequestMapping("/t/{tenantSlug}/firewall/groups/{groupId}")
class AttachmentController {

    private final SecurityGroups groups;
    private final RuleSets ruleSets;
    private final Attachments attachments;
    private final Enforcement enforcement;
    private final Hits hits;
    private final ActorSource actors;
    private final Clock clock;

    AttachmentController(
            SecurityGroups groups,
            RuleSets ruleSets,
            Attachments attachments,
            Enforcement enforcement,
            Hits hits,
            ActorSource actors,
            Clock clock) {
        this.groups = groups;
        this.ruleSets = ruleSets;
        this.attachments = attachments;
        this.enforcement = enforcement;
        this.hits = hits;
        this.actors = actors;
        this.clock = clock;
    }

    /** The head alone; fetched again when a host has reported. */
    @GetMapping("/enforcement")
    ModelAndView head(TenantScope scope, @PathVariable String groupId) {
        SecurityGroup group = groups.get(scope.tenantId(), SecurityGroupId.of(groupId));
        return new ModelAndView(
                "firewall/_enforcement :: head(oob=false)",
                Map.of(
                        "group",
                        group,
                        "base",
                        scope.path("/firewall/groups/" + group.id()),
                        "overdue",
                        group.isOverdue(clock.instant()),
                        "enforcement",
                        new EnforcementView(enforcement.ofGroup(scope.tenantId(), group.id()))));
    }

    /** All counters of the group, each to be put into its place. */
    @GetMapping("/hits")
    ModelAndView hits(TenantScope scope, @PathVariable String groupId) {
        SecurityGroup group = groups.get(scope.tenantId(), SecurityGroupId.of(groupId));
        List<RuleId> rules = ruleSets.current(scope.tenantId(), group).rules().stream()
                .map(Rule::id)
                .toList();
        Map<RuleId, Hits.Count> counts = hits.of(scope.tenantId(), rules);
        return new ModelAndView("firewall/_hits :: all", Map.of("counts", counts));
    }

    @PostMapping("/attach")
    @RequiresRole(Role.OPERATOR)
    String attach(
            TenantScope scope, @PathVariable String groupId, @RequestParam String nic, RedirectAttributes redirect) {
        SecurityGroupId id = SecurityGroupId.of(groupId);
        attachments.attach(scope.tenantId(), actors.current(), Ids.parse(nic), id);
        redirect.addFlashAttribute("notice", "Attached; its rules take effect within moments.");
        return "redirect:" + scope.path("/firewall/groups/" + id) + "#nics";
    }

    @PostMapping("/detach")
    @RequiresRole(Role.OPERATOR)
    String detach(
            TenantScope scope, @PathVariable String groupId, @RequestParam String nic, RedirectAttributes redirect) {
        SecurityGroupId id = SecurityGroupId.of(groupId);
        attachments.detach(scope.tenantId(), actors.current(), Ids.parse(nic), id);
        redirect.addFlashAttribute("notice", "Detached; what only this group allowed is cut.");
        return "redirect:" + scope.path("/firewall/groups/" + id) + "#nics";
    }
}
