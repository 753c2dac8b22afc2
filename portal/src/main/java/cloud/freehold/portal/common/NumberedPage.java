package cloud.freehold.portal.common;

import java.util.List;

/**
 * A page of a list that people leaf through.
 *
 * @param page from 1 on
 * @param pages how many there are, at least 1
 */
public record NumberedPage<T>(List<T> items, int page, int pages) {

    public NumberedPage {
        items = List.copyOf(items);
    }

    /** What an address asks for; the first page when it makes no sense. */
    public static int number(String text) {
        return text.matches("[1-9]\\d{0,5}") ? Integer.parseInt(text) : 1;
    }

    /** How many pages that many rows are. */
    public static int pages(long rows, int rowsPerPage) {
        return (int) Math.max(1, (rows + rowsPerPage - 1) / rowsPerPage);
    }
}
