package cloud.freehold.portal.firewall.web;

import org.jspecify.annotations.Nullable;

/** Where in a long table one was, as forms and addresses say it, so that the answer shows the same place. */
record Place(
        @Nullable String q,
        @Nullable String in,
        @Nullable String out,
        @Nullable String inSort,
        @Nullable String outSort,
        @Nullable String nics) {

    ViewState state() {
        return ViewState.of(this);
    }
}
