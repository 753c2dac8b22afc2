package cloud.freehold.portal.backup.web;

import cloud.freehold.portal.backup.BackupHealth;
import cloud.freehold.portal.backup.Backups;
import cloud.freehold.portal.backup.PointFilter;
import cloud.freehold.portal.backup.PointId;
import cloud.freehold.portal.backup.RecoveryPoint;
import cloud.freehold.portal.backup.Upkeep;
import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NumberedPage;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationFilter;
import cloud.freehold.portal.operation.Operations;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** Recovery points: the list, one of them, and what can be done with it. */
@Controller
@RequestMapping("/t/{tenantSlug}/backups/points")
class PointController {

    private static final int SHOWN = 20;

    private final Backups backups;
    private final BackupHealth health;
    private final Upkeep upkeep;
    private final Operations operations;

    PointController(Backups backups, BackupHealth health, Upkeep upkeep, Operations operations) {
        this.backups = backups;
        this.health = health;
        this.upkeep = upkeep;
        this.operations = operations;
    }

    @GetMapping
    String list(
            TenantScope scope,
            @RequestParam(defaultValue = "") String vm,
            @RequestParam(defaultValue = "false") String removed,
            @RequestParam(defaultValue = "") String page,
            HttpServletRequest request,
            Model model) {
        VmId chosen = vm.isEmpty() ? null : VmId.of(vm);
        boolean gone = removed.equals("true");
        NumberedPage<RecoveryPoint> shown = backups.points(
                scope.tenantId(), new PointFilter(chosen, null, gone, null, SHOWN), NumberedPage.number(page));
        model.addAttribute("points", shown);
        model.addAttribute("vms", health.all(scope.tenantId()));
        model.addAttribute("chosen", vm);
        model.addAttribute("removed", gone);
        model.addAttribute(
                "pageUrl",
                scope.path("/backups/points")
                        + (vm.isEmpty() ? "?" : "?vm=" + chosen + "&")
                        + (gone ? "removed=true&page=" : "page="));
        return Htmx.of(request).view("backup/points", "backup/_points :: list");
    }

    @GetMapping("/{pointId}")
    String point(TenantScope scope, @PathVariable String pointId, HttpServletRequest request, Model model) {
        RecoveryPoint point = backups.point(scope.tenantId(), PointId.of(pointId));
        model.addAttribute("point", point);
        model.addAttribute("certificate", CertificateText.of(point));
        model.addAttribute(
                "drills", upkeep.drills(scope.tenantId(), point.id(), null, 10).items());
        model.addAttribute("busy", open(scope, point));
        model.addAttribute("damages", backups.damages(scope.tenantId(), point.id()));
        return Htmx.of(request).view("backup/point", "backup/_point :: detail");
    }

    /** What is being done with the point right now. */
    private List<Operation> open(TenantScope scope, RecoveryPoint point) {
        return operations
                .page(
                        scope.tenantId(),
                        new OperationFilter(
                                OperationFilter.State.OPEN, point.id().value(), null, 10))
                .items();
    }

    @PostMapping("/{pointId}/describe")
    @RequiresRole(Role.OPERATOR)
    String describe(
            TenantScope scope,
            @PathVariable String pointId,
            @RequestParam(defaultValue = "") String note,
            @RequestParam(defaultValue = "false") String isProtected,
            RedirectAttributes redirect) {
        PointId id = PointId.of(pointId);
        try {
            backups.describe(scope.tenantId(), id, note.strip(), isProtected.equals("true"), null);
            redirect.addFlashAttribute("notice", "Saved.");
        } catch (InvalidInputException wrong) {
            redirect.addFlashAttribute("refused", wrong.getMessage());
        }
        return back(scope, id);
    }

    @PostMapping("/{pointId}/remove")
    @RequiresRole(Role.OPERATOR)
    String remove(TenantScope scope, @PathVariable String pointId, RedirectAttributes redirect) {
        PointId id = PointId.of(pointId);
        backups.remove(scope.tenantId(), id, null);
        redirect.addFlashAttribute("notice", "Removed. It can be brought back for a day.");
        return back(scope, id);
    }

    @PostMapping("/{pointId}/bring-back")
    @RequiresRole(Role.OPERATOR)
    String bringBack(TenantScope scope, @PathVariable String pointId, RedirectAttributes redirect) {
        PointId id = PointId.of(pointId);
        backups.bringBack(scope.tenantId(), id, null);
        redirect.addFlashAttribute("notice", "It is back.");
        return back(scope, id);
    }

    @PostMapping("/{pointId}/verify")
    @RequiresRole(Role.OPERATOR)
    String verify(TenantScope scope, @PathVariable String pointId, RedirectAttributes redirect) {
        PointId id = PointId.of(pointId);
        upkeep.verify(scope.tenantId(), id, null);
        redirect.addFlashAttribute("notice", "All of it is being read again.");
        return back(scope, id);
    }

    @PostMapping("/{pointId}/drill")
    @RequiresRole(Role.OPERATOR)
    String drill(
            TenantScope scope,
            @PathVariable String pointId,
            @RequestParam(defaultValue = "") String port,
            @RequestParam(defaultValue = "") String path,
            @RequestParam(defaultValue = "") String key,
            RedirectAttributes redirect) {
        PointId id = PointId.of(pointId);
        upkeep.drill(scope.tenantId(), id, check(port, path), IdempotencyKey.ofForm(key));
        redirect.addFlashAttribute("notice", "The drill has begun.");
        return back(scope, id);
    }

    private static Upkeep.@Nullable Check check(String port, String path) {
        if (port.isBlank()) {
            return null;
        }
        int number;
        try {
            number = Integer.parseInt(port.strip());
        } catch (NumberFormatException e) {
            throw InvalidInputException.field("drill.port", "port", "A port lies between 1 and 65535.");
        }
        return new Upkeep.Check(number, path.isBlank() ? null : path.strip());
    }

    private static String back(TenantScope scope, PointId id) {
        return "redirect:" + scope.path("/backups/points/" + id);
    }
}
