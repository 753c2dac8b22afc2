package cloud.freehold.portal.audit.domain;

import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Size;
import java.time.LocalDate;
import org.jspecify.annotations.Nullable;
import org.springframework.format.annotation.DateTimeFormat;

/**
 * What of the trail is wanted. Dates are days of the tenant's time zone, both included.
 *
 * @param action the beginning of an action, {@code member} finds {@code member.added}
 * @param before only events with a smaller number: the next page
 */
public record AuditFilter(
        @Size(max = 100) @Nullable String actor,
        @Size(max = 100) @Nullable String action,
        @Size(max = 100) @Nullable String target,

        @DateTimeFormat(iso = DateTimeFormat.ISO.DATE) @Nullable
        LocalDate from,

        @DateTimeFormat(iso = DateTimeFormat.ISO.DATE) @Nullable
        LocalDate to,

        @Min(1) @Nullable Long before) {

    public boolean isEmpty() {
        return isBlank(actor) && isBlank(action) && isBlank(target) && from == null && to == null;
    }

    private static boolean isBlank(@Nullable String text) {
        return text == null || text.isBlank();
    }
}
