package cloud.freehold.portal.secrets;

/** Wraps by AES-256-GCM. The purpose is authenticated: what was wrapped for one row unwraps for no other. */
public interface Secrets {

    Wrapped wrap(byte[] secret, String purpose);

    /**
     * @throws cloud.freehold.portal.common.UnavailableException when this portal does not have the wrapping key, or it is
     *     not what was wrapped
     */
    byte[] unwrap(Wrapped wrapped, String purpose);

    /** The name of the key that wraps now; what another one wrapped is due to be wrapped anew. */
    String currentKey();
}
