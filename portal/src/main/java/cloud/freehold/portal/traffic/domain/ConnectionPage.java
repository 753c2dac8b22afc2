package cloud.freehold.portal.traffic.domain;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * @param matching how many match what was searched for
 * @param live how many there are in all
 * @param complete false: there are more than were looked at
 * @param next where the next page goes on; null on the last one
 */
public record ConnectionPage(
        List<Connection> connections,
        long matching,
        long live,
        boolean complete,
        @Nullable String next) {}
