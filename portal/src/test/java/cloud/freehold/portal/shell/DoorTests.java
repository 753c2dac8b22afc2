package cloud.freehold.portal.shell;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.testing.PortalTest;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.mvc.method.RequestMappingInfo;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/** Looks at every mapped path, so that a new one is covered from its first day. */
@PortalTest
class DoorTests {

    private static final Set<RequestMethod> READING = Set.of(RequestMethod.GET, RequestMethod.HEAD);

    @Autowired
    @Qualifier("requestMappingHandlerMapping")
    private RequestMappingHandlerMapping mappings;

    @Test
    void everyPathIsKnown() {
        assertThat(mappings.getHandlerMethods().keySet().stream().flatMap(info -> info.getPatternValues().stream()))
                .allMatch(path -> path.equals("/t/{tenantSlug}")
                        || path.startsWith("/t/{tenantSlug}/")
                        || path.startsWith("/api/v1/tenants/{tenantSlug}/")
                        || path.startsWith("/agent/v1/")
                        || path.matches("/|/login|/account.*|/sign-in-link/.*|/tenants/switch|/error"));
    }

    @Test
    void whatChangesATenantSaysTheRoleItNeeds() {
        for (Map.Entry<RequestMappingInfo, HandlerMethod> mapping :
                mappings.getHandlerMethods().entrySet()) {
            RequestMappingInfo info = mapping.getKey();
            boolean tenants = info.getPatternValues().stream().anyMatch(path -> path.contains("{tenantSlug}"));
            boolean changing = !READING.containsAll(info.getMethodsCondition().getMethods());
            if (tenants && changing) {
                HandlerMethod handler = mapping.getValue();
                assertThat(handler.hasMethodAnnotation(RequiresRole.class)
                                || AnnotatedElementUtils.hasAnnotation(handler.getBeanType(), RequiresRole.class))
                        .as("%s needs @RequiresRole", handler)
                        .isTrue();
            }
        }
    }

    @Test
    void everyMappingNamesItsMethods() {
        mappings.getHandlerMethods().forEach((info, handler) -> {
            if (!info.getPatternValues().contains("/error")) {
                assertThat(info.getMethodsCondition().getMethods())
                        .as("%s answers every method", handler)
                        .isNotEmpty();
            }
        });
    }
}
