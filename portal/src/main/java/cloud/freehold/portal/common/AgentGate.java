package cloud.freehold.portal.common;

import java.security.Principal;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.TrustManager;

/**
 * The door for hosts. The feature that knows hosts implements it; the shell opens a second port with it, on which only
 * {@code /agent/v1/**} is answered. The port exists only when such a bean does and {@code freehold.agent.port} is set.
 *
 * <p>A client certificate is asked for but not demanded by TLS itself, because a host has none yet while it enrols;
 * every path but {@value #ENROLMENT_PATH} answers 401 without one.
 */
public interface AgentGate {

    /** The only path that answers a host without a certificate. */
    String ENROLMENT_PATH = "/agent/v1/enrol";

    /** The portal's own certificate on the agents' port. */
    KeyManager[] keyManagers();

    /** Who may connect with which certificate; audits those that it refuses. */
    TrustManager[] trustManagers();

    /**
     * The host that this (already trusted) certificate stands for; empty when it was revoked or replaced. What is
     * returned becomes the request's principal.
     */
    Optional<? extends Principal> identify(X509Certificate certificate);
}
