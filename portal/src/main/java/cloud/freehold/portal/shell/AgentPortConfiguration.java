package cloud.freehold.portal.shell;

import cloud.freehold.portal.common.AgentGate;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.preauth.AbstractPreAuthenticatedProcessingFilter;

/** Opens the agents' port and its own security: certificate in, no session, no form token, nothing but {@code /agent/v1}. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(AgentPortProperties.class)
class AgentPortConfiguration {

    @Bean
    AgentPorts agentPorts(AgentPortProperties properties, ObjectProvider<AgentGate> gate) {
        AgentGate present = gate.getIfAvailable();
        return new AgentPorts(properties.port() < 0 || present == null ? null : new AgentPort(properties, present));
    }

    @Bean
    WebServerFactoryCustomizer<TomcatServletWebServerFactory> agentConnector(AgentPorts ports) {
        return factory -> ports.ifOpen(port -> factory.addAdditionalConnectors(port.connector()));
    }

    @Bean
    @Order(1)
    SecurityFilterChain agentChain(
            HttpSecurity http, AgentPorts ports, ObjectProvider<AgentGate> gate, ProblemWriter problems) {
        return http.securityMatcher(ports::concerns)
                .authorizeHttpRequests(requests -> requests.requestMatchers(ports::outOfPlace)
                        .denyAll()
                        .requestMatchers(AgentGate.ENROLMENT_PATH, "/error")
                        .permitAll()
                        .requestMatchers("/agent/v1/**")
                        .authenticated()
                        .anyRequest()
                        .denyAll())
                .addFilterAt(
                        new HostCertificateFilter(gate::getIfAvailable), AbstractPreAuthenticatedProcessingFilter.class)
                .exceptionHandling(handling -> handling.authenticationEntryPoint((request, response, refused) ->
                                problems.write(request, response, AgentPorts.refusal(ports.outOfPlace(request))))
                        .accessDeniedHandler(
                                (request, response, refused) -> problems.write(request, response, Problems.http(404))))
                .sessionManagement(session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
                .csrf(csrf -> csrf.disable())
                .requestCache(cache -> cache.disable())
                .logout(logout -> logout.disable())
                .build();
    }

    /** Tells requests of hosts from all others by the port that they came in on. */
    static final class AgentPorts {

        private final @Nullable AgentPort port;

        AgentPorts(@Nullable AgentPort port) {
            this.port = port;
        }

        void ifOpen(java.util.function.Consumer<AgentPort> action) {
            if (port != null) {
                action.accept(port);
            }
        }

        boolean concerns(jakarta.servlet.http.HttpServletRequest request) {
            return isOnAgentPort(request) || isAgentPath(request);
        }

        /** A host's path on the public port, or a page on the agents' port. */
        boolean outOfPlace(jakarta.servlet.http.HttpServletRequest request) {
            return isOnAgentPort(request) != isAgentPath(request)
                    && request.getDispatcherType() != jakarta.servlet.DispatcherType.ERROR;
        }

        static Problem refusal(boolean outOfPlace) {
            return outOfPlace
                    ? Problems.http(404)
                    : new Problem(
                            401,
                            "host.certificate",
                            "No valid host certificate",
                            "Connect with the certificate that the host got at its enrolment, or enrol it again.");
        }

        private boolean isOnAgentPort(jakarta.servlet.http.HttpServletRequest request) {
            return AgentPort.isAgentPort(port, request.getLocalPort());
        }

        private static boolean isAgentPath(jakarta.servlet.http.HttpServletRequest request) {
            return request.getServletPath().startsWith("/agent/");
        }
    }
}
