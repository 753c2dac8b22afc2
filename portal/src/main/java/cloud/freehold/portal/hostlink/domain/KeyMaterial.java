package cloud.freehold.portal.hostlink.domain;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;

/** A key and the certificate for it. */
record KeyMaterial(PrivateKey key, X509Certificate certificate) {

    @Override
    public String toString() {
        return "key of " + certificate.getSubjectX500Principal();
    }
}
