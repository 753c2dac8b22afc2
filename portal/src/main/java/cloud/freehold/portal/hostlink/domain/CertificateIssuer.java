package cloud.freehold.portal.hostlink.domain;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Makes certificates: the authority's own, the portal's for the agents' port, and those of hosts. */
final class CertificateIssuer {

    private static final SecureRandom RANDOM = new SecureRandom();
    /** A host's clock may be a little behind. */
    private static final Duration BACKDATED = Duration.ofMinutes(5);

    private static final Duration AUTHORITY_LIFETIME = Duration.ofDays(3650);
    private static final Duration SERVER_LIFETIME = Duration.ofDays(365);

    private CertificateIssuer() {}

    static KeyMaterial newAuthority(Instant now) throws GeneralSecurityException {
        KeyPair keys = newKeys();
        X500Name name = new X500Name("CN=Freehold host authority " + Long.toHexString(RANDOM.nextLong()));
        Draft draft = new Draft(name, name, keys.getPublic(), now, now.plus(AUTHORITY_LIFETIME));
        X509Certificate certificate = draft.sign(keys.getPrivate(), builder -> {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
        });
        return new KeyMaterial(keys.getPrivate(), certificate);
    }

    static KeyMaterial newServer(KeyMaterial authority, List<String> names, Instant now)
            throws GeneralSecurityException {
        KeyPair keys = newKeys();
        Draft draft = new Draft(
                subject(authority),
                new X500Name("CN=Freehold portal"),
                keys.getPublic(),
                now,
                now.plus(SERVER_LIFETIME));
        X509Certificate certificate = draft.sign(authority.key(), builder -> {
            leaf(builder, KeyPurposeId.id_kp_serverAuth);
            builder.addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(
                            names.stream().map(CertificateIssuer::generalName).toArray(GeneralName[]::new)));
        });
        return new KeyMaterial(keys.getPrivate(), certificate);
    }

    static X509Certificate newHost(KeyMaterial authority, String id, PublicKey key, Instant now, Duration lifetime)
            throws GeneralSecurityException {
        Draft draft = new Draft(subject(authority), new X500Name("CN=" + id), key, now, now.plus(lifetime));
        return draft.sign(authority.key(), builder -> leaf(builder, KeyPurposeId.id_kp_clientAuth));
    }

    private static void leaf(X509v3CertificateBuilder builder, KeyPurposeId purpose) throws CertIOException {
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
        builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose));
    }

    private static GeneralName generalName(String name) {
        boolean address = name.indexOf(':') >= 0 || name.matches("[0-9.]+");
        return new GeneralName(address ? GeneralName.iPAddress : GeneralName.dNSName, name);
    }

    private static X500Name subject(KeyMaterial authority) {
        return X500Name.getInstance(
                authority.certificate().getSubjectX500Principal().getEncoded());
    }

    private static KeyPair newKeys() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"), RANDOM);
        return generator.generateKeyPair();
    }

    @FunctionalInterface
    private interface Extensions {
        void addTo(X509v3CertificateBuilder builder) throws CertIOException;
    }

    private record Draft(X500Name issuer, X500Name subject, PublicKey key, Instant from, Instant until) {

        X509Certificate sign(PrivateKey signer, Extensions extensions) throws GeneralSecurityException {
            try {
                X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                        issuer, serial(), Date.from(from.minus(BACKDATED)), Date.from(until), subject, key);
                builder.addExtension(
                        Extension.subjectKeyIdentifier,
                        false,
                        new JcaX509ExtensionUtils().createSubjectKeyIdentifier(key));
                extensions.addTo(builder);
                String algorithm = signer.getAlgorithm().startsWith("EC") ? "SHA256withECDSA" : "SHA256withRSA";
                return new JcaX509CertificateConverter()
                        .getCertificate(builder.build(new JcaContentSignerBuilder(algorithm).build(signer)));
            } catch (CertIOException | OperatorCreationException e) {
                throw new GeneralSecurityException("The certificate for " + subject + " could not be made", e);
            }
        }

        private static BigInteger serial() {
            return new BigInteger(120, RANDOM).setBit(120);
        }
    }
}
