/**
 * The portal's side of the link to the hosts: enrolment and certificates, what each host should have (by revision), what
 * it reports, and its commands.
 *
 * <p>A feature that changes something a host must know calls {@link cloud.freehold.portal.hostlink.HostChanges} in its own
 * transaction. Everything else of the protocol is in here.
 */
@ApplicationModule(
        displayName = "Host link",
        allowedDependencies = {"common", "database", "audit", "tenancy", "live", "operation"})
@NullMarked
package cloud.freehold.portal.hostlink;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
