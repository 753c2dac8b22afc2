package cloud.freehold.portal.hostlink;

import java.time.Duration;

/** How much of what hosts tell about connections is kept: the oldest goes first. */
public final class FlowLog {

    public static final Duration KEPT = Duration.ofDays(7);

    /** Of all NICs of a tenant together. */
    public static final int MOST_OF_A_TENANT = 100_000;

    private FlowLog() {}
}
