package cloud.freehold.portal.members.web;

import cloud.freehold.portal.common.FormErrors;
import cloud.freehold.portal.common.FreeholdException;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.identity.Accounts.SignInLink;
import cloud.freehold.portal.members.domain.Members;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.validation.BindingResult;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;
import org.springframework.web.servlet.support.ServletUriComponentsBuilder;

/** Settings, Members. */
@Controller
@RequestMapping("/t/{tenantSlug}/settings/members")
class MembersController {

    private final Members members;

    MembersController(Members members) {
        this.members = members;
    }

    record MemberForm(
            @NotBlank(message = "Type an e-mail address.")
            @Size(max = 254, message = "Use at most 254 characters.")
            @Nullable
            String email,

            @NotNull(message = "Choose a role.") @Nullable Role role) {}

    @GetMapping
    String page(TenantScope scope, Model model) {
        model.addAttribute("form", new MemberForm("", Role.OPERATOR));
        return show(scope, model);
    }

    private String show(TenantScope scope, Model model) {
        model.addAttribute("members", members.list(scope));
        model.addAttribute("roles", rolesUpTo(scope.role()));
        model.addAttribute("explained", explained(scope.role()));
        return "members/members";
    }

    /** "Viewer: sees everything, changes nothing. Operator: …" */
    private static String explained(Role highest) {
        return Arrays.stream(Role.values())
                .filter(highest::atLeast)
                .map(role -> role.label() + ": " + role.explanation() + ".")
                .collect(Collectors.joining(" "));
    }

    private static Map<String, String> rolesUpTo(Role highest) {
        Map<String, String> labels = new LinkedHashMap<>();
        Arrays.stream(Role.values()).filter(highest::atLeast).forEach(role -> labels.put(role.name(), role.label()));
        return labels;
    }

    @PostMapping
    @RequiresRole(Role.ADMIN)
    String add(
            TenantScope scope,
            @Valid @ModelAttribute("form") MemberForm form,
            BindingResult binding,
            HttpServletResponse response,
            Model model,
            RedirectAttributes redirect) {
        if (!binding.hasErrors() && form.email() != null && form.role() != null) {
            try {
                Members.Added added = members.add(scope, form.email(), form.role());
                if (added.link() != null) {
                    model.addAttribute("form", new MemberForm("", Role.OPERATOR));
                    return showLink(scope, added.member().email(), added.link(), model);
                }
                redirect.addFlashAttribute(
                        "notice",
                        added.member().email() + " is now "
                                + added.member().role().label() + ".");
                return "redirect:" + scope.path("/settings/members");
            } catch (FreeholdException refused) {
                FormErrors.add(binding, refused);
            }
        }
        response.setStatus(422);
        return show(scope, model);
    }

    /** Shown in the answer itself and kept nowhere: whoever loses the page makes a new link. */
    private String showLink(TenantScope scope, String email, SignInLink link, Model model) {
        String origin =
                ServletUriComponentsBuilder.fromCurrentContextPath().build().toUriString();
        model.addAttribute("link", origin + link.path());
        model.addAttribute("linkFor", email);
        model.addAttribute("linkUntil", link.expiresAt());
        return show(scope, model);
    }

    @PostMapping("/{member}/role")
    @RequiresRole(Role.ADMIN)
    String changeRole(
            TenantScope scope, @PathVariable String member, @RequestParam Role role, RedirectAttributes redirect) {
        members.changeRole(scope, UserId.of(member), role);
        redirect.addFlashAttribute("notice", "The role is now " + role.label() + ".");
        return "redirect:" + scope.path("/settings/members");
    }

    @PostMapping("/{member}/remove")
    @RequiresRole(Role.ADMIN)
    String remove(TenantScope scope, @PathVariable String member, RedirectAttributes redirect) {
        UserId user = UserId.of(member);
        members.remove(scope, user);
        redirect.addFlashAttribute("notice", "Removed. The person can no longer see this tenant.");
        return user.equals(scope.userId()) ? "redirect:/" : "redirect:" + scope.path("/settings/members");
    }

    @PostMapping("/{member}/link")
    @RequiresRole(Role.ADMIN)
    String createLink(TenantScope scope, @PathVariable String member, Model model) {
        UserId user = UserId.of(member);
        SignInLink link = members.createLink(scope, user);
        String email = members.list(scope).stream()
                .filter(one -> one.id().equals(user))
                .map(one -> one.email())
                .findFirst()
                .orElse("");
        model.addAttribute("form", new MemberForm("", Role.OPERATOR));
        return showLink(scope, email, link, model);
    }
}
