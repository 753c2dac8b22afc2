package cloud.freehold.portal.firewall.domain;

import java.util.Arrays;

/**
 * Places of rules in a table: increasing numbers with gaps, so that an insertion or a move writes one row and not all
 * rows behind it.
 */
final class Positions {

    static final int STEP = 1024;

    /** Marks a row that has no place yet. */
    static final int NONE = -1;

    private Positions() {}

    /**
     * Places for rows in their new order, keeping as many as possible.
     *
     * @param current the place of each row as it is now, in the new order; {@link #NONE} for a new row
     */
    static int[] assign(int[] current) {
        boolean[] keep = longestIncreasing(current);
        int[] places = current.clone();
        int i = 0;
        while (i < places.length) {
            if (keep[i]) {
                i++;
                continue;
            }
            int end = i;
            while (end < places.length && !keep[end]) {
                end++;
            }
            long low = i == 0 ? 0 : places[i - 1];
            long high = end == places.length ? low + (long) STEP * (end - i + 1) : places[end];
            long gap = (high - low) / (end - i + 1);
            if (gap == 0 || high > Integer.MAX_VALUE) {
                return renumbered(places.length);
            }
            for (int j = i; j < end; j++) {
                places[j] = (int) (low + gap * (j - i + 1));
            }
            i = end;
        }
        return places;
    }

    private static int[] renumbered(int count) {
        int[] places = new int[count];
        Arrays.setAll(places, i -> (i + 1) * STEP);
        return places;
    }

    /** Marks the members of a longest strictly increasing subsequence; {@link #NONE} is never one. */
    static boolean[] longestIncreasing(int[] values) {
        int[] tails = new int[values.length];
        int[] previous = new int[values.length];
        int length = 0;
        for (int i = 0; i < values.length; i++) {
            if (values[i] == NONE) {
                continue;
            }
            int low = 0;
            int high = length;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (values[tails[middle]] < values[i]) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            previous[i] = low == 0 ? -1 : tails[low - 1];
            tails[low] = i;
            length = Math.max(length, low + 1);
        }
        boolean[] marked = new boolean[values.length];
        for (int i = length == 0 ? -1 : tails[length - 1]; i >= 0; i = previous[i]) {
            marked[i] = true;
        }
        return marked;
    }
}
