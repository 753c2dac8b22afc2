package cloud.freehold.portal.compute.web;

import cloud.freehold.portal.network.NicSettings;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** @param allowed addresses and prefixes, one a line or with commas between them */
record NicForm(
        @Nullable Boolean portSecurity,
        @Nullable String allowed,
        @Nullable Long version) {

    static NicForm of(NicSettings settings, long version) {
        return new NicForm(settings.portSecurity(), String.join("\n", settings.allowedAddresses()), version);
    }

    NicSettings toCommand() {
        List<String> addresses = allowed == null
                ? List.of()
                : Stream.of(allowed.split("[\\s,;]+"))
                        .filter(part -> !part.isEmpty())
                        .toList();
        return new NicSettings(Boolean.TRUE.equals(portSecurity), addresses);
    }
}
