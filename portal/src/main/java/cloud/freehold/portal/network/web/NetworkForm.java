package cloud.freehold.portal.network.web;

import cloud.freehold.portal.network.NewNetwork;
import org.jspecify.annotations.Nullable;

record NetworkForm(
        @Nullable String name,
        @Nullable String ipv4Prefix,
        @Nullable String ipv6Prefix) {

    NewNetwork toCommand() {
        return new NewNetwork(name == null ? "" : name.strip(), given(ipv4Prefix), given(ipv6Prefix));
    }

    private static @Nullable String given(@Nullable String text) {
        return text == null || text.isBlank() ? null : text.strip();
    }
}
