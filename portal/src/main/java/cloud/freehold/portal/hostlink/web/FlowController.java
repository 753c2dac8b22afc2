package cloud.freehold.portal.hostlink.web;

import cloud.freehold.api.AgentPaths;
import cloud.freehold.api.observed.FlowBatch;
import cloud.freehold.portal.hostlink.HostPrincipal;
import cloud.freehold.portal.hostlink.domain.ObservedFlows;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

@RestController
class FlowController {

    private final ObservedFlows flows;

    FlowController(ObservedFlows flows) {
        this.flows = flows;
    }

    @PostMapping(AgentPaths.FLOWS)
    ResponseEntity<Void> store(@AuthenticationPrincipal HostPrincipal host, @RequestBody FlowBatch batch) {
        flows.store(host.id(), batch);
        return ResponseEntity.noContent().build();
    }
}
