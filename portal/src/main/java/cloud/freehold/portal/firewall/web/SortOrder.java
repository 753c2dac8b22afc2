package cloud.freehold.portal.firewall.web;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * By which column a table of rules is shown; in an address {@code service}, or {@code service-} from the end. Whatever
 * the order on the page, rules keep theirs: it is the order of files and of the API.
 */
record SortOrder(Column column, boolean descending) {

    enum Column {
        ACTION,
        SERVICE,
        REMOTE,
        DESCRIPTION,
        EXPIRES,
        HITS;

        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Null for the rules' own order, also when there is no such column. */
    static @Nullable SortOrder of(@Nullable String text) {
        if (text == null) {
            return null;
        }
        boolean descending = text.endsWith("-");
        String name = descending ? text.substring(0, text.length() - 1) : text;
        Optional<Column> known = Arrays.stream(Column.values())
                .filter(column -> column.word().equals(name))
                .findFirst();
        return known.map(column -> new SortOrder(column, descending)).orElse(null);
    }

    /** What a press on a column's head asks for: upwards, then downwards, then the rules' own order. */
    static @Nullable SortOrder next(@Nullable SortOrder present, Column column) {
        if (present == null || present.column != column) {
            return new SortOrder(column, false);
        }
        return present.descending ? null : new SortOrder(column, true);
    }

    @Override
    public String toString() {
        return column.word() + (descending ? "-" : "");
    }
}
