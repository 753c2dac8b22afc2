/**
 * Both ends of the conversation between portal and host, for tests: {@link cloud.freehold.testing.FakeHost} speaks as a
 * host to a real portal, {@link cloud.freehold.testing.FakePortal} speaks as a portal to a real agent. Real HTTPS with
 * mutual TLS in both cases; written apart from the agent, so that an error in one shows in the other.
 */
package cloud.freehold.testing;
