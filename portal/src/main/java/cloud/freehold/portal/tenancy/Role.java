package cloud.freehold.portal.tenancy;

/** What a member may do; each role may do all that the ones below it may. */
public enum Role {
    /** Sees everything of the tenant and changes nothing. */
    VIEWER("Viewer", "sees everything, changes nothing"),
    /** Runs VMs and edits the firewall. */
    OPERATOR("Operator", "runs VMs, edits firewall rules"),
    /** Also manages members and settings. */
    ADMIN("Admin", "also manages members and settings"),
    /** Also appoints owners and may give the tenant up. */
    OWNER("Owner", "may do everything, also appoint other owners");

    private final String label;
    private final String explanation;

    Role(String label, String explanation) {
        this.label = label;
        this.explanation = explanation;
    }

    public boolean atLeast(Role needed) {
        return compareTo(needed) >= 0;
    }

    public String label() {
        return label;
    }

    public String explanation() {
        return explanation;
    }
}
