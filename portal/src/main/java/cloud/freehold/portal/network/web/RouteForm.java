package cloud.freehold.portal.network.web;

import cloud.freehold.portal.network.RouterSpec;
import org.jspecify.annotations.Nullable;

record RouteForm(@Nullable String prefix, @Nullable String nextHop) {

    RouterSpec.Route toCommand() {
        return new RouterSpec.Route(FormText.text(prefix), FormText.text(nextHop));
    }
}
