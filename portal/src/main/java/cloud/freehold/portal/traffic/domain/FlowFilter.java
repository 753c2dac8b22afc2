package cloud.freehold.portal.traffic.domain;

import cloud.freehold.api.query.ConnectionFilter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Which flows are meant: what one can search connections for, and what became of them.
 *
 * @param end null: whatever
 * @param allowed true: all but those that the rules cut; null: whatever
 */
public record FlowFilter(
        ConnectionFilter connection,
        @Nullable FlowEnd end,
        @Nullable Boolean allowed) {

    /** @throws cloud.freehold.portal.common.InvalidInputException for field {@code q}, with what can be written instead */
    public static FlowFilter read(String text) {
        List<String> rest = new ArrayList<>();
        FlowEnd end = null;
        Boolean allowed = null;
        for (String word : text.strip().toLowerCase(Locale.ROOT).split("[\\s,]+")) {
            if (word.equals("allowed")) {
                allowed = true;
            } else if (FlowEnd.of(word).isPresent()) {
                end = FlowEnd.of(word).get();
            } else {
                rest.add(word);
            }
        }
        return new FlowFilter(ConnectionSearch.read(String.join(" ", rest)), end, allowed);
    }
}
