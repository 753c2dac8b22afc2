package cloud.freehold.portal.notification.delivery;

import org.jspecify.annotations.Nullable;

/**
 * @param statusCode null when nobody answered
 * @param error null when it arrived; a sentence for the tenant
 * @param isFinal no further attempt can change it
 */
record Outcome(
        @Nullable Integer statusCode,
        @Nullable String error,
        @Nullable String answer,
        boolean isFinal) {

    static Outcome delivered(@Nullable Integer statusCode, @Nullable String answer) {
        return new Outcome(statusCode, null, answer, true);
    }

    static Outcome failed(@Nullable Integer statusCode, String error, @Nullable String answer) {
        return new Outcome(statusCode, error, answer, false);
    }

    static Outcome hopeless(String error) {
        return new Outcome(null, error, null, true);
    }

    boolean arrived() {
        return error == null;
    }
}
