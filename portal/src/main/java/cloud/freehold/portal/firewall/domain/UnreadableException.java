package cloud.freehold.portal.firewall.domain;

import org.jspecify.annotations.Nullable;

/** A text that does not say what its field needs; the message is for the person who typed it. */
public final class UnreadableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String sentence;
    private final @Nullable String suggestion;

    public UnreadableException(String message) {
        this(message, null);
    }

    /** @param suggestion what was probably meant; accepted as it is */
    public UnreadableException(String message, @Nullable String suggestion) {
        super(message);
        this.sentence = message;
        this.suggestion = suggestion;
    }

    public String sentence() {
        return sentence;
    }

    public @Nullable String suggestion() {
        return suggestion;
    }
}
