package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.portal.audit.ProviderAudit;
import cloud.freehold.portal.common.AgentGate;
import cloud.freehold.portal.hostlink.HostPrincipal;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

/**
 * Knows hosts by their certificates. TLS itself proves only that the peer holds the key of what it presents; whether that
 * certificate is one that this portal gave, is valid now and was not revoked is decided here by its fingerprint, so that
 * a refused host gets an answer that says what to do and not a broken handshake.
 */
@Component
class MutualTlsGate implements AgentGate {

    private static final Logger log = LoggerFactory.getLogger(MutualTlsGate.class);
    private static final Duration AUDIT_AGAIN = Duration.ofMinutes(1);
    private static final int REMEMBERED = 1_000;

    private final HostAuthority authority;
    private final HostCertificates certificates;
    private final ProviderAudit audit;
    private final Clock clock;
    /** Refusals already written down, so that a host that tries again and again does not fill the trail. */
    private final Map<String, Instant> audited = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Instant> eldest) {
            return size() > REMEMBERED;
        }
    };

    MutualTlsGate(HostAuthority authority, HostCertificates certificates, ProviderAudit audit, Clock clock) {
        this.authority = authority;
        this.certificates = certificates;
        this.audit = audit;
        this.clock = clock;
    }

    @Override
    public KeyManager[] keyManagers() {
        try {
            KeyMaterial server = authority.newServer();
            char[] inMemoryOnly = {};
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            X509Certificate[] chain = {server.certificate(), authority.certificate()};
            store.setKeyEntry("portal", server.key(), inMemoryOnly, chain);
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(store, inMemoryOnly);
            return factory.getKeyManagers();
        } catch (GeneralSecurityException | java.io.IOException e) {
            throw new IllegalStateException("The portal's certificate for hosts could not be made", e);
        }
    }

    @Override
    public TrustManager[] trustManagers() {
        return new TrustManager[] {new AnyHolderOfItsKey()};
    }

    @Override
    public Optional<HostPrincipal> identify(X509Certificate certificate) {
        Instant now = clock.instant();
        Optional<HostCertificates.Known> known = certificates.find(certificate);
        if (known.isEmpty()) {
            return refused(
                    "unknown", certificate, authority.signed(certificate) ? "signed here, not on record" : "foreign");
        }
        HostCertificates.Known host = known.get();
        if (host.revokedAt() != null) {
            return refused("revoked", certificate, host.hostName());
        }
        if (now.isAfter(host.notAfter())
                || now.isAfter(certificate.getNotAfter().toInstant())) {
            return refused("expired", certificate, host.hostName());
        }
        return Optional.of(new HostPrincipal(host.hostId(), host.hostName()));
    }

    private Optional<HostPrincipal> refused(String why, X509Certificate certificate, String whose) {
        String fingerprint = HexFormat.of().formatHex(HostCertificates.fingerprint(certificate));
        log.warn("A host certificate was refused: {} ({}), sha256 {}", why, whose, fingerprint);
        if (firstLately(why + fingerprint)) {
            audit.record(
                    "host.certificate-refused",
                    "host",
                    whose,
                    Map.of(
                            "why", why,
                            "sha256", fingerprint,
                            "subject", certificate.getSubjectX500Principal().getName()),
                    sourceIp());
        }
        return Optional.empty();
    }

    private synchronized boolean firstLately(String what) {
        Instant now = clock.instant();
        Instant before = audited.get(what);
        if (before != null && now.isBefore(before.plus(AUDIT_AGAIN))) {
            return false;
        }
        audited.put(what, now);
        return true;
    }

    private static @org.jspecify.annotations.Nullable String sourceIp() {
        return RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes web
                ? web.getRequest().getRemoteAddr()
                : null;
    }

    /** Lets the handshake pass for {@link #identify} to decide. */
    private record AnyHolderOfItsKey() implements X509TrustManager {

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {
            // Decided per request, by fingerprint.
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType)
                throws java.security.cert.CertificateException {
            throw new java.security.cert.CertificateException("The agents' port is no client");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            // None named: a host then presents whatever it has, and a wrong certificate is refused by name.
            return new X509Certificate[0];
        }
    }
}
