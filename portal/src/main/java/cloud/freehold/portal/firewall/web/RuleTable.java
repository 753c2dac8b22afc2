package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.firewall.domain.Direction;
import java.util.List;

/**
 * One direction's rules.
 *
 * @param total all rules of the direction, removed ones of the draft included
 * @param matching those that the filter lets through
 */
record RuleTable(
        Direction direction,
        List<RuleLine> lines,
        int total,
        int matching,
        int page,
        int pages,
        String pageUrl,
        boolean adding) {}
