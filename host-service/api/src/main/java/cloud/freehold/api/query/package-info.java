/**
 * What somebody who looks at a page asks a host right now: short-lived, answered within a second or not at all. Nothing
 * here is desired state, and nothing waits for a host that is away.
 */
package cloud.freehold.api.query;
