package cloud.freehold.portal.compute;

import org.jspecify.annotations.Nullable;

/** How far a NIC has come into its machine. */
public enum NicPlug {
    /** The machine does not run. */
    AT_NEXT_START("off", "plugged at the next start"),
    /** It was asked for; the running machine does not have it. */
    REQUESTED("pending", "requested, not plugged yet"),
    /** The machine has it, and nothing in the guest uses it. */
    PLUGGED("pending", "plugged, not used by the guest yet"),
    /** The guest's driver uses it. */
    IN_USE("active", "used by the guest");

    private final String chip;
    private final String words;

    NicPlug(String chip, String words) {
        this.chip = chip;
        this.words = words;
    }

    /** @param link what the host last said of it; null: nothing */
    public static NicPlug of(boolean machineRuns, @Nullable String link) {
        if (!machineRuns) {
            return AT_NEXT_START;
        }
        return link == null
                ? REQUESTED
                : switch (link) {
                    case "UP" -> IN_USE;
                    case "CONNECTED" -> PLUGGED;
                    default -> REQUESTED;
                };
    }

    /** The state of the shell's chip. */
    public String chip() {
        return chip;
    }

    public String words() {
        return words;
    }
}
