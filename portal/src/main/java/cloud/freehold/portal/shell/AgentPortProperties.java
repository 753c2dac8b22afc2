package cloud.freehold.portal.shell;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * @param port where hosts connect; 0 takes a free one, without the property the port stays closed
 * @param address on which of the machine's addresses
 * @param threads at the same time; a waiting long-poll holds none
 */
@ConfigurationProperties("freehold.agent")
record AgentPortProperties(
        @DefaultValue("-1") int port,
        @DefaultValue("127.0.0.1") String address,
        @DefaultValue("50") int threads) {}
