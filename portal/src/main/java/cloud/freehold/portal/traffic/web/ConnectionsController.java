package cloud.freehold.portal.traffic.web;

import cloud.freehold.api.query.ConnectionFilter;
import cloud.freehold.api.query.Finding;
import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.hostlink.Reply;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import cloud.freehold.portal.traffic.domain.ConnectionPage;
import cloud.freehold.portal.traffic.domain.ConnectionSearch;
import cloud.freehold.portal.traffic.domain.ConnectionSort;
import cloud.freehold.portal.traffic.domain.Connections;
import cloud.freehold.portal.traffic.domain.TrafficNic;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.support.RequestContextUtils;

/** The tab of a VM with its live connections. */
@Controller
@RequestMapping("/t/{tenantSlug}/vms/{vmId}/connections")
class ConnectionsController {

    private final Vms vms;
    private final VmNics nics;
    private final Connections connections;
    private final Notices notices;

    ConnectionsController(Vms vms, VmNics nics, Connections connections, Notices notices) {
        this.vms = vms;
        this.nics = nics;
        this.connections = connections;
        this.notices = notices;
    }

    /** Which view of the list. */
    record Place(
            @Nullable String nic,
            @Nullable String q,
            @Nullable String sort,
            @Nullable String after) {}

    @GetMapping
    String show(
            TenantScope scope,
            @PathVariable String vmId,
            @ModelAttribute("place") Place place,
            Model model,
            HttpServletRequest request,
            HttpServletResponse response) {
        VmId id = VmId.of(vmId);
        fill(scope, id, place, model, response);
        if (Htmx.of(request).partial()) {
            return "traffic/_connections :: list";
        }
        model.addAttribute("vm", vms.get(scope.tenantId(), id));
        model.addAttribute("tab", "connections");
        return "traffic/connections";
    }

    @PostMapping("/end")
    @RequiresRole(Role.OPERATOR)
    String end(
            TenantScope scope,
            @PathVariable String vmId,
            @ModelAttribute("place") Place place,
            @RequestParam(defaultValue = "") List<String> which,
            Model model,
            HttpServletRequest request,
            HttpServletResponse response) {
        VmId id = VmId.of(vmId);
        TrafficNic nic = VmNics.chosen(nics.of(scope, id), place.nic());
        long ended = connections.end(scope.tenantId(), nic, which);
        String said = ended == 0
                ? "It had ended already."
                : ended == 1 ? "The connection is ended." : ended + " connections are ended.";
        return answer(scope, id, place, model, request, response, said);
    }

    @PostMapping("/end-all")
    @RequiresRole(Role.OPERATOR)
    String endAll(
            TenantScope scope,
            @PathVariable String vmId,
            @ModelAttribute("place") Place place,
            Model model,
            HttpServletRequest request,
            HttpServletResponse response) {
        VmId id = VmId.of(vmId);
        TrafficNic nic = VmNics.chosen(nics.of(scope, id), place.nic());
        long ended = connections.endAll(scope.tenantId(), nic, text(place.q()));
        return answer(
                scope,
                id,
                place,
                model,
                request,
                response,
                ended == 1 ? "1 connection is ended." : ended + " connections are ended.");
    }

    private String answer(
            TenantScope scope,
            VmId id,
            Place place,
            Model model,
            HttpServletRequest request,
            HttpServletResponse response,
            String said) {
        if (!Htmx.of(request).partial()) {
            RequestContextUtils.getOutputFlashMap(request).put("notice", said);
            TrafficNic nic = VmNics.chosen(nics.of(scope, id), place.nic());
            return "redirect:"
                    + new ConnectionsView(
                                    base(scope, id),
                                    List.of(),
                                    nic,
                                    text(place.q()),
                                    null,
                                    ConnectionSort.of(place.sort(), null),
                                    null,
                                    null,
                                    null)
                            .here();
        }
        notices.say(response, said);
        fill(scope, id, place, model, response);
        return "traffic/_connections :: list";
    }

    private void fill(TenantScope scope, VmId id, Place place, Model model, HttpServletResponse response) {
        List<TrafficNic> all = nics.of(scope, id);
        TrafficNic nic = VmNics.chosen(all, place.nic());
        ConnectionSort sort = ConnectionSort.of(place.sort(), place.after());
        String error = null;
        ConnectionPage page = null;
        String trouble = null;
        try {
            ConnectionFilter filter = ConnectionSearch.read(text(place.q()));
            Reply<Finding.Connections> reply = connections.ask(scope.tenantId(), nic, filter, sort);
            page = reply.found()
                    .map(found -> connections.show(scope.tenantId(), nic, found))
                    .orElse(null);
            trouble = page == null ? reply.trouble() : null;
        } catch (InvalidInputException e) {
            error = e.getMessage();
            response.setStatus(e.status());
        }
        model.addAttribute("scope", scope);
        model.addAttribute(
                "view",
                new ConnectionsView(
                        base(scope, id),
                        all,
                        nic,
                        text(place.q()),
                        error,
                        sort,
                        sort.after() == null ? null : place.after(),
                        page,
                        trouble));
    }

    private static String base(TenantScope scope, VmId id) {
        return scope.path("/vms/" + id + "/connections");
    }

    private static String text(@Nullable String given) {
        return given == null ? "" : given.strip();
    }
}
