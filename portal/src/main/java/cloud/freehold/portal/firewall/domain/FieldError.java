package cloud.freehold.portal.firewall.domain;

import org.jspecify.annotations.Nullable;

/**
 * What is wrong with one field of a form, a line or an API body.
 *
 * @param suggestion a value that would be accepted, when one is obvious
 */
public record FieldError(
        String field, String message, @Nullable String suggestion) {

    public FieldError(String field, String message) {
        this(field, message, null);
    }
}
