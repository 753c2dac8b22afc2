package cloud.freehold.portal.network.web;

import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.network.ExternalNetworkId;
import cloud.freehold.portal.network.NetworkId;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
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

    /** What stands between commas, blanks and line breaks. */
    static List<String> list(@Nullable String text) {
        return Stream.of(text(text).split("[\\s,;]+"))
                .filter(part -> !part.isEmpty())
                .toList();
    }

    /** A wrong choice stands beside its field, as every other mistake in a form. */
    static NetworkId network(String field, @Nullable String id) {
        try {
            return NetworkId.of(text(id));
        } catch (NotFoundException e) {
            throw InvalidInputException.field("network.unknown", field, "Choose a network of the list.");
        }
    }

    static ExternalNetworkId external(@Nullable String id) {
        try {
            return ExternalNetworkId.of(text(id));
        } catch (NotFoundException e) {
            throw InvalidInputException.field(
                    "external-network.unknown", "external", "Choose an external network of the list.");
        }
    }

    static UUID nic(@Nullable String id) {
        try {
            return Ids.parse(text(id));
        } catch (NotFoundException e) {
            throw InvalidInputException.field("floating-ip.nic", "nic", "Choose a NIC of the list.");
        }
    }
}
