package cloud.freehold.portal.hostlink;

import cloud.freehold.testing.FakeHost;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import org.apache.catalina.connector.Connector;
import org.springframework.boot.tomcat.TomcatWebServer;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.ApplicationContext;

/** Hosts that connect to the portal under test over real mutual TLS. */
public final class TestHosts {

    private final HostEnrolment enrolment;
    private final URI portal;

    public TestHosts(ApplicationContext context) {
        this.enrolment = context.getBean(HostEnrolment.class);
        TomcatWebServer server = (TomcatWebServer) ((ServletWebServerApplicationContext) context).getWebServer();
        int port = Arrays.stream(server.getTomcat().getService().findConnectors())
                .filter(Connector::getSecure)
                .mapToInt(Connector::getLocalPort)
                .findFirst()
                .orElseThrow();
        this.portal = URI.create("https://localhost:" + port);
    }

    public FakeHost enrol(String name) {
        try {
            return FakeHost.enrol(portal, trusted(), enrolment.issueToken(name), name);
        } catch (IOException e) {
            throw new AssertionError("the host could not enrol", e);
        }
    }

    public URI portal() {
        return portal;
    }

    public List<X509Certificate> trusted() {
        try {
            return List.of((X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(
                            enrolment.authorityCertificate().getBytes(StandardCharsets.US_ASCII))));
        } catch (CertificateException e) {
            throw new AssertionError(e);
        }
    }
}
