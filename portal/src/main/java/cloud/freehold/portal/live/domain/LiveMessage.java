package cloud.freehold.portal.live.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.live.LiveTopic;

/** A notification of the channel {@code live}: the tenant and what changed. */
public record LiveMessage(TenantId tenant, LiveTopic topic) {

    public static final String CHANNEL = "live";

    String payload() {
        return tenant + " " + topic.name();
    }

    public static LiveMessage parse(String payload) {
        int space = payload.indexOf(' ');
        return new LiveMessage(
                TenantId.of(payload.substring(0, space)), LiveTopic.valueOf(payload.substring(space + 1)));
    }
}
