package cloud.freehold.portal.network.web;

import cloud.freehold.portal.network.NewNetwork;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** @param key makes a form that is sent twice create one network */
record NetworkForm(
        @Nullable String name,
        @Nullable String ipv4Prefix,
        @Nullable String ipv6Prefix,
        @Nullable String key) {

    NetworkForm {
        key = FormText.formKey(key);
    }

    static NetworkForm empty() {
        return new NetworkForm("", "", "", UUID.randomUUID().toString());
    }

    NewNetwork toCommand() {
        return new NewNetwork(FormText.text(name), FormText.given(ipv4Prefix), FormText.given(ipv6Prefix));
    }
}
