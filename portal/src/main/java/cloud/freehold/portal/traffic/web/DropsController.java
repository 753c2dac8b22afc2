package cloud.freehold.portal.traffic.web;

import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.tenancy.TenantScope;
import cloud.freehold.portal.traffic.domain.Drops;
import cloud.freehold.portal.traffic.domain.TrafficNic;
import cloud.freehold.portal.traffic.domain.TrafficNics;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;

/** What was dropped, and why: a page that goes along with what happens. */
@Controller
class DropsController {

    private final Drops drops;
    private final TrafficNics nics;

    DropsController(Drops drops, TrafficNics nics) {
        this.drops = drops;
        this.nics = nics;
    }

    @GetMapping("/t/{tenantSlug}/firewall/drops")
    String show(
            TenantScope scope,
            @RequestParam(required = false) @Nullable String nic,
            Model model,
            HttpServletRequest request) {
        List<TrafficNic> all = nics.all(scope.tenantId());
        TrafficNic chosen = nic == null || nic.isEmpty() ? null : chosen(all, Ids.parse(nic));
        model.addAttribute("scope", scope);
        model.addAttribute("nics", all);
        model.addAttribute("nic", chosen);
        model.addAttribute("drops", drops.latest(scope.tenantId(), all, chosen));
        model.addAttribute("most", Drops.SHOWN);
        model.addAttribute("counters", chosen == null ? List.of() : drops.counters(scope.tenantId(), chosen));
        String base = scope.path("/firewall/drops");
        model.addAttribute("here", chosen == null ? base : base + "?nic=" + chosen.id());
        return Htmx.of(request).view("traffic/drops", "traffic/_drops :: list");
    }

    private static TrafficNic chosen(List<TrafficNic> all, UUID id) {
        return all.stream()
                .filter(each -> each.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new NotFoundException("There is no such NIC. Choose one from the list."));
    }
}
