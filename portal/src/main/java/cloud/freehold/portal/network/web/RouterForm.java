package cloud.freehold.portal.network.web;

import cloud.freehold.portal.network.RouterSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** @param key makes a form that is sent twice create one router */
record RouterForm(
        @Nullable String name,
        @Nullable List<String> networks,
        @Nullable String key) {

    RouterSpec toCommand() {
        return new RouterSpec(
                FormText.text(name),
                networks == null
                        ? List.of()
                        : networks.stream()
                                .map(id -> FormText.network("networks", id))
                                .toList(),
                List.of());
    }
}
