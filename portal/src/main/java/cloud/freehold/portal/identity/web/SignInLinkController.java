package cloud.freehold.portal.identity.web;

import cloud.freehold.portal.common.FormErrors;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.identity.domain.OwnAccount;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Size;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.validation.BindingResult;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;

/** Where a one-time link leads: its bearer sets a password and then signs in with it. */
@Controller
@RequestMapping("/sign-in-link/{secret}")
class SignInLinkController {

    private final OwnAccount accounts;

    SignInLinkController(OwnAccount accounts) {
        this.accounts = accounts;
    }

    record FirstPasswordForm(
            @Size(max = 100, message = "Use at most 100 characters.")
            String displayName,

            @NotEmpty(message = "Type a password.") @Size(max = 128, message = "Use at most 128 characters.")
            String wanted,

            String repeated) {

        FirstPasswordForm {
            displayName = displayName == null ? "" : displayName;
            wanted = wanted == null ? "" : wanted;
            repeated = repeated == null ? "" : repeated;
        }
    }

    @GetMapping
    String page(@PathVariable String secret, Model model) {
        model.addAttribute("form", new FirstPasswordForm("", "", ""));
        return show(secret, model);
    }

    private String show(String secret, Model model) {
        String email = accounts.emailOfLink(secret)
                .orElseThrow(() -> new NotFoundException("This link was used already or has expired. Ask an owner or"
                        + " admin of your tenant for a new one."));
        model.addAttribute("email", email);
        model.addAttribute("secret", secret);
        return "identity/sign-in-link";
    }

    @PostMapping
    String setPassword(
            @PathVariable String secret,
            @Valid @ModelAttribute("form") FirstPasswordForm form,
            BindingResult binding,
            HttpServletRequest request,
            HttpServletResponse response,
            Model model) {
        if (!form.wanted().equals(form.repeated())) {
            binding.rejectValue("repeated", "different", "The two entries differ. Type the password again.");
        }
        if (!binding.hasErrors()) {
            try {
                accounts.redeemLink(secret, form.displayName(), form.wanted(), request.getRemoteAddr());
            } catch (InvalidInputException refused) {
                FormErrors.add(binding, refused);
            }
        }
        if (binding.hasErrors()) {
            response.setStatus(422);
            return show(secret, model);
        }
        return "redirect:/login?ready";
    }
}
