package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.common.ActorSource;
import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.firewall.domain.Attachments;
import cloud.freehold.portal.firewall.domain.Enforcement;
import cloud.freehold.portal.firewall.domain.SecurityGroup;
import cloud.freehold.portal.firewall.domain.SecurityGroups;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import java.time.Clock;
import java.util.Map;
import java.util.UUID;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
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
    private final GroupViews views;
    private final Attachments attachments;
    private final Enforcement enforcement;
    private final ActorSource actors;
    private final Clock clock;

    AttachmentController(
            SecurityGroups groups,
            GroupViews views,
            Attachments attachments,
            Enforcement enforcement,
            ActorSource actors,
            Clock clock) {
        this.groups = groups;
        this.views = views;
        this.attachments = attachments;
        this.enforcement = enforcement;
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

    /** The counters of the rules that are shown, each to be put into its place. */
    @GetMapping("/hits")
    ModelAndView hits(TenantScope scope, @PathVariable String groupId, @ModelAttribute Place place) {
        GroupView view = views.of(scope, SecurityGroupId.of(groupId), place.state(), null);
        return new ModelAndView("firewall/_hits :: lines", Map.of("view", view));
    }

    @PostMapping("/attach")
    @RequiresRole(Role.OPERATOR)
    String attach(
            TenantScope scope, @PathVariable String groupId, @RequestParam String nic, RedirectAttributes redirect) {
        SecurityGroupId id = SecurityGroupId.of(groupId);
        attachments.attach(scope.tenantId(), actors.current(), named(scope, nic), id);
        redirect.addFlashAttribute("notice", "Attached; its rules take effect within moments.");
        return "redirect:" + scope.path("/firewall/groups/" + id) + "#nics";
    }

    /** By its id, or as people name it where there are too many for a list. */
    private UUID named(TenantScope scope, String nic) {
        return nic.contains("/")
                ? attachments.named(scope.tenantId(), nic.strip()).id()
                : Ids.parse(nic);
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
