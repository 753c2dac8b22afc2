package cloud.freehold.portal.firewall;

import cloud.freehold.portal.common.Id;
import cloud.freehold.portal.common.Ids;
import java.util.UUID;

/** A rule. It keeps its id through edits, moves and rollbacks, and so do its hit counters. */
public record RuleId(UUID value) implements Id {

    public static RuleId of(String text) {
        return new RuleId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
