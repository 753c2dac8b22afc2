package cloud.freehold.agent.it;

import java.util.Random;

/** How long to soak, and which chances to take: ./freehold soak sets them. */
final class Soak {

    static int points() {
        return Integer.parseInt(System.getenv().getOrDefault("FREEHOLD_POINTS", "200"));
    }

    /** Says its seed, so that what it led to can be seen again. */
    static Random random() {
        var seed = System.getenv().getOrDefault("FREEHOLD_SEED", Long.toString(System.currentTimeMillis()));
        System.out.println("FREEHOLD_SEED=" + seed);
        return new Random(Long.parseLong(seed));
    }

    private Soak() {}
}
