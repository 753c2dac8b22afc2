package cloud.freehold.portal.backup.web;

import cloud.freehold.portal.backup.Backups;
import cloud.freehold.portal.backup.PointId;
import cloud.freehold.portal.backup.RecoveryPoint;
import cloud.freehold.portal.backup.Restores;
import cloud.freehold.portal.backup.Snapshots;
import cloud.freehold.portal.common.FormErrors;
import cloud.freehold.portal.common.FreeholdException;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.VmView;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.database.TenantTransaction;
import cloud.freehold.portal.firewall.Firewall;
import cloud.freehold.portal.network.Networks;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.validation.BindingResult;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** Restoring a point: one page that says what each way does and costs. */
@Controller
@RequestMapping("/t/{tenantSlug}/backups/points/{pointId}/restore")
class RestoreController {

    private final Backups backups;
    private final Restores restores;
    private final Snapshots snapshots;
    private final Vms vms;
    private final Networks networks;
    private final Firewall firewall;
    private final TenantTransaction transactions;

    RestoreController(
            Backups backups,
            Restores restores,
            Snapshots snapshots,
            Vms vms,
            Networks networks,
            Firewall firewall,
            TenantTransaction transactions) {
        this.backups = backups;
        this.restores = restores;
        this.snapshots = snapshots;
        this.vms = vms;
        this.networks = networks;
        this.firewall = firewall;
        this.transactions = transactions;
    }

    @GetMapping
    @RequiresRole(Role.OPERATOR)
    String page(TenantScope scope, @PathVariable String pointId, Model model) {
        return show(scope, PointId.of(pointId), model, "");
    }

    private String show(TenantScope scope, PointId id, Model model, String way) {
        TenantId tenant = scope.tenantId();
        transactions.read(tenant, () -> {
            RecoveryPoint point = backups.point(tenant, id);
            List<VmView> all = vms.list(tenant);
            VmView vm = all.stream()
                    .filter(each -> each.id().equals(point.vmId()) && !each.isDeleting())
                    .findFirst()
                    .orElse(null);
            Restores.MachineThen then = restores.machine(tenant, id);
            model.addAttribute("point", point);
            model.addAttribute("vm", vm);
            model.addAttribute(
                    "snapshots", vm == null ? 0 : snapshots.of(tenant, vm.id()).size());
            model.addAttribute("way", way.isEmpty() ? (vm == null ? "new-vm" : "in-place") : way);
            if (!model.containsAttribute("form")) {
                String firstVolume = point.volumes().isEmpty()
                        ? ""
                        : point.volumes().get(0).volumeId().toString();
                model.addAttribute(
                        "form",
                        RestoreForm.of(then, freeName(then.name(), all), vm == null ? null : vm.id(), firstVolume));
            }
            model.addAttribute("flavors", vms.choices(tenant).flavors());
            model.addAttribute("groups", firewall.choices(tenant));
            model.addAttribute("networks", networks(tenant));
            model.addAttribute("vms", names(all));
            model.addAttribute("volumes", volumes(point));
            return true;
        });
        return "backup/restore";
    }

    private Map<String, String> networks(TenantId tenant) {
        Map<String, String> options = new LinkedHashMap<>();
        networks.list(tenant)
                .forEach(network ->
                        options.put(network.id().toString(), network.name() + " (" + network.prefixes() + ")"));
        if (options.isEmpty()) {
            options.put("", "A new one");
        }
        return options;
    }

    private static Map<String, String> names(List<VmView> vms) {
        Map<String, String> options = new LinkedHashMap<>();
        vms.stream()
                .filter(vm -> !vm.isDeleting())
                .forEach(vm -> options.put(vm.id().toString(), vm.name()));
        return options;
    }

    private static Map<String, String> volumes(RecoveryPoint point) {
        Map<String, String> options = new LinkedHashMap<>();
        point.volumes()
                .forEach(volume -> options.put(
                        volume.volumeId().toString(),
                        volume.device() + " " + volume.name() + ", " + (volume.sizeBytes() >> 20) + " MiB"));
        return options;
    }

    /** Such as web-2. */
    private static String freeName(String name, List<VmView> vms) {
        Set<String> taken = vms.stream().map(VmView::name).collect(Collectors.toSet());
        if (!taken.contains(name)) {
            return name;
        }
        int number = 2;
        while (taken.contains(name + "-" + number)) {
            number++;
        }
        return name + "-" + number;
    }

    @PostMapping("/in-place")
    @RequiresRole(Role.OPERATOR)
    String inPlace(
            TenantScope scope,
            @PathVariable String pointId,
            @ModelAttribute("form") RestoreForm form,
            BindingResult binding,
            HttpServletResponse response,
            Model model,
            RedirectAttributes redirect) {
        PointId id = PointId.of(pointId);
        return attempt(
                scope,
                id,
                "in-place",
                binding,
                response,
                model,
                redirect,
                () -> restores.inPlace(scope.tenantId(), id, form.inPlace(), IdempotencyKey.ofForm(form.key())));
    }

    @PostMapping("/new-vm")
    @RequiresRole(Role.OPERATOR)
    String toNewVm(
            TenantScope scope,
            @PathVariable String pointId,
            @ModelAttribute("form") RestoreForm form,
            BindingResult binding,
            HttpServletResponse response,
            Model model,
            RedirectAttributes redirect) {
        PointId id = PointId.of(pointId);
        return attempt(
                scope,
                id,
                "new-vm",
                binding,
                response,
                model,
                redirect,
                () -> restores.toNewVm(scope.tenantId(), id, form.toNewVm(), IdempotencyKey.ofForm(form.key())));
    }

    @PostMapping("/volume")
    @RequiresRole(Role.OPERATOR)
    String volume(
            TenantScope scope,
            @PathVariable String pointId,
            @ModelAttribute("form") RestoreForm form,
            BindingResult binding,
            HttpServletResponse response,
            Model model,
            RedirectAttributes redirect) {
        PointId id = PointId.of(pointId);
        return attempt(
                scope,
                id,
                "volume",
                binding,
                response,
                model,
                redirect,
                () -> restores.volume(scope.tenantId(), id, form.toVolume(), IdempotencyKey.ofForm(form.key())));
    }

    private String attempt(
            TenantScope scope,
            PointId id,
            String way,
            BindingResult binding,
            HttpServletResponse response,
            Model model,
            RedirectAttributes redirect,
            Supplier<Operation> restore) {
        backups.point(scope.tenantId(), id);
        if (!binding.hasErrors()) {
            try {
                Operation operation = restore.get();
                redirect.addFlashAttribute("notice", "The restore of " + operation.targetName() + " has begun.");
                return "redirect:" + scope.path("/operations/" + operation.id());
            } catch (FreeholdException refused) {
                FormErrors.add(binding, refused);
            }
        }
        response.setStatus(422);
        return show(scope, id, model, way);
    }
}
