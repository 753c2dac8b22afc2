/**
 * What the portal and a host's agent say to each other: JSON over HTTPS with mutual TLS, the agent dials.
 *
 * <p>Level-triggered: {@link cloud.freehold.api.desired.DesiredState} carries whole objects with revisions that count per
 * host; {@link cloud.freehold.api.observed.HostReport} says up to which revision all is applied and names what is not.
 * Nothing here depends on more than the JDK and JSON annotations. Fields are only ever added; a reader ignores what it
 * does not know.
 */
package cloud.freehold.api;
