package cloud.freehold.portal.hostlink.web;

import cloud.freehold.api.AgentPaths;
import cloud.freehold.api.enrolment.EnrolmentGrant;
import cloud.freehold.api.enrolment.EnrolmentRequest;
import cloud.freehold.api.enrolment.RenewalRequest;
import cloud.freehold.portal.hostlink.HostPrincipal;
import cloud.freehold.portal.hostlink.domain.Enrolment;
import jakarta.servlet.http.HttpServletRequest;
import java.security.cert.X509Certificate;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

@RestController
class EnrolmentController {

    private final Enrolment enrolment;

    EnrolmentController(Enrolment enrolment) {
        this.enrolment = enrolment;
    }

    @PostMapping(AgentPaths.ENROL)
    EnrolmentGrant enrol(@RequestBody EnrolmentRequest request, HttpServletRequest from) {
        return enrolment.enrol(request, from.getRemoteAddr());
    }

    @PostMapping(AgentPaths.RENEW)
    EnrolmentGrant renew(
            @AuthenticationPrincipal HostPrincipal host,
            @RequestAttribute("jakarta.servlet.request.X509Certificate") X509Certificate[] presented,
            @RequestBody RenewalRequest request) {
        return enrolment.renew(host, presented[0], request.certificateRequest());
    }
}
