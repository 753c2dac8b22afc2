package cloud.freehold.portal.traffic.domain;

import cloud.freehold.api.query.Question.ListConnections.Order;
import cloud.freehold.api.query.Question.ListConnections.Position;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * In which order connections are shown, and from where on.
 *
 * @param after null: from the beginning
 */
public record ConnectionSort(
        Order order, boolean descending, @Nullable Position after) {

    private static final Pattern CURSOR = Pattern.compile("([0-9a-z-]{1,64})~([0-9]{1,10})");

    /** As in an address: {@code bytes-} is bytes, the greatest first. What makes no sense is the default. */
    public static ConnectionSort of(@Nullable String sort, @Nullable String after) {
        String word = sort == null ? "" : sort;
        boolean descending = word.endsWith("-");
        Order order = Order.AGE;
        for (Order each : Order.values()) {
            if (each.name().toLowerCase(Locale.ROOT).equals(word.replaceAll("-$", ""))) {
                order = each;
            }
        }
        return new ConnectionSort(order, descending, position(after));
    }

    private static @Nullable Position position(@Nullable String cursor) {
        var matcher = CURSOR.matcher(cursor == null ? "" : cursor);
        return matcher.matches() ? new Position(matcher.group(1), Long.parseLong(matcher.group(2))) : null;
    }

    static @Nullable String cursor(@Nullable Position position) {
        if (position == null || position.value() == null) {
            return null;
        }
        String cursor = position.value() + "~" + position.handle();
        return CURSOR.matcher(cursor).matches() ? cursor : null;
    }

    /** As in an address. */
    public String word() {
        return order.name().toLowerCase(Locale.ROOT) + (descending ? "-" : "");
    }

    /** The address's word for a column's heading: pressing the present order turns it round. */
    public String toggled(String column) {
        boolean present = order.name().equalsIgnoreCase(column);
        boolean startsDescending = column.equals("bytes") || column.equals("packets");
        return column + ((present ? !descending : startsDescending) ? "-" : "");
    }

    /** For {@code aria-sort}. */
    public String direction(String column) {
        return !order.name().equalsIgnoreCase(column) ? "none" : descending ? "descending" : "ascending";
    }
}
