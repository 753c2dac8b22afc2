package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.common.ActorSource;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.firewall.RuleId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.firewall.domain.Direction;
import cloud.freehold.portal.firewall.domain.GroupNames;
import cloud.freehold.portal.firewall.domain.GroupSummary;
import cloud.freehold.portal.firewall.domain.RuleInput;
import cloud.freehold.portal.firewall.domain.RuleWriter;
import cloud.freehold.portal.firewall.domain.SecurityGroup;
import cloud.freehold.portal.firewall.domain.SecurityGroups;
import cloud.freehold.portal.firewall.domain.Service;
import cloud.freehold.portal.firewall.domain.Usage;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.ModelAndView;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** The list of security groups, and a group's page with its editor. */
@Controller
@RequestMapping("/t/{tenantSlug}/firewall/groups")
class GroupController {

    private final SecurityGroups groups;
    private final GroupViews views;
    private final GroupNames names;
    private final Answers answers;
    private final ActorSource actors;

    GroupController(SecurityGroups groups, GroupViews views, GroupNames names, Answers answers, ActorSource actors) {
        this.groups = groups;
        this.views = views;
        this.names = names;
        this.answers = answers;
        this.actors = actors;
    }

    @GetMapping
    ModelAndView list(TenantScope scope) {
        List<GroupSummary> all = groups.list(scope.tenantId());
        return new ModelAndView("firewall/groups", Map.of("groups", all));
    }

    @GetMapping("/new")
    @RequiresRole(Role.OPERATOR)
    ModelAndView createForm() {
        return form("", "", Map.of());
    }

    @PostMapping
    @RequiresRole(Role.OPERATOR)
    ModelAndView create(
            TenantScope scope,
            @RequestParam(defaultValue = "") String name,
            @RequestParam(defaultValue = "") String description,
            RedirectAttributes redirect) {
        try {
            SecurityGroup group = groups.create(scope.tenantId(), actors.current(), name.strip(), description.strip());
            redirect.addFlashAttribute("notice", "Security group " + group.name() + " is there. Add its first rule.");
            return new ModelAndView("redirect:" + scope.path("/firewall/groups/" + group.id()));
        } catch (InvalidInputException e) {
            return refused(form(name, description, errors(e)));
        }
    }

    @GetMapping("/{groupId}")
    ModelAndView show(
            TenantScope scope,
            @PathVariable String groupId,
            @RequestParam(required = false) @Nullable String edit,
            @RequestParam(required = false) @Nullable String add,
            @RequestParam(required = false) @Nullable String template,
            @ModelAttribute Prefill prefill,
            @RequestParam(required = false) @Nullable String review,
            @ModelAttribute Place place,
            HttpServletRequest request) {
        SecurityGroupId id = SecurityGroupId.of(groupId);
        OpenEditor editor = scope.canOperate() ? editor(scope, id, edit, add, template, prefill) : null;
        return answers.show(request, scope, id, place.state(), editor, review != null);
    }

    private @Nullable OpenEditor editor(
            TenantScope scope,
            SecurityGroupId id,
            @Nullable String edit,
            @Nullable String add,
            @Nullable String template,
            Prefill prefill) {
        if (edit != null) {
            RuleId rule = RuleId.of(edit);
            RuleWriter writer = new RuleWriter(names.of(scope.tenantId()));
            return views.shown(scope, id)
                    .find(rule)
                    .map(found -> OpenEditor.of(rule, found.spec().direction(), writer.write(found.spec()), List.of()))
                    .orElse(null);
        }
        if (add != null) {
            Direction direction = add.equals("egress") ? Direction.EGRESS : Direction.INGRESS;
            RuleInput from = prefill.fill(RuleInput.empty(direction));
            RuleInput input = Service.find(template == null ? "" : template)
                    .map(service -> from.withService(service.protocols(), service.ports()))
                    .orElse(from);
            return OpenEditor.of(null, direction, input, List.of());
        }
        return null;
    }

    /** What a new rule begins with, for example because of a packet that was dropped. */
    record Prefill(
            @Nullable String remote,
            @Nullable String protocol,
            @Nullable String ports) {

        private static final int LONGEST = 200;

        RuleInput fill(RuleInput input) {
            RuleInput from = remote == null ? input : input.withRemote(shortened(remote));
            return protocol == null
                    ? from
                    : from.withService(shortened(protocol), ports == null ? "" : shortened(ports));
        }

        private static String shortened(String text) {
            return text.length() <= LONGEST ? text : text.substring(0, LONGEST);
        }
    }

    @GetMapping("/{groupId}/settings")
    @RequiresRole(Role.OPERATOR)
    ModelAndView settings(TenantScope scope, @PathVariable String groupId) {
        SecurityGroup group = groups.get(scope.tenantId(), SecurityGroupId.of(groupId));
        return settingsPage(scope, group, group.name(), group.description(), Map.of());
    }

    @PostMapping("/{groupId}/settings")
    @RequiresRole(Role.OPERATOR)
    ModelAndView describe(
            TenantScope scope,
            @PathVariable String groupId,
            @RequestParam(defaultValue = "") String name,
            @RequestParam(defaultValue = "") String description,
            RedirectAttributes redirect) {
        SecurityGroup group = groups.get(scope.tenantId(), SecurityGroupId.of(groupId));
        try {
            groups.describe(scope.tenantId(), actors.current(), group.id(), name.strip(), description.strip());
            redirect.addFlashAttribute("notice", "Saved.");
            return new ModelAndView("redirect:" + scope.path("/firewall/groups/" + group.id()));
        } catch (InvalidInputException e) {
            return refused(settingsPage(scope, group, name, description, errors(e)));
        }
    }

    @PostMapping("/{groupId}/delete")
    @RequiresRole(Role.OPERATOR)
    ModelAndView delete(TenantScope scope, @PathVariable String groupId, RedirectAttributes redirect) {
        SecurityGroup group = groups.get(scope.tenantId(), SecurityGroupId.of(groupId));
        Usage usage = groups.usage(scope.tenantId(), group.id());
        if (!usage.isFree()) {
            ModelAndView page = settingsPage(scope, group, group.name(), group.description(), Map.of());
            page.setStatus(HttpStatus.CONFLICT);
            return page;
        }
        groups.delete(scope.tenantId(), actors.current(), group.id());
        redirect.addFlashAttribute("notice", "Security group " + group.name() + " is deleted.");
        return new ModelAndView("redirect:" + scope.path("/firewall/groups"));
    }

    private static ModelAndView form(String name, String description, Map<String, String> errors) {
        return new ModelAndView(
                "firewall/new-group", Map.of("name", name, "description", description, "errors", errors));
    }

    private ModelAndView settingsPage(
            TenantScope scope, SecurityGroup group, String name, String description, Map<String, String> errors) {
        return new ModelAndView(
                "firewall/settings",
                Map.of(
                        "group", group,
                        "base", scope.path("/firewall/groups/" + group.id()),
                        "name", name,
                        "description", description,
                        "errors", errors,
                        "usage", groups.usage(scope.tenantId(), group.id())));
    }

    private static ModelAndView refused(ModelAndView page) {
        page.setStatus(HttpStatus.UNPROCESSABLE_CONTENT);
        return page;
    }

    static Map<String, String> errors(InvalidInputException e) {
        Map<String, String> errors = new HashMap<>();
        e.fields().forEach(field -> errors.putIfAbsent(field.field(), field.message()));
        return errors;
    }
}
