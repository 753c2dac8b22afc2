package cloud.freehold.portal.hostlink.domain;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.UUID;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.stereotype.Component;

/**
 * Signs for hosts. Its key is a file that only the portal's user can read, or comes by configuration; it is never in the
 * database, so that whoever reads a backup of that cannot pose as a host.
 */
@Component
@EnableConfigurationProperties(HostLinkProperties.class)
class HostAuthority {

    private final KeyMaterial authority;
    private final HostLinkProperties properties;
    private final Clock clock;

    HostAuthority(HostLinkProperties properties, @Value("${freehold.data-dir:data}") Path dataDir, Clock clock) {
        this.properties = properties;
        this.clock = clock;
        try {
            this.authority = properties.authorityCertificate() != null && properties.authorityKey() != null
                    ? read(properties.authorityCertificate(), properties.authorityKey())
                    : provide(dataDir.resolve("authority"));
        } catch (IOException e) {
            throw new UncheckedIOException("The host authority's files cannot be used", e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("The host authority's key or certificate is not usable", e);
        }
    }

    private KeyMaterial provide(Path dir) throws IOException, GeneralSecurityException {
        Path both = dir.resolve("authority.pem");
        if (!Files.exists(both)) {
            Files.createDirectories(
                    dir, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            KeyMaterial made = CertificateIssuer.newAuthority(clock.instant());
            // Key and certificate in one file, moved into place whole: no crash can leave one without the other.
            Path unfinished = Files.createTempFile(
                    dir,
                    "authority",
                    ".new",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(unfinished, Pem.write(made.key()) + Pem.write(made.certificate()));
            try {
                Files.createLink(both, unfinished);
            } catch (FileAlreadyExistsException madeByAnother) {
                return read(both, both);
            } finally {
                Files.deleteIfExists(unfinished);
            }
        }
        return read(both, both);
    }

    private static KeyMaterial read(Path certificateFile, Path keyFile) throws IOException, GeneralSecurityException {
        String text = Files.readString(certificateFile);
        X509Certificate certificate =
                Pem.certificate(text.substring(Math.max(0, text.indexOf("-----BEGIN CERTIFICATE"))));
        String algorithm = certificate.getPublicKey().getAlgorithm();
        return new KeyMaterial(Pem.privateKey(Files.readString(keyFile), algorithm), certificate);
    }

    X509Certificate certificate() {
        return authority.certificate();
    }

    KeyMaterial newServer() throws GeneralSecurityException {
        return CertificateIssuer.newServer(authority, properties.serverNames(), clock.instant());
    }

    X509Certificate signHost(UUID hostId, PublicKey key) throws GeneralSecurityException {
        return CertificateIssuer.newHost(
                authority, hostId.toString(), key, clock.instant(), properties.certificateLifetime());
    }

    boolean signed(X509Certificate certificate) {
        try {
            certificate.verify(authority.certificate().getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
