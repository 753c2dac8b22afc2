package cloud.freehold.portal.traffic.web;

import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.tenancy.TenantScope;
import cloud.freehold.portal.traffic.domain.FlowExport;
import cloud.freehold.portal.traffic.domain.FlowFilter;
import cloud.freehold.portal.traffic.domain.FlowPage;
import cloud.freehold.portal.traffic.domain.Flows;
import cloud.freehold.portal.traffic.domain.NicDays;
import cloud.freehold.portal.traffic.domain.TrafficNic;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;

/** The tab of a VM with the connections that it had, and with what its NICs carried. */
@Controller
class FlowsController {

    private final Vms vms;
    private final VmNics nics;
    private final Flows flows;
    private final FlowExport export;
    private final NicDays days;

    FlowsController(Vms vms, VmNics nics, Flows flows, FlowExport export, NicDays days) {
        this.vms = vms;
        this.nics = nics;
        this.flows = flows;
        this.export = export;
        this.days = days;
    }

    @GetMapping("/t/{tenantSlug}/vms/{vmId}/flows")
    String show(
            TenantScope scope,
            @PathVariable String vmId,
            @RequestParam(required = false) @Nullable String nic,
            @RequestParam(defaultValue = "") String q,
            @RequestParam(required = false) @Nullable String after,
            Model model,
            HttpServletRequest request,
            HttpServletResponse response) {
        VmId id = VmId.of(vmId);
        List<TrafficNic> all = nics.of(scope, id);
        TrafficNic chosen = VmNics.chosen(all, nic);
        String error = null;
        FlowPage page = null;
        try {
            page = flows.page(scope.tenantId(), chosen, FlowFilter.read(q), after);
        } catch (InvalidInputException e) {
            error = e.getMessage();
            response.setStatus(e.status());
        }
        model.addAttribute("scope", scope);
        model.addAttribute("vm", vms.get(scope.tenantId(), id));
        model.addAttribute("tab", "flows");
        model.addAttribute(
                "view",
                new FlowsView(
                        scope.path("/vms/" + id + "/flows"),
                        all,
                        chosen,
                        days.today(scope.tenantId(), chosen),
                        q.strip(),
                        error,
                        after,
                        page));
        return Htmx.of(request).view("traffic/flows", "traffic/_flows :: list");
    }

    @GetMapping("/t/{tenantSlug}/vms/{vmId}/flows.csv")
    void export(
            TenantScope scope,
            @PathVariable String vmId,
            @RequestParam(required = false) @Nullable String nic,
            @RequestParam(defaultValue = "") String q,
            HttpServletResponse response)
            throws IOException {
        TrafficNic chosen = VmNics.chosen(nics.of(scope, VmId.of(vmId)), nic);
        FlowFilter filter = FlowFilter.read(q);
        response.setContentType("text/csv;charset=UTF-8");
        response.setHeader(
                "Content-Disposition",
                "attachment; filename=\"flows-" + chosen.name().replace('/', '-') + ".csv\"");
        export.write(scope.tenantId(), chosen, filter, FlowCsv.to(response.getWriter()));
    }
}
