package cloud.freehold.portal.identity.web;

import java.security.Principal;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;

/** The sign-in page; the form itself is answered by the security filter. */
@Controller
class SignInController {

    private static final int LONGEST_WAIT = 3600;

    @GetMapping("/login")
    String page(
            @Nullable Principal principal,
            @RequestParam(required = false) @Nullable String refused,
            @RequestParam(required = false) @Nullable String ended,
            @RequestParam(required = false) @Nullable String ready,
            @RequestParam(required = false) @Nullable Integer wait,
            Model model) {
        if (principal != null) {
            return "redirect:/";
        }
        model.addAttribute("refused", refused != null);
        model.addAttribute("ended", ended != null);
        model.addAttribute("ready", ready != null);
        model.addAttribute("wait", wait == null ? null : Math.max(1, Math.min(wait, LONGEST_WAIT)));
        return "identity/sign-in";
    }
}
