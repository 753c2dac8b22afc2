package cloud.freehold.portal.shell;

import cloud.freehold.portal.common.AgentGate;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.apache.catalina.connector.Connector;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.apache.tomcat.util.net.SSLHostConfig.CertificateVerification;
import org.apache.tomcat.util.net.SSLHostConfigCertificate;
import org.jspecify.annotations.Nullable;

/** The second port of the same server, on which hosts connect with their certificates. */
final class AgentPort {

    private final Connector connector;

    AgentPort(AgentPortProperties properties, AgentGate gate) {
        Connector tls = new Connector(Http11NioProtocol.class.getName());
        tls.setPort(properties.port());
        tls.setScheme("https");
        tls.setSecure(true);
        Http11NioProtocol protocol = (Http11NioProtocol) tls.getProtocolHandler();
        protocol.setAddress(address(properties.address()));
        protocol.setSSLEnabled(true);
        protocol.setMaxThreads(properties.threads());
        protocol.setConnectionTimeout(20_000);
        protocol.addSslHostConfig(hostConfig(gate));
        this.connector = tls;
    }

    private static SSLHostConfig hostConfig(AgentGate gate) {
        SSLHostConfig host = new SSLHostConfig();
        host.setProtocols("TLSv1.3");
        // "Optional", because a host that enrols has no certificate yet; AgentSecurity demands one everywhere else.
        host.setCertificateVerification(CertificateVerification.OPTIONAL.name());
        SSLHostConfigCertificate certificate =
                new SSLHostConfigCertificate(host, SSLHostConfigCertificate.Type.UNDEFINED);
        certificate.setSslContext(new AgentSslContext(gate));
        host.addCertificate(certificate);
        return host;
    }

    private static InetAddress address(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(
                    "freehold.agent.address is \"" + text + "\"; give an IP address of this machine.", e);
        }
    }

    Connector connector() {
        return connector;
    }

    /** Whether a request that came in on this local port came from a host. */
    static boolean isAgentPort(@Nullable AgentPort port, int localPort) {
        return port != null && port.connector.getLocalPort() == localPort;
    }
}
