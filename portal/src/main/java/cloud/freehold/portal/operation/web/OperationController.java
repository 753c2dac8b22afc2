package cloud.freehold.portal.operation.web;

import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationFilter;
import cloud.freehold.portal.operation.OperationId;
import cloud.freehold.portal.operation.Operations;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** Activity: operations. */
@Controller
@RequestMapping("/t/{tenantSlug}/operations")
class OperationController {

    private static final int SHOWN = 50;

    private final Operations operations;

    OperationController(Operations operations) {
        this.operations = operations;
    }

    @GetMapping
    String list(
            TenantScope scope,
            @RequestParam(defaultValue = "") String state,
            @RequestParam(defaultValue = "") String vm,
            @RequestParam(defaultValue = "") String after,
            HttpServletRequest request,
            Model model) {
        OperationFilter filter = new OperationFilter(
                state(state),
                vm.isEmpty() ? null : Ids.parse(vm),
                after.isEmpty() ? null : OperationId.of(after),
                SHOWN);
        String shown = filter.state() == null ? "" : filter.state().name().toLowerCase(Locale.ROOT);
        model.addAttribute("page", operations.page(scope.tenantId(), filter));
        model.addAttribute("state", shown);
        model.addAttribute("refresh", refresh(scope, filter, shown));
        return Htmx.of(request).view("operation/operations", "operation/_operations :: list");
    }

    private static String refresh(TenantScope scope, OperationFilter filter, String state) {
        StringBuilder query = new StringBuilder();
        if (!state.isEmpty()) {
            query.append("&state=").append(state);
        }
        if (filter.target() != null) {
            query.append("&vm=").append(filter.target());
        }
        return scope.path("/operations") + (query.isEmpty() ? "" : "?" + query.substring(1));
    }

    @GetMapping("/{operationId}")
    String detail(TenantScope scope, @PathVariable String operationId, HttpServletRequest request, Model model) {
        Operation operation = operations.get(scope.tenantId(), OperationId.of(operationId));
        model.addAttribute("operation", operation);
        model.addAttribute("chain", operations.chain(scope.tenantId(), operation.chain()));
        return Htmx.of(request).view("operation/operation", "operation/_operation :: detail");
    }

    @PostMapping("/{operationId}/cancel")
    @RequiresRole(Role.OPERATOR)
    String cancel(TenantScope scope, @PathVariable String operationId, RedirectAttributes after) {
        OperationId id = OperationId.of(operationId);
        operations.cancel(scope.tenantId(), id);
        after.addFlashAttribute("notice", "Cancelled. The host gives it up within seconds.");
        return "redirect:" + scope.path("/operations/" + id);
    }

    /** What is no state filters nothing. */
    private static OperationFilter.@Nullable State state(String text) {
        return Arrays.stream(OperationFilter.State.values())
                .filter(each -> each.name().toLowerCase(Locale.ROOT).equals(text))
                .findFirst()
                .orElse(null);
    }
}
