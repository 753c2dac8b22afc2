package cloud.freehold.agent.portal;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.X509TrustManager;

/** Trusts a chain that ends in the one certificate whose fingerprint the provider handed over with the token. */
final class FingerprintTrust implements X509TrustManager {
    private final String fingerprint;

    FingerprintTrust(String fingerprint) {
        this.fingerprint = fingerprint.replaceAll("[:\\s]", "").toLowerCase(Locale.ROOT);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        for (var certificate : chain) {
            if (fingerprint.equals(sha256(certificate))) {
                // The JDK's own validation, with this certificate as the only anchor.
                ((X509TrustManager) Tls.trusting(List.of(certificate))[0]).checkServerTrusted(chain, authType);
                return;
            }
        }
        throw new CertificateException("the portal shows no certificate with the fingerprint " + fingerprint
                + " that came with the enrolment token");
    }

    private static String sha256(X509Certificate certificate) throws CertificateException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java runtime has no SHA-256", e);
        }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("this is a client");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }
}
