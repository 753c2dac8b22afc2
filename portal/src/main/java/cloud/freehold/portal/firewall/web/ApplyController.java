package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.common.ActorSource;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.firewall.domain.Applied;
import cloud.freehold.portal.firewall.domain.Drafts;
import cloud.freehold.portal.firewall.domain.RuleSets;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.ModelAndView;

/** Makes the draft the group's rules, and ends what waits for confirmation. */
@Controller
@RequestMapping("/t/{tenantSlug}/firewall/groups/{groupId}")
@RequiresRole(Role.OPERATOR)
class ApplyController {

    private final Drafts drafts;
    private final RuleSets ruleSets;
    private final Answers answers;
    private final ActorSource actors;

    ApplyController(Drafts drafts, RuleSets ruleSets, Answers answers, ActorSource actors) {
        this.drafts = drafts;
        this.ruleSets = ruleSets;
        this.answers = answers;
        this.actors = actors;
    }

    @PostMapping("/apply")
    ModelAndView apply(
            TenantScope scope,
            @PathVariable String groupId,
            @RequestParam(defaultValue = "") String stamp,
            @ModelAttribute Place place,
            HttpServletRequest request,
            HttpServletResponse response) {
        return apply(scope, groupId, stamp, null, place, request, response);
    }

    @PostMapping("/apply-and-confirm")
    ModelAndView applyAndConfirm(
            TenantScope scope,
            @PathVariable String groupId,
            @RequestParam(defaultValue = "") String stamp,
            @RequestParam(defaultValue = "5") String minutes,
            @ModelAttribute Place place,
            HttpServletRequest request,
            HttpServletResponse response) {
        if (!minutes.strip().matches("[0-9]{1,4}")) {
            throw InvalidInputException.field(
                    "ruleset.confirm-time", "minutes", "The time to confirm is a number of minutes, from 1 to 60.");
        }
        return apply(
                scope, groupId, stamp, Duration.ofMinutes(Long.parseLong(minutes.strip())), place, request, response);
    }

    private ModelAndView apply(
            TenantScope scope,
            String groupId,
            String stamp,
            @Nullable Duration confirmWithin,
            Place place,
            HttpServletRequest request,
            HttpServletResponse response) {
        SecurityGroupId id = SecurityGroupId.of(groupId);
        Applied applied = drafts.apply(scope.tenantId(), actors.current(), scope.userId(), id, stamp, confirmWithin);
        String notice = confirmWithin == null
                ? "Version " + applied.version() + " is saved and being enforced."
                : "Version " + applied.version() + " is being enforced; it goes back in " + confirmWithin.toMinutes()
                        + " min unless you confirm it.";
        return answers.changed(request, response, scope, id, place.state(), notice);
    }

    @PostMapping("/confirm")
    ModelAndView confirm(
            TenantScope scope,
            @PathVariable String groupId,
            @RequestParam(defaultValue = "0") String version,
            @ModelAttribute Place place,
            HttpServletRequest request,
            HttpServletResponse response) {
        SecurityGroupId id = SecurityGroupId.of(groupId);
        long number = version.matches("[0-9]{1,18}") ? Long.parseLong(version) : 0;
        ruleSets.confirm(scope.tenantId(), actors.current(), id, number);
        return answers.changed(request, response, scope, id, place.state(), "Confirmed: version " + number + " stays.");
    }

    @PostMapping("/revert")
    ModelAndView revert(
            TenantScope scope,
            @PathVariable String groupId,
            @ModelAttribute Place place,
            HttpServletRequest request,
            HttpServletResponse response) {
        SecurityGroupId id = SecurityGroupId.of(groupId);
        Applied applied = ruleSets.revert(scope.tenantId(), actors.current(), id);
        return answers.changed(
                request,
                response,
                scope,
                id,
                place.state(),
                "Reverted; version " + applied.version() + " has the rules from before.");
    }
}
