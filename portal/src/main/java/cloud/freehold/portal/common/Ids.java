package cloud.freehold.portal.common;

import java.util.UUID;
import java.util.regex.Pattern;

/** Strict parsing of ids that come from outside. */
public final class Ids {

    private static final Pattern CANONICAL =
            Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");

    private Ids() {}

    /**
     * An id that is not even a UUID names nothing, so it is "not found" and not "bad input": the answer must not tell
     * a malformed id from another tenant's.
     */
    public static UUID parse(String text) {
        // UUID.fromString alone also accepts "1-1-1-1-1".
        if (!CANONICAL.matcher(text).matches()) {
            throw new NotFoundException("There is nothing with this id. Go back to the list and pick the entry again.");
        }
        return UUID.fromString(text);
    }
}
