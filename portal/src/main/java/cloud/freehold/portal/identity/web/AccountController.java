package cloud.freehold.portal.identity.web;

import cloud.freehold.portal.common.FormErrors;
import cloud.freehold.portal.common.FreeholdException;
import cloud.freehold.portal.identity.SignedInUser;
import cloud.freehold.portal.identity.domain.OwnAccount;
import cloud.freehold.portal.identity.domain.OwnSessions;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpSession;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Size;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.validation.BindingResult;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** One's own password and sessions. */
@Controller
@RequestMapping("/account")
class AccountController {

    private final OwnAccount account;
    private final OwnSessions sessions;

    AccountController(OwnAccount account, OwnSessions sessions) {
        this.account = account;
        this.sessions = sessions;
    }

    record PasswordForm(
            @NotEmpty(message = "Type your present password.")
            @Size(max = 256, message = "This is not your present password. Type it again.")
            String current,

            @NotEmpty(message = "Type the new password.") @Size(max = 128, message = "Use at most 128 characters.")
            String wanted,

            String repeated) {

        PasswordForm {
            current = current == null ? "" : current;
            wanted = wanted == null ? "" : wanted;
            repeated = repeated == null ? "" : repeated;
        }
    }

    @GetMapping
    String page(@AuthenticationPrincipal SignedInUser user, HttpSession session, Model model) {
        model.addAttribute("form", new PasswordForm("", "", ""));
        return show(user, session, model);
    }

    private String show(SignedInUser user, HttpSession session, Model model) {
        model.addAttribute("user", user);
        model.addAttribute("sessions", sessions.of(user, session.getId()));
        return "identity/account";
    }

    @PostMapping("/password")
    String changePassword(
            @AuthenticationPrincipal SignedInUser user,
            @Valid @ModelAttribute("form") PasswordForm form,
            BindingResult binding,
            HttpServletRequest request,
            HttpServletResponse response,
            Model model,
            RedirectAttributes redirect) {
        HttpSession session = request.getSession();
        if (!form.wanted().equals(form.repeated())) {
            binding.rejectValue("repeated", "different", "The two entries differ. Type the new password again.");
        }
        if (!binding.hasErrors()) {
            try {
                account.changePassword(user, form.current(), form.wanted(), session.getId(), request.getRemoteAddr());
            } catch (FreeholdException refused) {
                FormErrors.add(binding, refused);
            }
        }
        if (binding.hasErrors()) {
            response.setStatus(422);
            return show(user, session, model);
        }
        request.changeSessionId();
        redirect.addFlashAttribute("notice", "Password changed. All your other sessions are signed out.");
        return "redirect:/account";
    }

    @PostMapping("/sessions/{key}/end")
    String end(@AuthenticationPrincipal SignedInUser user, @PathVariable String key, RedirectAttributes redirect) {
        sessions.end(user, key);
        redirect.addFlashAttribute("notice", "That session is signed out.");
        return "redirect:/account";
    }

    @PostMapping("/sessions/end-all")
    String endAll(@AuthenticationPrincipal SignedInUser user, HttpSession session) {
        sessions.endAll(user.id());
        session.invalidate();
        return "redirect:/login?ended";
    }
}
