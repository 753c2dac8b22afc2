package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.portal.database.SystemAccess;
import java.math.BigDecimal;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The table of certificates given to hosts. */
@Component
class HostCertificates {

    record Known(
            UUID hostId,
            String hostName,
            Instant notAfter,
            @Nullable Instant revokedAt) {}

    private final JdbcClient system;
    private final Clock clock;

    HostCertificates(@SystemAccess JdbcClient system, Clock clock) {
        this.system = system;
        this.clock = clock;
    }

    Optional<Known> find(X509Certificate certificate) {
        return system.sql("""
                        select c.host_id, h.name, c.not_after, c.revoked_at
                        from host_certificate c join host h on h.id = c.host_id where c.sha256 = :sha256
                        """)
                .param("sha256", fingerprint(certificate))
                .query((row, number) -> {
                    OffsetDateTime revoked = row.getObject("revoked_at", OffsetDateTime.class);
                    return new Known(
                            row.getObject("host_id", UUID.class),
                            row.getString("name"),
                            row.getObject("not_after", OffsetDateTime.class).toInstant(),
                            revoked == null ? null : revoked.toInstant());
                })
                .optional();
    }

    void add(UUID hostId, X509Certificate certificate) {
        system.sql("""
                        insert into host_certificate (serial, host_id, sha256, not_before, not_after)
                        values (:serial, :host, :sha256, :from, :until)
                        """)
                .param("serial", new BigDecimal(certificate.getSerialNumber()))
                .param("host", hostId)
                .param("sha256", fingerprint(certificate))
                .param("from", certificate.getNotBefore().toInstant().atOffset(ZoneOffset.UTC))
                .param("until", certificate.getNotAfter().toInstant().atOffset(ZoneOffset.UTC))
                .update();
    }

    /** @param except the one that stays good; null for none */
    void revokeAll(UUID hostId, @Nullable X509Certificate except) {
        system.sql("""
                        update host_certificate set revoked_at = :now
                        where host_id = :host and revoked_at is null and sha256 is distinct from :except
                        """)
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .param("host", hostId)
                .param("except", except == null ? null : fingerprint(except), java.sql.Types.BINARY)
                .update();
    }

    static byte[] fingerprint(X509Certificate certificate) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
        } catch (CertificateEncodingException e) {
            throw new IllegalArgumentException("The certificate cannot be encoded", e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("SHA-256 is missing", e);
        }
    }
}
