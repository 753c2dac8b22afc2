package cloud.freehold.agent;

import java.io.IOException;
import java.util.Optional;
import java.util.Properties;

/** What an agent needs that asks no portal, and runs its tools as whoever runs the tests. */
public final class TestConfig {

    private TestConfig() {}

    public static AgentConfig load() throws IOException {
        var properties = new Properties();
        properties.setProperty("freehold.agent.portal-url", "https://localhost");
        properties.setProperty("freehold.agent.qemu-user", System.getProperty("user.name"));
        return AgentConfig.load(Optional.empty(), properties);
    }
}
