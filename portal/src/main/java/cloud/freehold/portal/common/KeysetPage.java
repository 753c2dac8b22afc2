package cloud.freehold.portal.common;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A page of a long list that goes on from a cursor and not from an offset, so that rows inserted meanwhile neither
 * repeat nor hide others.
 *
 * @param next the cursor of the next page; null on the last one
 */
public record KeysetPage<T>(List<T> items, @Nullable String next) {

    public KeysetPage {
        items = List.copyOf(items);
    }

    /** Of {@code limit + 1} rows that were read: the extra row only tells that there is a next page. */
    public static <T> KeysetPage<T> of(List<T> rows, int limit, Function<? super T, String> cursor) {
        if (rows.size() <= limit) {
            return new KeysetPage<>(rows, null);
        }
        List<T> shown = rows.subList(0, limit);
        return new KeysetPage<>(shown, cursor.apply(shown.get(limit - 1)));
    }

    public <R> KeysetPage<R> map(Function<? super T, ? extends R> mapping) {
        return new KeysetPage<>(items.stream().<R>map(mapping).toList(), next);
    }
}
