package cloud.freehold.portal.topology.web;

import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.network.Networks;
import cloud.freehold.portal.network.Routers;
import cloud.freehold.portal.tenancy.TenantScope;
import cloud.freehold.portal.topology.domain.PictureLayout;
import cloud.freehold.portal.topology.domain.Scene;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;

/** The picture; a list of the same on narrow screens. */
@Controller
@RequestMapping("/t/{tenantSlug}/network")
class TopologyController {

    private final Networks networks;
    private final Routers routers;
    private final Vms vms;

    TopologyController(Networks networks, Routers routers, Vms vms) {
        this.networks = networks;
        this.routers = routers;
        this.vms = vms;
    }

    @GetMapping
    String picture(TenantScope scope, HttpServletRequest request, Model model) {
        Scene scene = Scene.of(
                routers.list(scope.tenantId()),
                networks.list(scope.tenantId()),
                vms.list(scope.tenantId()),
                vms.nics(scope.tenantId()));
        model.addAttribute("scene", scene);
        model.addAttribute("picture", PictureLayout.of(scene));
        return Htmx.of(request).view("topology/picture", "topology/_picture :: picture");
    }
}
