package cloud.freehold.portal.audit.web;

import cloud.freehold.portal.audit.domain.AuditDifference;
import cloud.freehold.portal.audit.domain.AuditEvent;
import cloud.freehold.portal.audit.domain.AuditEvents;
import cloud.freehold.portal.audit.domain.AuditFilter;
import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.common.KeysetPage;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.validation.Valid;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.util.UriComponentsBuilder;

/** Activity, Audit trail. */
@Controller
@RequestMapping("/t/{tenantSlug}")
class AuditController {

    private static final int PAGE = 50;

    private final AuditEvents events;
    private final AuditDifference difference;

    AuditController(AuditEvents events, AuditDifference difference) {
        this.events = events;
        this.difference = difference;
    }

    /** An event as the page shows it. */
    record Line(AuditEvent event, List<AuditDifference.Field> changes) {}

    @GetMapping("/audit")
    String page(TenantScope scope, @Valid @ModelAttribute("filter") AuditFilter filter, Model model) {
        KeysetPage<Line> page = events.page(scope, filter, PAGE).map(event -> new Line(event, difference.of(event)));
        model.addAttribute("page", page);
        model.addAttribute("nextUrl", page.next() == null ? null : url(scope, "/audit", filter, page.next()));
        model.addAttribute("exportUrl", url(scope, "/audit.csv", filter, null));
        return "audit/audit";
    }

    private static String url(TenantScope scope, String path, AuditFilter filter, @Nullable String before) {
        UriComponentsBuilder url = UriComponentsBuilder.fromPath(scope.path(path));
        add(url, "actor", filter.actor());
        add(url, "action", filter.action());
        add(url, "target", filter.target());
        add(url, "from", filter.from());
        add(url, "to", filter.to());
        add(url, "before", before);
        return url.encode().build().toUriString();
    }

    private static void add(UriComponentsBuilder url, String name, @Nullable Object value) {
        if (value != null && !value.toString().isBlank()) {
            url.queryParam(name, "{" + name + "}");
            url.uriVariables(java.util.Map.of(name, value.toString()));
        }
    }

    /** Costs a pass over the whole trail, so the page asks for it after it has been shown. */
    @GetMapping("/audit/verification")
    String verification(TenantScope scope, HttpServletRequest request, Model model) {
        model.addAttribute("verification", events.verify(scope));
        return Htmx.of(request).view("audit/verification", "audit/_badge :: badge");
    }

    @GetMapping("/audit.csv")
    void export(TenantScope scope, @Valid @ModelAttribute("filter") AuditFilter filter, HttpServletResponse response)
            throws IOException {
        response.setContentType("text/csv;charset=UTF-8");
        response.setHeader("Content-Disposition", "attachment; filename=\"audit-" + scope.slug() + ".csv\"");
        PrintWriter out = response.getWriter();
        out.print(AuditCsv.HEAD);
        events.forEach(scope, filter, event -> out.print(AuditCsv.line(event)));
    }
}
