package cloud.freehold.portal.common;

import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a client may send as {@code Idempotency-Key}. */
public final class IdempotencyKey {

    public static final String HEADER = "Idempotency-Key";

    private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]{1,100}");

    private static final Pattern FORM_KEY = Pattern.compile("[A-Za-z0-9-]{1,64}");

    private IdempotencyKey() {}

    public static @Nullable String check(@Nullable String key) {
        if (key != null && !KEY.matcher(key).matches()) {
            throw InvalidInputException.field(
                    "idempotency.key",
                    HEADER,
                    "A key has 1 to 100 printable ASCII characters without spaces; a UUID is a good one.");
        }
        return key;
    }

    /**
     * The key that a form carries along, so that sending it twice does it once; whatever else stands there loses its effect. No
     * program's key is like it.
     */
    public static @Nullable String ofForm(@Nullable String key) {
        return key != null && FORM_KEY.matcher(key).matches() ? "form " + key : null;
    }

    public static String forForm() {
        return UUID.randomUUID().toString();
    }
}
