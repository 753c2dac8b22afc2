package cloud.freehold.portal.backup;

import cloud.freehold.api.backup.Consistency;

/** The levels of consistency in plain words. */
public final class Levels {

    private Levels() {}

    public static String name(Consistency level) {
        return switch (level) {
            case CRASH -> "crash-consistent";
            case BARRIER -> "barrier-consistent";
            case FILESYSTEM -> "filesystem-consistent";
        };
    }

    /** What it promises. */
    public static String promise(Consistency level) {
        return switch (level) {
            case CRASH -> "As after a power failure: whatever had been written by then.";
            case BARRIER ->
                "Taken right behind a completed flush: everything that a program had been promised to be on the disk"
                        + " is in it, and nothing is half written.";
            case FILESYSTEM -> "The guest had its filesystems frozen: they are clean and need no repair.";
        };
    }
}
