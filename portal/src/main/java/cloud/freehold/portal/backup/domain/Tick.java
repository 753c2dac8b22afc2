package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.backup.Schedule;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a policy does by schedule, each with the moment that it served last: a moment is served once, whoever asks how often. */
public enum Tick {
    BACKUP("last_tick"),
    VERIFY("last_verify_tick"),
    DRILL("last_drill_tick");

    private final String column;

    Tick(String column) {
        this.column = column;
    }

    String column() {
        return column;
    }

    /** Null: it does not do that. */
    public @Nullable Schedule schedule(PolicyRows.Row policy) {
        return switch (this) {
            case BACKUP -> policy.settings().schedule();
            case VERIFY -> policy.settings().verify();
            case DRILL -> policy.settings().drill();
        };
    }

    private Instant last(PolicyRows.Row policy) {
        return switch (this) {
            case BACKUP -> policy.lastTick();
            case VERIFY -> policy.lastVerifyTick();
            case DRILL -> policy.lastDrillTick();
        };
    }

    /** The latest moment that is due and not served; earlier ones that were missed count as caught up with it. */
    public Optional<Instant> due(PolicyRows.Row policy, Instant now) {
        Schedule schedule = schedule(policy);
        return schedule == null || !policy.settings().enabled()
                ? Optional.empty()
                : schedule.lastDue(last(policy), now, policy.zone());
    }

    /** When it is to be done next; in the past when it was missed. Empty: never. */
    public Optional<Instant> next(PolicyRows.Row policy) {
        Schedule schedule = schedule(policy);
        return schedule == null || !policy.settings().enabled()
                ? Optional.empty()
                : schedule.next(last(policy), policy.zone(), 1).stream().findFirst();
    }
}
