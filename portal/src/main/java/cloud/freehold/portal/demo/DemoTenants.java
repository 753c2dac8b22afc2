package cloud.freehold.portal.demo;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.identity.Accounts;
import cloud.freehold.portal.members.TenantFounding;
import cloud.freehold.portal.tenancy.Role;
import java.util.Locale;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/** Two tenants; one person belongs to both. */
@Component
@Order(0)
@ConditionalOnBooleanProperty("freehold.demo.enabled")
@EnableConfigurationProperties(DemoProperties.class)
class DemoTenants implements DemoStep {

    private final DemoProperties properties;
    private final Accounts accounts;
    private final TenantFounding founding;

    DemoTenants(DemoProperties properties, Accounts accounts, TenantFounding founding) {
        this.properties = properties;
        this.accounts = accounts;
        this.founding = founding;
    }

    @Override
    public String name() {
        return "tenants acme and globex with their members";
    }

    @Override
    public void run() {
        TenantId acme = founding.provide("acme", "Acme");
        TenantId globex = founding.provide("globex", "Globex");
        member(acme, "anna@acme.example", Role.OWNER);
        member(acme, "otto@acme.example", Role.OPERATOR);
        member(acme, "vera@acme.example", Role.VIEWER);
        member(globex, "vera@acme.example", Role.VIEWER);
        member(globex, "gina@globex.example", Role.OWNER);
    }

    private void member(TenantId tenant, String email, Role role) {
        String localPart = email.substring(0, email.indexOf('@'));
        String password = properties.password().get(localPart);
        if (password == null) {
            throw new IllegalStateException(
                    "The demo needs a password for " + email + "; set freehold.demo.password." + localPart + ".");
        }
        String name = localPart.substring(0, 1).toUpperCase(Locale.ROOT) + localPart.substring(1);
        UserId user = accounts.provide(email, name, password).id();
        founding.provideMember(tenant, user, email, role);
    }
}
