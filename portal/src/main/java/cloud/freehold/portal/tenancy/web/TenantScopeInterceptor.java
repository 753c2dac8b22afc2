package cloud.freehold.portal.tenancy.web;

import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.database.Acting;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import cloud.freehold.portal.tenancy.Tenants;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.security.Principal;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.stereotype.Component;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.AsyncHandlerInterceptor;
import org.springframework.web.servlet.HandlerMapping;

/**
 * Every request with a {@code tenantSlug} in its path passes here: the user must be a member (else 404, as if there
 * were no such tenant), the role must suffice (else 403), and from then on the thread's transactions are the tenant's.
 */
@Component
class TenantScopeInterceptor implements AsyncHandlerInterceptor {

    static final String SCOPE = "scope";

    private static final String ACTING = TenantScopeInterceptor.class.getName() + ".acting";
    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");

    private final Tenants tenants;

    TenantScopeInterceptor(Tenants tenants) {
        this.tenants = tenants;
    }

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
        String slug = slug(request);
        Principal principal = request.getUserPrincipal();
        if (slug == null || !(handler instanceof HandlerMethod method)) {
            return true;
        }
        if (principal == null) {
            throw notFound();
        }
        TenantScope scope =
                tenants.find(slug, UserId.of(principal.getName())).orElseThrow(TenantScopeInterceptor::notFound);
        scope.require(neededRole(method, request.getMethod()));
        request.setAttribute(SCOPE, scope);
        request.setAttribute(ACTING, Acting.begin(new Acting(scope.tenantId(), scope.userId())));
        return true;
    }

    private static NotFoundException notFound() {
        return new NotFoundException(
                "There is no such tenant, or you are not a member of it. Choose one of yours on the start page.");
    }

    @SuppressWarnings("unchecked")
    private static @Nullable String slug(HttpServletRequest request) {
        Map<String, String> variables =
                (Map<String, String>) request.getAttribute(HandlerMapping.URI_TEMPLATE_VARIABLES_ATTRIBUTE);
        return variables == null ? null : variables.get("tenantSlug");
    }

    private static Role neededRole(HandlerMethod handler, String httpMethod) {
        RequiresRole onMethod = handler.getMethodAnnotation(RequiresRole.class);
        RequiresRole stated = onMethod != null
                ? onMethod
                : AnnotatedElementUtils.findMergedAnnotation(handler.getBeanType(), RequiresRole.class);
        if (stated != null) {
            return stated.value();
        }
        return READING.contains(httpMethod) ? Role.VIEWER : Role.OWNER;
    }

    @Override
    public void afterCompletion(
            HttpServletRequest request, HttpServletResponse response, Object handler, @Nullable Exception failure) {
        end(request);
    }

    /** The thread goes on to other requests; what runs later for this one names its tenant itself. */
    @Override
    public void afterConcurrentHandlingStarted(
            HttpServletRequest request, HttpServletResponse response, Object handler) {
        end(request);
    }

    private static void end(HttpServletRequest request) {
        if (request.getAttribute(ACTING) instanceof Acting.Scope acting) {
            acting.close();
            request.removeAttribute(ACTING);
        }
    }
}
