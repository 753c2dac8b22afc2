package cloud.freehold.portal.operation;

import cloud.freehold.portal.tenancy.TenantScope;
import java.net.URI;
import org.springframework.http.ResponseEntity;

/** The answer to what takes time: 202 with the operation, to be asked for until it has ended. */
public final class Accepted {

    private Accepted() {}

    public static ResponseEntity<Operation> of(TenantScope scope, Operation operation) {
        URI location = URI.create("/api/v1/tenants/" + scope.slug() + "/operations/" + operation.id());
        return ResponseEntity.accepted().location(location).body(operation);
    }
}
