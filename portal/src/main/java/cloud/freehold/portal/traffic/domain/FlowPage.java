package cloud.freehold.portal.traffic.domain;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * @param next where the next page begins; null: this is the last one
 * @param gap what is missing from the time that the page covers, whatever is searched for; null: nothing
 */
public record FlowPage(
        List<Flow> flows, @Nullable String next, @Nullable FlowGap gap) {}
