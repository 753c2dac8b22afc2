package cloud.freehold.portal.common;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a client may send as {@code Idempotency-Key}. */
public final class IdempotencyKey {

    public static final String HEADER = "Idempotency-Key";

    private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]{1,100}");

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
}
