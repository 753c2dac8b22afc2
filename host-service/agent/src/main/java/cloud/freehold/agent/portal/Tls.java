package cloud.freehold.agent.portal;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** TLS 1.3 contexts: before enrolment with trust alone, afterwards with the host's own certificate. */
final class Tls {
    private static final char[] NO_PASSWORD = {};

    static SSLContext mutual(Credentials credentials) {
        return context(keys(credentials), trusting(Pem.certificates(credentials.authority())));
    }

    /** @param fingerprint SHA-256, hex, of a certificate in the portal's chain */
    static SSLContext pinned(String fingerprint) {
        return context(null, new TrustManager[] {new FingerprintTrust(fingerprint)});
    }

    static SSLContext trustingAuthority(String pem) {
        return context(null, trusting(Pem.certificates(pem)));
    }

    private static SSLContext context(KeyManager[] keys, TrustManager[] trust) {
        try {
            var context = SSLContext.getInstance("TLSv1.3");
            context.init(keys, trust, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java runtime has no TLS 1.3", e);
        }
    }

    private static KeyManager[] keys(Credentials credentials) {
        try {
            var store = KeyStore.getInstance("PKCS12");
            store.load(null, NO_PASSWORD);
            var chain = Pem.certificates(credentials.certificate());
            store.setKeyEntry(
                    "host", Pem.privateKey(credentials.privateKey()), NO_PASSWORD, chain.toArray(Certificate[]::new));
            var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, NO_PASSWORD);
            return keys.getKeyManagers();
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("the stored credentials cannot be used", e);
        }
    }

    static TrustManager[] trusting(List<X509Certificate> authorities) {
        try {
            var store = KeyStore.getInstance("PKCS12");
            store.load(null, NO_PASSWORD);
            for (int i = 0; i < authorities.size(); i++) {
                store.setCertificateEntry("portal-" + i, authorities.get(i));
            }
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            return trust.getTrustManagers();
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("the portal's authority cannot be used", e);
        }
    }

    private Tls() {}
}
