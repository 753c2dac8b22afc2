/**
 * Recovery points: where they are kept, how they are taken, kept, proven and brought back. {@code hosting} is the side
 * that hosts talk to, across tenants; everything else works for one tenant.
 *
 * <p>A recovery point is a row that exists only once a host has said that all of it is durable in the store. Nothing of a
 * point's data is here: the portal keeps the roots of its volumes, the certificate of its consistency, and the tenant's
 * key, wrapped.
 *
 * <h2>Who may remove data</h2>
 *
 * A point that is removed (by hand or by its policy) keeps its data until {@code purged_at} is set, which happens only while
 * the input of a garbage collection is computed, and never while an open operation needs it. All that concerns one tenant
 * in one store goes one after another under {@link cloud.freehold.portal.backup.domain.StoreLock}: starting a backup, starting
 * a collection, computing either's input. A backup that is asked for while a collection is open waits for its end; a
 * collection beside backups that began earlier leaves alone what they write.
 */
@ApplicationModule(
        displayName = "Backups",
        allowedDependencies = {
            "common",
            "database",
            "tenancy",
            "audit",
            "secrets",
            "operation",
            "compute",
            "hostlink",
            "network",
            "firewall",
            "notification",
            "live",
            "demo",
            "members"
        })
@NullMarked
package cloud.freehold.portal.backup;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
