package cloud.freehold.portal.hostlink.domain;

import org.springframework.stereotype.Component;

/** Hosts that wait for somebody to ask them something. */
@Component
public class WaitingQuestions extends WaitingRequests {

    static final String CHANNEL = "host_question";

    @Override
    public String channel() {
        return CHANNEL;
    }
}
