package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.firewall.RuleId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.firewall.domain.Action;
import cloud.freehold.portal.firewall.domain.Direction;
import cloud.freehold.portal.firewall.domain.Drafts;
import cloud.freehold.portal.firewall.domain.FieldError;
import cloud.freehold.portal.firewall.domain.GroupNames;
import cloud.freehold.portal.firewall.domain.Rule;
import cloud.freehold.portal.firewall.domain.RuleInput;
import cloud.freehold.portal.firewall.domain.RuleReader;
import cloud.freehold.portal.firewall.domain.RuleSet;
import cloud.freehold.portal.firewall.domain.RuleSpec;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.ModelAndView;

/** Edits that collect in the member's draft. Nothing here reaches a host. */
@Controller
@RequestMapping("/t/{tenantSlug}/firewall/groups/{groupId}/draft")
@RequiresRole(Role.OPERATOR)
class DraftController {

    private final Drafts drafts;
    private final GroupNames names;
    private final Answers answers;
    private final Uuid7 ids;
    private final Clock clock;

    DraftController(Drafts drafts, GroupNames names, Answers answers, Uuid7 ids, Clock clock) {
        this.drafts = drafts;
        this.names = names;
        this.answers = answers;
        this.ids = ids;
        this.clock = clock;
    }

    @PostMapping("/rules")
    ModelAndView add(
            TenantScope scope,
            @PathVariable String groupId,
            @ModelAttribute RuleForm form,
            @ModelAttribute Place place,
            HttpServletRequest request,
            HttpServletResponse response) {
        return keep(scope, SecurityGroupId.of(groupId), null, form, place, request, response);
    }

    @PostMapping("/rules/{ruleId}")
    ModelAndView update(
            TenantScope scope,
            @PathVariable String groupId,
            @PathVariable String ruleId,
            @ModelAttribute RuleForm form,
            @ModelAttribute Place place,
            HttpServletRequest request,
            HttpServletResponse response) {
        return keep(scope, SecurityGroupId.of(groupId), RuleId.of(ruleId), form, place, request, response);
    }

    private ModelAndView keep(
            TenantScope scope,
            SecurityGroupId id,
            @Nullable RuleId rule,
            RuleForm form,
            Place place,
            HttpServletRequest request,
            HttpServletResponse response) {
        RuleInput input = form.input();
        RuleReader.Reading reading =
                new RuleReader(names.of(scope.tenantId()), clock.instant(), scope.zone()).read(input);
        List<FieldError> errors = new ArrayList<>(form.isHelped() ? List.of() : reading.errors());
        if (reading.specs().stream().anyMatch(spec -> spec.isExpired(clock.instant()))) {
            errors.add(new FieldError(
                    "expires", "This time has passed already. Choose a later one, or leave the field empty."));
        }
        if (form.isHelped() || !errors.isEmpty()) {
            Direction direction = input.direction().equals("egress") ? Direction.EGRESS : Direction.INGRESS;
            return answers.show(
                    request, scope, id, place.state(), OpenEditor.of(rule, direction, input, errors), false);
        }
        edit(scope, id, set -> rule == null ? set.plus(fresh(reading.specs())) : replaced(set, rule, reading.specs()));
        ViewState there =
                rule == null ? place.state().atEnd(reading.specs().get(0).direction()) : place.state();
        return answers.changed(request, response, scope, id, there, null);
    }

    /** The first of several takes the place of the edited rule, the others follow it. */
    private RuleSet replaced(RuleSet set, RuleId rule, List<RuleSpec> specs) {
        RuleSet changed = set.mapped(Set.of(rule), old -> specs.get(0));
        return set.find(rule).isEmpty() || specs.size() == 1
                ? changed
                : changed.plusAfter(rule, fresh(specs.subList(1, specs.size())));
    }

    private List<Rule> fresh(List<RuleSpec> specs) {
        return specs.stream()
                .map(spec -> new Rule(new RuleId(ids.next()), spec))
                .toList();
    }

