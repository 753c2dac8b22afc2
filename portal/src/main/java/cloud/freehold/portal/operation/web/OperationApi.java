package cloud.freehold.portal.operation.web;

import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.KeysetPage;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationFilter;
import cloud.freehold.portal.operation.OperationId;
import cloud.freehold.portal.operation.Operations;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Operations for programs: what a command answers with, to be asked for until it has ended. */
@RestController
@RequestMapping("/api/v1/tenants/{tenantSlug}/operations")
class OperationApi {

    private static final int MOST = 200;

    private final Operations operations;

    OperationApi(Operations operations) {
        this.operations = operations;
    }

    @GetMapping
    KeysetPage<Operation> list(
            TenantScope scope,
            @RequestParam(required = false) @Nullable String after,
            @RequestParam(defaultValue = "50") int limit) {
        if (limit < 1 || limit > MOST) {
            throw InvalidInputException.field("request.limit", "limit", "The limit lies between 1 and " + MOST + ".");
        }
        return operations.page(
                scope.tenantId(), new OperationFilter(null, null, after == null ? null : OperationId.of(after), limit));
    }

    @GetMapping("/{operationId}")
    Operation get(TenantScope scope, @PathVariable String operationId) {
        return operations.get(scope.tenantId(), OperationId.of(operationId));
    }

    @PostMapping("/{operationId}/cancel")
    @RequiresRole(Role.OPERATOR)
    Operation cancel(TenantScope scope, @PathVariable String operationId) {
        OperationId id = OperationId.of(operationId);
        operations.cancel(scope.tenantId(), id);
        return operations.get(scope.tenantId(), id);
    }
}
