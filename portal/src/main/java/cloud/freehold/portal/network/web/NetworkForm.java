package cloud.freehold.portal.network.web;

import cloud.freehold.portal.network.NewNetwork;
import org.jspecify.annotations.Nullable;

record NetworkForm(
        @Nullable String name,
        @Nullable String ipv4Prefix,
        @Nullable String ipv6Prefix) {

    NewNetwork toCommand() {
        return new NewNetwork(FormText.text(name), FormText.given(ipv4Prefix), FormText.given(ipv6Prefix));
    }
}
