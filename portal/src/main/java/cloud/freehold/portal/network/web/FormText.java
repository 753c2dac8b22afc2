package cloud.freehold.portal.network.web;

import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.network.NetworkId;
import org.jspecify.annotations.Nullable;

/** What forms and bodies hold, read leniently; what it may be is the domain's business. */
final class FormText {

    private FormText() {}

    static String text(@Nullable String text) {
        return text == null ? "" : text.strip();
    }

    static @Nullable String given(@Nullable String text) {
        return text == null || text.isBlank() ? null : text.strip();
    }

    /** A wrong choice stands beside its field, as every other mistake in a form. */
    static NetworkId network(String field, @Nullable String id) {
        try {
            return NetworkId.of(text(id));
        } catch (NotFoundException e) {
            throw InvalidInputException.field("network.unknown", field, "Choose a network of the list.");
        }
    }
}
