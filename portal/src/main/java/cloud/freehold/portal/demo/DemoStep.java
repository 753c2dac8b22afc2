package cloud.freehold.portal.demo;

/**
 * One part of the demo, given by the feature that it belongs to. Steps run in the order of their {@code @Order} at each
 * start with {@code freehold.demo.enabled=true}, so each must leave alone what it finds already there. Tenants and
 * members come first (order 0), networks and VMs later.
 */
public interface DemoStep {

    /** A few words for the log. */
    String name();

    void run();
}
