package cloud.freehold.testing;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/**
 * A key with its certificate chain, and whom it trusts.
 *
 * @param chain empty: no client certificate is shown
 */
public record HostIdentity(PrivateKey key, List<X509Certificate> chain, List<X509Certificate> trusted) {
    private static final char[] NO_PASSWORD = {};

    /** Somebody who trusts the portal and has no certificate (yet). */
    public static HostIdentity anonymous(List<X509Certificate> trusted) {
        return new HostIdentity(null, List.of(), trusted);
    }

    public static KeyPair newKey() {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK has no P-256", e);
        }
    }

    /** A PKCS#10 request, PEM. */
    public static String request(KeyPair key, String commonName) {
        try {
            var builder =
                    new JcaPKCS10CertificationRequestBuilder(new X500Principal("CN=" + commonName), key.getPublic());
            return Pem.of(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate())));
        } catch (OperatorCreationException e) {
            throw new IllegalStateException("this JDK cannot sign with P-256", e);
        }
    }

    public SSLContext sslContext() {
        try {
            var context = SSLContext.getInstance("TLSv1.3");
            var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(keyStore(), NO_PASSWORD);
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trustStore());
            context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("cannot set up TLS", e);
        }
    }

    private KeyStore keyStore() throws GeneralSecurityException, IOException {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, NO_PASSWORD);
        if (!chain.isEmpty()) {
            store.setKeyEntry("host", key, NO_PASSWORD, chain.toArray(Certificate[]::new));
        }
        return store;
    }

    private KeyStore trustStore() throws GeneralSecurityException, IOException {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, NO_PASSWORD);
        for (int i = 0; i < trusted.size(); i++) {
            store.setCertificateEntry("trusted-" + i, trusted.get(i));
        }
        return store;
    }
}
