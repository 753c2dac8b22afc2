package cloud.freehold.api.desired;

/** What the tenant wants of a VM. */
public enum PowerState {
    RUNNING,
    STOPPED
}
