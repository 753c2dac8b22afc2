/** The way to the portal: enrolment, mutual TLS, the requests of the host protocol. */
package cloud.freehold.agent.portal;
