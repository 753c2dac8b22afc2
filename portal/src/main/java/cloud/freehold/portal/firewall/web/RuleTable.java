package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.firewall.domain.Direction;
import java.util.List;

/**
 * One direction's rules.
 *
 * @param total all rules of the direction, removed ones of the draft included
 * @param matching those that the filter lets through
 * @param heads of the columns by which it can be sorted
 */
record RuleTable(
        Direction direction,
        List<Head> heads,
        List<RuleLine> lines,
        int total,
        int matching,
        int page,
        int pages,
        String pageUrl,
        boolean adding) {

    /**
     * A column's head.
     *
     * @param sorted as {@code aria-sort} says it
     * @param query of the address that sorts by it
     */
    record Head(String label, boolean numeric, String sorted, String query) {}
}
