/**
 * Tells a tenant's people what happened: in the portal (the bell), by e-mail to members, and by webhook.
 *
 * <h2>Webhooks</h2>
 *
 * A POST with a JSON body and these headers: {@code Freehold-Event} (the kind), {@code Freehold-Delivery} (an id that stays the
 * same when a delivery is tried again), {@code Freehold-Timestamp} (Unix seconds) and {@code Freehold-Signature}: {@code v1=} and
 * the HMAC-SHA256, in hex, of {@code timestamp + "." + body} with the channel's secret. Whoever receives it compares the signature
 * and refuses time stamps that are minutes old. Any 2xx is success; everything else is tried again with growing pauses for a day.
 * Redirects are not followed. Addresses that are not public are refused unless the provider allows them, at the moment of the
 * connection, so that a name that changes its mind does not help.
 */
@ApplicationModule(
        displayName = "Notifications",
        allowedDependencies = {"common", "database", "tenancy", "audit", "secrets", "members", "live"})
@NullMarked
package cloud.freehold.portal.notification;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
