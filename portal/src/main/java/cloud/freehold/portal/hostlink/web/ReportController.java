package cloud.freehold.portal.hostlink.web;

import cloud.freehold.api.AgentPaths;
import cloud.freehold.api.observed.HostReport;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.hostlink.HostPrincipal;
import cloud.freehold.portal.hostlink.domain.HostReports;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

@RestController
class ReportController {

    private final HostReports reports;

    ReportController(HostReports reports) {
        this.reports = reports;
    }

    @PostMapping(AgentPaths.REPORT)
    ResponseEntity<Void> report(
            @AuthenticationPrincipal HostPrincipal host, @RequestBody HostReport report, HttpServletRequest request) {
        if (report.agentBoot() == null) {
            throw InvalidInputException.field("report.boot", "agentBoot", "Say which start of the agent reports.");
        }
        reports.store(host, report, request.getRemoteAddr());
        return ResponseEntity.noContent().build();
    }
}
