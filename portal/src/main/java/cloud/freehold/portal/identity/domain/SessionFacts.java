package cloud.freehold.portal.identity.domain;

/** Names of what a session remembers about its sign-in. */
final class SessionFacts {

    static final String ADDRESS = "freehold.address";
    static final String AGENT = "freehold.agent";

    private SessionFacts() {}
}
