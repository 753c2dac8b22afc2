package cloud.freehold.testing;

import java.io.IOException;
import java.io.StringReader;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;

/** A certificate authority that lives as long as a test. */
public final class TestAuthority {
    private static final Duration CLOCKS_DIFFER = Duration.ofMinutes(5);

    private final KeyPair key = HostIdentity.newKey();
    private final X509Certificate certificate;

    public TestAuthority(String name) {
        certificate = issue(
                name,
                key.getPublic(),
                "CN=" + name,
                Duration.ofDays(1),
                builder -> builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true)));
    }

    public X509Certificate certificate() {
        return certificate;
    }

    /** A server on this machine. */
    public HostIdentity server() {
        var serverKey = HostIdentity.newKey();
        var names = new GeneralNames(new GeneralName[] {
            new GeneralName(GeneralName.dNSName, "localhost"), new GeneralName(GeneralName.iPAddress, "127.0.0.1")
        });
        var issued = issue("localhost", serverKey.getPublic(), issuer(), Duration.ofDays(1), builder -> {
            builder.addExtension(Extension.subjectAlternativeName, false, names);
            builder.addExtension(
                    Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
        });
        return new HostIdentity(serverKey.getPrivate(), List.of(issued, certificate), List.of(certificate));
    }

    /** A host that need not enrol. */
    public HostIdentity host(UUID id, Duration lifetime) {
        var hostKey = HostIdentity.newKey();
        var chain = List.of(hostCertificate(id, hostKey.getPublic(), lifetime), certificate);
        return new HostIdentity(hostKey.getPrivate(), chain, List.of(certificate));
    }

    /** @throws IllegalArgumentException the request is not PKCS#10 or not signed with its own key */
    public X509Certificate hostCertificate(UUID id, String request, Duration lifetime) {
        return hostCertificate(id, publicKey(request), lifetime);
    }

    private X509Certificate hostCertificate(UUID id, PublicKey publicKey, Duration lifetime) {
        return issue(
                id.toString(),
                publicKey,
                issuer(),
                lifetime,
                builder -> builder.addExtension(
                        Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_clientAuth)));
    }

    private String issuer() {
        return certificate.getSubjectX500Principal().getName();
    }

    static PublicKey publicKey(String request) {
        try (var parser = new PEMParser(new StringReader(request))) {
            if (!(parser.readObject() instanceof PKCS10CertificationRequest parsed)) {
                throw new IllegalArgumentException("not a PKCS#10 request");
            }
            var publicKey = new JcaPKCS10CertificationRequest(parsed).getPublicKey();
            if (!parsed.isSignatureValid(new JcaContentVerifierProviderBuilder().build(publicKey))) {
                throw new IllegalArgumentException("the request is not signed with its own key");
            }
            return publicKey;
        } catch (IOException | PKCSException | OperatorCreationException | GeneralSecurityException e) {
            throw new IllegalArgumentException("not a usable PKCS#10 request", e);
        }
    }

    private interface Extensions {
        void addTo(JcaX509v3CertificateBuilder builder) throws CertIOException;
    }

    private X509Certificate issue(
            String name, PublicKey publicKey, String issuer, Duration lifetime, Extensions extensions) {
        try {
            var now = Instant.now();
            var builder = new JcaX509v3CertificateBuilder(
                    new X500Name(issuer),
                    new BigInteger(64, ThreadLocalRandom.current()).add(BigInteger.ONE),
                    Date.from(now.minus(CLOCKS_DIFFER)),
                    Date.from(now.plus(lifetime)),
                    new X500Name(new X500Principal("CN=" + name).getName()),
                    publicKey);
            extensions.addTo(builder);
            return new JcaX509CertificateConverter()
                    .getCertificate(
                            builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate())));
        } catch (IOException | OperatorCreationException | GeneralSecurityException e) {
            throw new IllegalStateException("cannot issue a certificate", e);
        }
    }
}
