/**
 * What happens now: PostgreSQL's notifications, and the stream of them that a tenant's pages listen to.
 *
 * <h2>For pages</h2>
 *
 * {@code GET /t/{slug}/live} is a stream of server-sent events, opened once a page with {@code shell/components :: live}.
 * An event carries no data; it says what to look at again, so it can be lost or doubled without harm. htmx turns it into
 * a DOM event that bubbles from the live element, and a fragment fetches itself again:
 *
 * <pre>{@code <div id="vm-table" hx-get="…" hx-trigger="live-vms from:body" hx-swap="outerHTML">}</pre>
 *
 * <table>
 * <caption>Events</caption>
 * <tr><td>{@code live-vms}</td><td>a VM's state or problem changed, a VM came or went, a host went away or came back</td></tr>
 * <tr><td>{@code live-nics}</td><td>a NIC's enforcement, link or problem changed: "applying" became "enforced"</td></tr>
 * <tr><td>{@code live-networks}</td><td>a network, a router or a floating IP changed</td></tr>
 * <tr><td>{@code live-operations}</td><td>an operation came, moved on or ended</td></tr>
 * <tr><td>{@code live-groups}</td><td>a security group or address group changed, or its pending confirmation ended</td></tr>
 * <tr><td>{@code live-backups}</td><td>a recovery point, policy, drill or snapshot came, changed or went</td></tr>
 * <tr><td>{@code live-notifications}</td><td>the tenant was told something, somebody read it, or a delivery moved on</td></tr>
 * <tr><td>{@code live-hits}</td><td>hit counters of rules, or counters of NICs, grew</td></tr>
 * <tr><td>{@code live-drops}</td><td>NICs dropped packets</td></tr>
 * </table>
 *
 * The first few events are sent at once; a longer burst becomes one of each kind a quarter of a second. After a lost connection
 * all events are sent once, because some may have been missed.
 *
 * <h2>For features</h2>
 *
 * {@link cloud.freehold.portal.live.LiveEvents#publish} in the transaction of the change: pages hear of it when it is
 * committed, on whichever portal they are connected to.
 */
@ApplicationModule(
        displayName = "Live",
        allowedDependencies = {"common", "database", "tenancy"})
@NullMarked
package cloud.freehold.portal.live;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
