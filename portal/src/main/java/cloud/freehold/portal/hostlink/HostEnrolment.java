package cloud.freehold.portal.hostlink;

import java.time.Duration;

/** The provider's side of letting a new host in. */
public interface HostEnrolment {

    /** How long a token is good for. */
    Duration TOKEN_LIFETIME = Duration.ofHours(24);

    /** A new one-time token for the host that calls itself so; only its hash is kept. */
    String issueToken(String hostName);

    /** Whether a host of this name has enrolled and still has a valid certificate. */
    boolean isEnrolled(String hostName);

    /** The certificate (PEM) by which hosts recognise this portal; goes to the host together with the token. */
    String authorityCertificate();

    /** Takes all certificates of a host away; it is refused from now on, until it enrols again. */
    void revoke(String hostName);
}
