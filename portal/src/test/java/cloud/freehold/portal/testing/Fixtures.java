package cloud.freehold.portal.testing;

import static org.springframework.security.test.web.servlet.request.SecurityMockMvcRequestPostProcessors.authentication;
import static org.springframework.security.test.web.servlet.request.SecurityMockMvcRequestPostProcessors.csrf;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.database.Acting;
import cloud.freehold.portal.database.TenantTransaction;
import cloud.freehold.portal.identity.Accounts;
import cloud.freehold.portal.identity.SignedInUser;
import cloud.freehold.portal.members.TenantFounding;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.springframework.boot.test.context.TestComponent;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.test.web.servlet.request.RequestPostProcessor;

/** Tenants and people for tests. */
@TestComponent
public class Fixtures {

    private final Accounts accounts;
    private final TenantFounding founding;
    private final TenantTransaction transactions;

    Fixtures(Accounts accounts, TenantFounding founding, TenantTransaction transactions) {
        this.accounts = accounts;
        this.founding = founding;
        this.transactions = transactions;
    }

    /** A tenant; {@code acme} becomes "Acme". */
    public TenantId tenant(String slug) {
        return founding.provide(slug, slug.substring(0, 1).toUpperCase(Locale.ROOT) + slug.substring(1));
    }

    /** A person without a password, in the tenant with this slug (which is founded when it is not there). */
    public Person member(String slug, Role role, String email) {
        TenantId tenant = tenant(slug);
        UserId user = accounts.findOrCreate(email).id();
        founding.provideMember(tenant, user, email, role);
        return new Person(user, email, tenant, slug, role);
    }

    public Person owner(String slug) {
        return member(slug, Role.OWNER, "owner@" + slug + ".example");
    }

    public Person operator(String slug) {
        return member(slug, Role.OPERATOR, "operator@" + slug + ".example");
    }

    public Person viewer(String slug) {
        return member(slug, Role.VIEWER, "viewer@" + slug + ".example");
    }

    /** Work in one transaction of the tenant, as that person's request would do it. */
    public <T> T as(Person person, Supplier<T> work) {
        try (Acting.Scope acting = Acting.begin(new Acting(person.tenant(), person.id()))) {
            return transactions.call(person.tenant(), work);
        }
    }

    /** A member of one tenant. */
    public record Person(UserId id, String email, TenantId tenant, String slug, Role role) {

        public TenantScope scope() {
            return new TenantScope(tenant, slug, slug, id, role, ZoneOffset.UTC);
        }

        /** {@code mvc.perform(get("/t/acme/vms").with(anna.signedIn()))}; brings the form token along. */
        public RequestPostProcessor signedIn() {
            SignedInUser user = new SignedInUser(id, email, email.substring(0, email.indexOf('@')));
            var token = UsernamePasswordAuthenticationToken.authenticated(
                    user, null, List.of(new SimpleGrantedAuthority("ROLE_USER")));
            return request -> csrf().postProcessRequest(authentication(token).postProcessRequest(request));
        }
    }
}
