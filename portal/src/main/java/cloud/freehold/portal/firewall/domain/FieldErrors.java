package cloud.freehold.portal.firewall.domain;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Collects what is wrong, one message a field. */
final class FieldErrors {

    interface Source<T> {
        T get();
    }

    private final List<FieldError> found = new ArrayList<>();

    boolean areNone() {
        return found.isEmpty();
    }

    List<FieldError> all() {
        return List.copyOf(found);
    }

    <T> @Nullable T get(String field, Source<T> source) {
        try {
            return source.get();
        } catch (UnreadableException e) {
            add(new FieldError(field, e.sentence(), e.suggestion()));
            return null;
        }
    }

    /** A repaired item is suggested as the whole list with that item replaced. */
    <T> @Nullable Set<T> list(String field, String text, Function<String, T> parse) {
        String[] items = text.split("[,;]", -1);
        Set<T> values = new LinkedHashSet<>();
        boolean failed = false;
        for (int i = 0; i < items.length; i++) {
            if (items.length > 1 && items[i].isBlank()) {
                continue;
            }
            try {
                values.add(parse.apply(items[i]));
            } catch (UnreadableException e) {
                failed = true;
                add(new FieldError(field, e.sentence(), whole(items, i, e.suggestion())));
            }
        }
        return failed ? null : values;
    }

    private static @Nullable String whole(String[] items, int index, @Nullable String suggestion) {
        if (suggestion == null) {
            return null;
        }
        String[] repaired = items.clone();
        repaired[index] = suggestion;
        return String.join(", ", List.of(repaired).stream().map(String::strip).toList());
    }

    void add(String field, String message) {
        add(new FieldError(field, message));
    }

    private void add(FieldError error) {
        if (found.stream().noneMatch(known -> known.field().equals(error.field()))) {
            found.add(error);
        }
    }
}
