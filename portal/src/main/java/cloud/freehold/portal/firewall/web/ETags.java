package cloud.freehold.portal.firewall.web;

import org.jspecify.annotations.Nullable;

/** A version as an entity tag. */
final class ETags {

    private ETags() {}

    static String of(long version) {
        return "\"" + version + "\"";
    }

    static long required(@Nullable String ifMatch) {
        if (ifMatch == null || ifMatch.isBlank()) {
            throw StaleVersionException.missing();
        }
        String digits = ifMatch.strip().replaceFirst("^W/", "").replace("\"", "");
        if (!digits.matches("[0-9]{1,18}")) {
            throw StaleVersionException.stale("If-Match " + ifMatch.strip() + " is no version of this. Read it again.");
        }
        return Long.parseLong(digits);
    }
}
