package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.enrolment.EnrolmentGrant;
import cloud.freehold.api.enrolment.EnrolmentRequest;
import cloud.freehold.portal.audit.ProviderAudit;
import cloud.freehold.portal.common.ForbiddenException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.hostlink.HostEnrolment;
import cloud.freehold.portal.hostlink.HostPrincipal;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/** Trades a one-time token for a host's first certificate, and a certificate for the next one. */
@Component
public class Enrolment implements HostEnrolment {

    private static final Pattern HOST_NAME = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?");

    private final EnrolmentTokens tokens;
    private final HostAuthority authority;
    private final HostCertificates certificates;
    private final JdbcClient system;
    private final TransactionTemplate transaction;
    private final ProviderAudit audit;
    private final Uuid7 ids;
    private final Clock clock;

    Enrolment(
            EnrolmentTokens tokens,
            HostAuthority authority,
            HostCertificates certificates,
            @SystemAccess JdbcClient system,
            @SystemAccess TransactionTemplate transaction,
            ProviderAudit audit,
            Uuid7 ids,
            Clock clock) {
        this.tokens = tokens;
        this.authority = authority;
        this.certificates = certificates;
        this.system = system;
        this.transaction = transaction;
        this.audit = audit;
        this.ids = ids;
        this.clock = clock;
    }

    @Override
    public String issueToken(String hostName) {
        if (!HOST_NAME.matcher(hostName).matches()) {
            throw InvalidInputException.field(
                    "host.name",
                    "hostName",
                    "A host's name has lower case letters, digits, dots and dashes, up to 63.");
        }
        String token = tokens.issue(hostName, clock.instant(), TOKEN_LIFETIME);
        audit.record("host.token-issued", "host", hostName, Map.of("hours", TOKEN_LIFETIME.toHours()), null);
        return token;
    }

    @Override
    public boolean isEnrolled(String hostName) {
        return system.sql("""
                        select exists (select from host h join host_certificate c on c.host_id = h.id
                                       where h.name = :name and c.revoked_at is null and c.not_after > :now)
                        """)
                .param("name", hostName)
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .query(Boolean.class)
                .single();
    }

    @Override
    public String authorityCertificate() {
        return Pem.write(authority.certificate());
    }

    @Override
    public void revoke(String hostName) {
        transaction.executeWithoutResult(status -> findHost(hostName).ifPresent(host -> {
            certificates.revokeAll(host.id(), null);
            audit.record("host.revoked", "host", hostName, Map.of(), null);
        }));
    }

    /** @throws ForbiddenException for every token that cannot be used, whatever the reason */
    public EnrolmentGrant enrol(EnrolmentRequest request, String sourceIp) {
        String token = request.token() == null ? "" : request.token();
        String name = request.hostName() == null ? "" : request.hostName();
        PublicKey key = CertificateRequest.verifiedKey(request.certificateRequest());
        Optional<EnrolmentGrant> grant = transaction.execute(
                status -> usable(token, name) ? Optional.of(admit(token, name, key)) : Optional.empty());
        if (grant.isEmpty()) {
            audit.record(
                    "host.enrolment-refused",
                    "host",
                    HOST_NAME.matcher(name).matches() ? name : "?",
                    Map.of("why", "token"),
                    sourceIp);
            throw new ForbiddenException(
                    "host.token",
                    "This enrolment token is wrong, expired, already used, or made for another host name. Ask the"
                            + " provider for a new one.");
        }
        audit.record(
                "host.enrolled",
                "host",
                name,
                Map.of("host", grant.get().hostId().toString()),
                sourceIp);
        return grant.get();
    }

    private boolean usable(String token, String name) {
        Optional<EnrolmentTokens.Token> found = tokens.lock(token);
        if (found.isEmpty()
                || !found.get().hostName().equals(name)
                || clock.instant().isAfter(found.get().expiresAt())) {
            return false;
        }
        Instant used = found.get().usedAt();
        // An answer that got lost on its way: the host has not been seen since, so it never had that certificate.
        return used == null
                || findHost(name)
                        .filter(host ->
                                host.lastSeen() == null || host.lastSeen().isBefore(used))
                        .isPresent();
    }

    private EnrolmentGrant admit(String token, String name, PublicKey key) {
        Instant now = clock.instant();
        UUID id = system.sql("""
                        insert into host (id, name, enrolled_at, epoch) values (:id, :name, :now, gen_random_uuid())
                        on conflict (name) do update set enrolled_at = excluded.enrolled_at
                        returning id
                        """)
                .param("id", ids.next())
                .param("name", name)
                .param("now", now.atOffset(ZoneOffset.UTC))
                .query(UUID.class)
                .single();
        certificates.revokeAll(id, null);
        tokens.used(token, now);
        return grant(id, key);
    }

    /** The next certificate of a host; the present one stays good until its end, any others end now. */
    public EnrolmentGrant renew(HostPrincipal host, X509Certificate present, @Nullable String certificateRequest) {
        PublicKey key = CertificateRequest.verifiedKey(certificateRequest);
        EnrolmentGrant grant = transaction.execute(status -> {
            certificates.revokeAll(host.id(), present);
            return grant(host.id(), key);
        });
        audit.record(
                "host.renewed", "host", host.name(), Map.of("host", host.id().toString()), null);
        return java.util.Objects.requireNonNull(grant);
    }

    private EnrolmentGrant grant(UUID hostId, PublicKey key) {
        try {
            X509Certificate certificate = authority.signHost(hostId, key);
            certificates.add(hostId, certificate);
            return new EnrolmentGrant(
                    hostId,
                    Pem.write(certificate),
                    authorityCertificate(),
                    certificate.getNotAfter().toInstant());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("A host's certificate could not be signed", e);
        }
    }

    private record Host(UUID id, @Nullable Instant lastSeen) {}

    private Optional<Host> findHost(String name) {
        return system.sql("select id, last_seen_at from host where name = :name")
                .param("name", name)
                .query((row, number) -> {
                    OffsetDateTime seen = row.getObject("last_seen_at", OffsetDateTime.class);
                    return new Host(row.getObject("id", UUID.class), seen == null ? null : seen.toInstant());
                })
                .optional();
    }
}
