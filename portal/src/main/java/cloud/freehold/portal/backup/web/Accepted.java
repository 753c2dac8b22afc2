package cloud.freehold.portal.backup.web;

import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.tenancy.TenantScope;
import java.net.URI;
import org.springframework.http.ResponseEntity;

/** The answer to what takes time: 202 with the operation, to be asked for until it has ended. */
final class Accepted {

    private Accepted() {}

    static ResponseEntity<Operation> of(TenantScope scope, Operation operation) {
        URI location = URI.create("/api/v1/tenants/" + scope.slug() + "/operations/" + operation.id());
        return ResponseEntity.accepted().location(location).body(operation);
    }
}
