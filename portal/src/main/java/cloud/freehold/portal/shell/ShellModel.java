package cloud.freehold.portal.shell;

import cloud.freehold.portal.tenancy.TenantScope;
import java.util.List;

/**
 * What the frame of a page shows.
 *
 * @param base the path before each section, {@code /t/acme}; empty where no tenant is chosen
 */
record ShellModel(
        String tenantName,
        String roleLabel,
        String base,
        String userName,
        String userEmail,
        List<TenantChoice> tenants) {

    /** One line of the tenant switcher. */
    record TenantChoice(String id, String name, String roleLabel, boolean current) {

        static TenantChoice of(TenantScope scope, boolean current) {
            return new TenantChoice(scope.slug(), scope.name(), scope.role().label(), current);
        }
    }
}