    @PostMapping("/rules/{ruleId}/{what:toggle|remove|duplicate|up|down|undo}")
    ModelAndView one(
            TenantScope scope,
            @PathVariable String groupId,
            @PathVariable String ruleId,
            @PathVariable String what,
            @ModelAttribute Place place,
            HttpServletRequest request,
            HttpServletResponse response) {
        SecurityGroupId id = SecurityGroupId.of(groupId);
        RuleId rule = RuleId.of(ruleId);
        if (what.equals("undo")) {
            drafts.undo(scope.tenantId(), scope.userId(), id, rule);
        } else {
            edit(scope, id, set -> changed(set, rule, what));
        }
        return answers.changed(request, response, scope, id, place.state(), null);
    }

    private RuleSet changed(RuleSet set, RuleId rule, String what) {
        return switch (what) {
            case "toggle" -> set.mapped(Set.of(rule), spec -> spec.withEnabled(!spec.enabled()));
            case "remove" -> set.without(Set.of(rule));
            case "duplicate" ->
                set.find(rule)
                        .map(found -> set.plusAfter(rule, fresh(List.of(found.spec()))))
                        .orElse(set);
            case "up" -> set.moved(rule, -1);
            default -> set.moved(rule, 1);
        };
    }

    /** For the ticked rows. */
    @PostMapping("/bulk/{what:enable|disable|remove}")
    ModelAndView bulk(
            TenantScope scope,
            @PathVariable String groupId,
            @PathVariable String what,
            @RequestParam(name = "rule", required = false) @Nullable List<String> ticked,
            @ModelAttribute Place place,
            HttpServletRequest request,
            HttpServletResponse response) {
        SecurityGroupId id = SecurityGroupId.of(groupId);
        Set<RuleId> rules =
                ticked == null ? Set.of() : ticked.stream().map(RuleId::of).collect(Collectors.toSet());
        edit(
                scope,
                id,
                set -> what.equals("remove")
                        ? set.without(rules)
                        : set.mapped(rules, spec -> spec.withEnabled(what.equals("enable"))));
        return answers.changed(
                request, response, scope, id, place.state(), rules.isEmpty() ? "Tick the rules first." : null);
    }

    @PostMapping("/egress-default/{action:allow|drop}")
    ModelAndView egressDefault(
            TenantScope scope,
            @PathVariable String groupId,
            @PathVariable String action,
            @ModelAttribute Place place,
            HttpServletRequest request,
            HttpServletResponse response) {
        SecurityGroupId id = SecurityGroupId.of(groupId);
        edit(scope, id, set -> set.withEgressDefault(action.equals("drop") ? Action.DROP : Action.ALLOW));
        return answers.changed(request, response, scope, id, place.state(), null);
    }

    @PostMapping("/discard")
    ModelAndView discard(
            TenantScope scope,
            @PathVariable String groupId,
            @ModelAttribute Place place,
            HttpServletRequest request,
            HttpServletResponse response) {
        SecurityGroupId id = SecurityGroupId.of(groupId);
        drafts.discard(scope.tenantId(), scope.userId(), id);
        return answers.changed(
                request, response, scope, id, place.state(), "Your changes are discarded; nothing was applied.");
    }

    /** Puts the draft on top of what others applied. */
    @PostMapping("/rebase")
    ModelAndView rebase(
            TenantScope scope,
            @PathVariable String groupId,
            @ModelAttribute Place place,
            HttpServletRequest request,
            HttpServletResponse response) {
        SecurityGroupId id = SecurityGroupId.of(groupId);
        int clashes = drafts.rebase(scope.tenantId(), scope.userId(), id)
                .map(merge -> merge.clashes().size() + (merge.egressDefaultClash() ? 1 : 0))
                .orElse(0);
        String notice = clashes == 0
                ? "Your changes are on top of the newest version. Look at them, then apply."
                : "Both of you changed " + (clashes == 1 ? "one thing" : clashes + " things")
                        + "; yours stand in the rows marked as changed. Look closely before you apply.";
        return answers.changed(request, response, scope, id, place.state(), notice);
    }

    private void edit(TenantScope scope, SecurityGroupId id, UnaryOperator<RuleSet> change) {
        drafts.edit(scope.tenantId(), scope.userId(), id, change);
    }
}
