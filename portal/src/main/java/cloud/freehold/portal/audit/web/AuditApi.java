package cloud.freehold.portal.audit.web;

import cloud.freehold.portal.audit.domain.AuditEvent;
import cloud.freehold.portal.audit.domain.AuditEvents;
import cloud.freehold.portal.audit.domain.AuditFilter;
import cloud.freehold.portal.common.KeysetPage;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.validation.Valid;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** The same for programs; {@code before} takes the {@code next} of the page before. */
@RestController
@RequestMapping("/api/v1/tenants/{tenantSlug}/audit-events")
class AuditApi {

    private static final int PAGE = 200;

    private final AuditEvents events;

    AuditApi(AuditEvents events) {
        this.events = events;
    }

    @GetMapping
    KeysetPage<AuditEvent> list(TenantScope scope, @Valid @ModelAttribute AuditFilter filter) {
        return events.page(scope, filter, PAGE);
    }

    @GetMapping("/verification")
    AuditEvents.Verification verify(TenantScope scope) {
        return events.verify(scope);
    }
}
