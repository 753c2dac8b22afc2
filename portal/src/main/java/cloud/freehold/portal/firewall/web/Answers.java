package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.firewall.domain.Attachments;
import cloud.freehold.portal.firewall.domain.CutPreview;
import cloud.freehold.portal.firewall.domain.Enforcement;
import cloud.freehold.portal.firewall.domain.NicState;
import cloud.freehold.portal.firewall.domain.Service;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.ModelAndView;
import org.springframework.web.servlet.support.RequestContextUtils;
import tools.jackson.databind.json.JsonMapper;

/**
 * A group's page in its two forms: the editor alone for htmx, the whole page or a redirect to it for everybody else.
 */
@Component
class Answers {

    /** What an empty group offers. */
    private static final List<Service> STARTERS = Stream.of("ssh", "web", "ping", "postgresql")
            .flatMap(key -> Service.find(key).stream())
            .toList();

    private final GroupViews views;
    private final Enforcement enforcement;
    private final Attachments attachments;
    private final CutPreview cuts;
    private final JsonMapper json;

    Answers(GroupViews views, Enforcement enforcement, Attachments attachments, CutPreview cuts, JsonMapper json) {
        this.views = views;
        this.enforcement = enforcement;
        this.attachments = attachments;
        this.cuts = cuts;
        this.json = json;
    }

    /** The page, or its editor: with an open row, or with a row whose input was refused (422). */
    ModelAndView show(
            HttpServletRequest request,
            TenantScope scope,
            SecurityGroupId id,
            ViewState state,
            @Nullable OpenEditor editor,
            boolean review) {
        boolean refused = editor != null && !editor.errors().isEmpty();
        ModelAndView answer = new ModelAndView(Htmx.of(request).view("firewall/group", "firewall/_editor :: editor"));
        answer.setStatus(refused ? HttpStatus.UNPROCESSABLE_CONTENT : HttpStatus.OK);
        return fill(answer, request, scope, id, state, editor, review);
    }

    /** After a change: the new editor, or back to the page. */
    ModelAndView changed(
            HttpServletRequest request,
            HttpServletResponse response,
            TenantScope scope,
            SecurityGroupId id,
            ViewState state,
            @Nullable String notice) {
        if (!Htmx.of(request).partial()) {
            ViewState shown = state.isAtEnd() ? views.of(scope, id, state, null).state() : state;
            ModelAndView redirect =
                    new ModelAndView("redirect:" + scope.path("/firewall/groups/" + id) + shown.query());
            if (notice != null) {
                RequestContextUtils.getOutputFlashMap(request).put("notice", notice);
            }
            return redirect;
        }
        if (notice != null) {
            response.setHeader(
                    Htmx.TRIGGER, json.writeValueAsString(Map.of("notice", Map.of("text", notice, "tone", "good"))));
        }
        return fill(new ModelAndView("firewall/_editor :: answer"), request, scope, id, state, null, false);
    }

    private List<Attachments.Nic> attachable(TenantScope scope, List<NicState> nics) {
        Set<UUID> attached = nics.stream().map(NicState::nicId).collect(Collectors.toSet());
        return attachments.nics(scope.tenantId()).stream()
                .filter(nic -> !attached.contains(nic.id()))
                .toList();
    }

    private ModelAndView fill(
            ModelAndView answer,
            HttpServletRequest request,
            TenantScope scope,
            SecurityGroupId id,
            ViewState state,
            @Nullable OpenEditor editor,
            boolean review) {
        GroupView view = views.of(scope, id, state, editor);
        List<NicState> nics = enforcement.ofGroup(scope.tenantId(), id);
        answer.addObject("view", view);
        answer.addObject("group", view.group());
        answer.addObject("base", scope.path("/firewall/groups/" + id));
        answer.addObject("enforcement", new EnforcementView(nics));
        answer.addObject("attachable", attachable(scope, nics));
        answer.addObject("overdue", view.overdue());
        answer.addObject("services", Service.all());
        answer.addObject("starters", STARTERS);
        answer.addObject("review", review);
        // A review waits for the hosts; the bar asks for itself once it is shown.
        answer.addObject(
                "cuts",
                review && view.bar() != null
                        ? cuts.ofDraft(scope.tenantId(), scope.userId(), id).orElse(null)
                        : null);
        answer.addObject("scope", scope);
        answer.addObject("myAddress", request.getRemoteAddr());
        return answer;
    }
}
