package cloud.freehold.agent.it;

import java.util.Random;

/** How long to soak, and which chances to take: ./freehold soak sets them, or whoever calls it. */
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

    /** Only those whose text matches, as ".*MOVE.*LIBVIRTD.*", to look at one again. */
    static boolean isWanted(Fault fault) {
        return fault.toString().matches(System.getenv().getOrDefault("FREEHOLD_FAULTS", ".*"));
    }

    private Soak() {}
}
