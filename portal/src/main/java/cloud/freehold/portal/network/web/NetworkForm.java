package cloud.freehold.portal.network.web;

import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.network.NewNetwork;
import org.jspecify.annotations.Nullable;

/** @param key makes a form that is sent twice create one network */
record NetworkForm(
        @Nullable String name,
        @Nullable String ipv4Prefix,
        @Nullable String ipv6Prefix,
        @Nullable String key) {

    static NetworkForm empty() {
        return new NetworkForm("", "", "", IdempotencyKey.forForm());
    }

    NewNetwork toCommand() {
        return new NewNetwork(FormText.text(name), FormText.given(ipv4Prefix), FormText.given(ipv6Prefix));
    }
}
