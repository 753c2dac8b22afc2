package cloud.freehold.portal.hostlink.domain;

import org.springframework.stereotype.Component;

/** Hosts that wait for another desired state. */
@Component
public class WaitingHosts extends WaitingRequests {

    @Override
    public String channel() {
        return "host";
    }
}
