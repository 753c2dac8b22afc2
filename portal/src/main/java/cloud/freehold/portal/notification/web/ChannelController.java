package cloud.freehold.portal.notification.web;

import cloud.freehold.portal.common.FormErrors;
import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.notification.Channel;
import cloud.freehold.portal.notification.ChannelId;
import cloud.freehold.portal.notification.Channels;
import cloud.freehold.portal.notification.DeliveryId;
import cloud.freehold.portal.notification.NotificationKind;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
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

/** Settings, Notifications: who is told of what, and whether it arrived. */
@Controller
@RequestMapping("/t/{tenantSlug}/settings/notifications")
class ChannelController {

    private static final int SHOWN = 25;

    private final Channels channels;

    ChannelController(Channels channels) {
        this.channels = channels;
    }

    @GetMapping
    String list(TenantScope scope, Model model) {
        model.addAttribute("channels", channels.list(scope.tenantId()));
        return "notification/channels";
    }

    @GetMapping("/new")
    @RequiresRole(Role.ADMIN)
    String create(TenantScope scope, @RequestParam(defaultValue = "EMAIL") String type, Model model) {
        model.addAttribute("form", ChannelForm.empty(type.equals("WEBHOOK") ? "WEBHOOK" : "EMAIL"));
        return form(scope, model);
    }

    private String form(TenantScope scope, Model model) {
        Map<String, String> members = new LinkedHashMap<>();
        channels.recipients(scope.tenantId())
                .forEach(each -> members.put(each.id().toString(), each.name() + " (" + each.email() + ")"));
        model.addAttribute("members", members);
        model.addAttribute(
                "offered",
                Arrays.stream(NotificationKind.values())
                        .filter(kind -> kind != NotificationKind.TEST)
                        .toList());
        return "notification/channel-form";
    }

    @PostMapping
    @RequiresRole(Role.ADMIN)
    String create(
            TenantScope scope,
            @ModelAttribute("form") ChannelForm form,
            BindingResult binding,
            HttpServletResponse response,
            Model model,
            RedirectAttributes redirect) {
        return FormErrors.answer(
                binding,
                response,
                () -> "redirect:" + path(scope, add(scope, form, redirect)),
                () -> form(scope, model));
    }

    private ChannelId add(TenantScope scope, ChannelForm form, RedirectAttributes redirect) {
        if (form.isWebhook()) {
            Channels.Added added = channels.addWebhook(
                    scope.tenantId(), form.givenName(), form.url() == null ? "" : form.url(), form.chosenKinds());
            redirect.addFlashAttribute("secret", added.secret());
            return added.id();
        }
        ChannelId id = channels.addEmail(scope.tenantId(), form.givenName(), member(form), form.chosenKinds());
        redirect.addFlashAttribute("notice", "The channel is there. Test it once.");
        return id;
    }

    private static UserId member(ChannelForm form) {
        try {
            return UserId.of(form.member() == null ? "" : form.member());
        } catch (NotFoundException none) {
            throw InvalidInputException.field("channel.member", "member", "Choose who gets the e-mails.");
        }
    }

    @GetMapping("/{channelId}")
    String channel(
            TenantScope scope,
            @PathVariable String channelId,
            @RequestParam(defaultValue = "") String after,
            HttpServletRequest request,
            Model model) {
        ChannelId id = ChannelId.of(channelId);
        Channel channel = channels.get(scope.tenantId(), id);
        if (!model.containsAttribute("form")) {
            model.addAttribute("form", ChannelForm.of(channel));
        }
        model.addAttribute("channel", channel);
        model.addAttribute(
                "page",
                channels.deliveries(scope.tenantId(), id, after.isEmpty() ? null : DeliveryId.of(after), SHOWN));
        form(scope, model);
        return Htmx.of(request).view("notification/channel", "notification/_channel :: deliveries");
    }

    @PostMapping("/{channelId}")
    @RequiresRole(Role.ADMIN)
    String change(
            TenantScope scope,
            @PathVariable String channelId,
            @ModelAttribute("form") ChannelForm form,
            BindingResult binding,
            HttpServletRequest request,
            HttpServletResponse response,
            Model model,
            RedirectAttributes redirect) {
        ChannelId id = ChannelId.of(channelId);
        channels.get(scope.tenantId(), id);
        return FormErrors.answer(
                binding,
                response,
                () -> {
                    channels.change(
                            scope.tenantId(), id, form.givenName(), form.isOn(), form.chosenKinds(), form.version());
                    redirect.addFlashAttribute("notice", "Saved.");
                    return "redirect:" + path(scope, id);
                },
                () -> channel(scope, channelId, "", request, model));
    }

    @PostMapping("/{channelId}/test")
    @RequiresRole(Role.ADMIN)
    String test(TenantScope scope, @PathVariable String channelId, RedirectAttributes redirect) {
        ChannelId id = ChannelId.of(channelId);
        channels.test(scope.tenantId(), id);
        redirect.addFlashAttribute("notice", "The test is on its way.");
        return "redirect:" + path(scope, id);
    }

    @PostMapping("/{channelId}/deliveries/{deliveryId}/redeliver")
    @RequiresRole(Role.ADMIN)
    String redeliver(
            TenantScope scope,
            @PathVariable String channelId,
            @PathVariable String deliveryId,
            RedirectAttributes redirect) {
        ChannelId id = ChannelId.of(channelId);
        channels.redeliver(scope.tenantId(), id, DeliveryId.of(deliveryId));
        redirect.addFlashAttribute("notice", "It is on its way once more.");
        return "redirect:" + path(scope, id);
    }

    @PostMapping("/{channelId}/delete")
    @RequiresRole(Role.ADMIN)
    String delete(TenantScope scope, @PathVariable String channelId, RedirectAttributes redirect) {
        channels.delete(scope.tenantId(), ChannelId.of(channelId));
        redirect.addFlashAttribute("notice", "The channel is gone.");
        return "redirect:" + scope.path("/settings/notifications");
    }

    private static String path(TenantScope scope, ChannelId id) {
        return scope.path("/settings/notifications/" + id);
    }
}
