package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.common.ActorSource;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.firewall.AddressGroupId;
import cloud.freehold.portal.firewall.domain.AddressGroup;
import cloud.freehold.portal.firewall.domain.AddressGroups;
import cloud.freehold.portal.firewall.domain.AddressList;
import cloud.freehold.portal.firewall.domain.RuleFile.LineError;
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
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.ModelAndView;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** Address groups: a list, and a page with the addresses as a text, one a line. */
@Controller
@RequestMapping("/t/{tenantSlug}/firewall/addresses")
class AddressGroupController {

    private final AddressGroups groups;
    private final ActorSource actors;

    AddressGroupController(AddressGroups groups, ActorSource actors) {
        this.groups = groups;
        this.actors = actors;
    }

    /** @param version 0 for a group that is not there yet */
    record Form(String name, String description, String addresses, long version) {}

    @GetMapping
    ModelAndView list(TenantScope scope) {
        return new ModelAndView("firewall/addresses", Map.of("groups", groups.list(scope.tenantId())));
    }

    @GetMapping("/new")
    @RequiresRole(Role.OPERATOR)
    ModelAndView createForm(HttpServletRequest request) {
        return page(null, new Form("", "", "", 0), Map.of(), List.of(), null, request);
    }

    @PostMapping
    @RequiresRole(Role.OPERATOR)
    ModelAndView create(
            TenantScope scope,
            @RequestParam(defaultValue = "") String name,
            @RequestParam(defaultValue = "") String description,
            @RequestParam(defaultValue = "") String addresses,
            HttpServletRequest request,
            RedirectAttributes redirect) {
        Form form = new Form(name.strip(), description.strip(), addresses, 0);
        AddressList.Reading reading = AddressList.read(addresses);
        if (!reading.errors().isEmpty()) {
            return refused(page(null, form, Map.of(), reading.errors(), null, request));
        }
        try {
            AddressGroup group = groups.create(
                    scope.tenantId(), actors.current(), form.name(), form.description(), reading.entries());
            redirect.addFlashAttribute("notice", "Address group " + group.name() + " is there.");
            return new ModelAndView("redirect:" + scope.path("/firewall/addresses/" + group.id()));
        } catch (InvalidInputException e) {
            return refused(page(null, form, GroupController.errors(e), List.of(), null, request));
        }
    }

    @GetMapping("/{addressGroupId}")
    ModelAndView show(TenantScope scope, @PathVariable String addressGroupId, HttpServletRequest request) {
        AddressGroup group = groups.get(scope.tenantId(), AddressGroupId.of(addressGroupId));
        Form form = new Form(group.name(), group.description(), AddressList.write(group.entries()), group.version());
        return page(group, form, Map.of(), List.of(), groups.usage(scope.tenantId(), group.id()), request);
    }

    @PostMapping("/{addressGroupId}")
    @RequiresRole(Role.OPERATOR)
    ModelAndView change(
            TenantScope scope,
            @PathVariable String addressGroupId,
            @RequestParam(defaultValue = "") String name,
            @RequestParam(defaultValue = "") String description,
            @RequestParam(defaultValue = "") String addresses,
            @RequestParam(defaultValue = "0") String version,
            HttpServletRequest request,
            RedirectAttributes redirect) {
        AddressGroup group = groups.get(scope.tenantId(), AddressGroupId.of(addressGroupId));
        Usage usage = groups.usage(scope.tenantId(), group.id());
        long base = version.matches("[0-9]{1,18}") ? Long.parseLong(version) : 0;
        Form form = new Form(name.strip(), description.strip(), addresses, base);
        AddressList.Reading reading = AddressList.read(addresses);
        if (!reading.errors().isEmpty()) {
            return refused(page(group, form, Map.of(), reading.errors(), usage, request));
        }
        try {
            groups.change(
                    scope.tenantId(),
                    actors.current(),
                    group.id(),
                    base,
                    form.name(),
                    form.description(),
                    reading.entries());
            redirect.addFlashAttribute("notice", "Saved; the rules that refer to it follow within moments.");
            return new ModelAndView("redirect:" + scope.path("/firewall/addresses/" + group.id()));
        } catch (InvalidInputException e) {
            return refused(page(group, form, GroupController.errors(e), List.of(), usage, request));
        } catch (ConflictException e) {
            ModelAndView page =
                    page(group, form, Map.of("version", String.valueOf(e.getMessage())), List.of(), usage, request);
            page.setStatus(HttpStatus.CONFLICT);
            return page;
        }
    }

    @PostMapping("/{addressGroupId}/delete")
    @RequiresRole(Role.OPERATOR)
    String delete(TenantScope scope, @PathVariable String addressGroupId, RedirectAttributes redirect) {
        AddressGroup group = groups.get(scope.tenantId(), AddressGroupId.of(addressGroupId));
        groups.delete(scope.tenantId(), actors.current(), group.id());
        redirect.addFlashAttribute("notice", "Address group " + group.name() + " is deleted.");
        return "redirect:" + scope.path("/firewall/addresses");
    }

    private static ModelAndView page(
            @Nullable AddressGroup group,
            Form form,
            Map<String, String> errors,
            List<LineError> lines,
            @Nullable Usage usage,
            HttpServletRequest request) {
        Map<String, Object> model = new HashMap<>();
        model.put("group", group);
        model.put("form", form);
        model.put("name", form.name());
        model.put("description", form.description());
        model.put("errors", errors);
        model.put("lines", lines);
        model.put("usage", usage);
        model.put("myAddress", request.getRemoteAddr());
        return new ModelAndView(group == null ? "firewall/new-addresses" : "firewall/address-group", model);
    }

    private static ModelAndView refused(ModelAndView page) {
        page.setStatus(HttpStatus.UNPROCESSABLE_CONTENT);
        return page;
    }
}
