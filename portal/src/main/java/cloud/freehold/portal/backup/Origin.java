package cloud.freehold.portal.backup;

/** Why a recovery point was taken. */
public enum Origin {
    POLICY("by policy"),
    MANUAL("by hand"),
    /** What a VM's disks held before they were overwritten by a restore. */
    BEFORE_RESTORE("before a restore");

    private final String label;

    Origin(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }
}
