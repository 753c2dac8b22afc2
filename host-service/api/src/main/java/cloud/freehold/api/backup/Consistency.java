package cloud.freehold.api.backup;

/** What a recovery point promises of the data in it, from the weakest to the strongest. */
public enum Consistency {
    /** As after a power failure: whatever had been written. */
    CRASH,
    /**
     * As after a power failure right behind a completed FLUSH: no write had completed since, and none was in flight. Needs no help from the
     * guest.
     */
    BARRIER,
    /** The guest agent had frozen the filesystems. */
    FILESYSTEM
}
