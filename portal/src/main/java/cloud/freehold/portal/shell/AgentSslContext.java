package cloud.freehold.portal.shell;

import cloud.freehold.portal.common.AgentGate;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;
import org.apache.tomcat.util.net.SSLContext;
import org.jspecify.annotations.Nullable;

/** Lets Tomcat use the gate's own key and trust managers instead of key store files. */
final class AgentSslContext implements SSLContext {

    private final AgentGate gate;
    private final javax.net.ssl.SSLContext context;

    AgentSslContext(AgentGate gate) {
        this.gate = gate;
        try {
            this.context = javax.net.ssl.SSLContext.getInstance("TLS");
            this.context.init(gate.keyManagers(), gate.trustManagers(), null);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("The agents' port cannot use its certificate", e);
        }
    }

    @Override
    public void init(KeyManager[] keys, TrustManager[] trust, @Nullable SecureRandom random) {
        // The gate's managers are in place since construction; Tomcat has none of its own to add.
    }

    @Override
    public void destroy() {
        // Holds nothing that must be released.
    }

    @Override
    public SSLSessionContext getServerSessionContext() {
        return context.getServerSessionContext();
    }

    @Override
    public SSLEngine createSSLEngine() {
        return context.createSSLEngine();
    }

    @Override
    public SSLServerSocketFactory getServerSocketFactory() {
        return context.getServerSocketFactory();
    }

    @Override
    public SSLParameters getSupportedSSLParameters() {
        return context.getSupportedSSLParameters();
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
        return Arrays.stream(gate.keyManagers())
                .filter(X509KeyManager.class::isInstance)
                .map(manager -> ((X509KeyManager) manager).getCertificateChain(alias))
                .findFirst()
                .orElse(null);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return Arrays.stream(gate.trustManagers())
                .filter(X509TrustManager.class::isInstance)
                .flatMap(manager -> Arrays.stream(((X509TrustManager) manager).getAcceptedIssuers()))
                .toArray(X509Certificate[]::new);
    }
}
