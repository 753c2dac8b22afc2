package cloud.freehold.portal.tenancy.web;

import cloud.freehold.portal.tenancy.TenantScope;
import org.jspecify.annotations.Nullable;
import org.springframework.core.MethodParameter;
import org.springframework.web.bind.support.WebDataBinderFactory;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.ModelAndViewContainer;

/** Hands the request's {@link TenantScope} to controllers. */
class TenantScopeArgumentResolver implements HandlerMethodArgumentResolver {

    @Override
    public boolean supportsParameter(MethodParameter parameter) {
        return parameter.getParameterType() == TenantScope.class;
    }

    @Override
    public Object resolveArgument(
            MethodParameter parameter,
            @Nullable ModelAndViewContainer model,
            NativeWebRequest request,
            @Nullable WebDataBinderFactory binders) {
        Object scope = request.getAttribute(TenantScopeInterceptor.SCOPE, RequestAttributes.SCOPE_REQUEST);
        if (scope == null) {
            throw new IllegalStateException(
                    parameter.getExecutable() + " takes a TenantScope, but its path has no {tenantSlug}");
        }
        return scope;
    }
}
