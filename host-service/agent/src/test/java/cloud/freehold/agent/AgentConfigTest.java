package cloud.freehold.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.api.observed.HostFacts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentConfigTest {
    @TempDir
    Path directory;

    private static Properties properties(String... pairs) {
        var properties = new Properties();
        properties.setProperty("freehold.agent.portal-url", "https://portal:8443");
        for (int i = 0; i < pairs.length; i += 2) {
            properties.setProperty("freehold.agent." + pairs[i], pairs[i + 1]);
        }
        return properties;
    }

    @Test
    void systemPropertiesWinOverTheFile() throws Exception {
        var file = Files.writeString(
                directory.resolve("agent.properties"),
                "freehold.agent.portal-url=https://file:1\nfreehold.agent.instance=demo\n");
        var config = AgentConfig.load(Optional.of(file), properties());
        assertThat(config.portalUrl()).hasToString("https://portal:8443");
        assertThat(config.instance()).isEqualTo("demo");
        assertThat(config.vmsDir()).isEqualTo(config.stateDir().resolveSibling("vms"));
    }

    @ParameterizedTest
    @CsvSource({
        "portal-url, http://portal, must start with https",
        "accelerator, xen, must be kvm",
        "instance, Über uns, lower-case letters",
        "instance, ../x, lower-case letters",
        "tunnel-device, eth1, neither",
        "memory-mib, -1, positive whole number",
        "shutdown-grace-seconds, soon, positive whole number"
    })
    void whatMakesNoSenseIsSaid(String name, String value, String message) {
        assertThatThrownBy(() -> AgentConfig.of(properties(name, value)))
                .isInstanceOf(AgentConfig.InvalidConfig.class)
                .hasMessageContaining("freehold.agent." + name)
                .hasMessageContaining(message);
    }

    @Test
    void aTunnelNeedsAnAddressThatMakesSense() {
        var tunnel = AgentConfig.of(properties(
                        "tunnel-device", "eth1", "tunnel-address", "192.0.2.1/24", "tunnel-gateway", "192.0.2.254"))
                .tunnel();
        assertThat(tunnel).contains(new HostFacts.Tunnel("eth1", "192.0.2.1/24", "192.0.2.254", 0));
        assertThat(AgentConfig.of(properties()).tunnel()).isEmpty();
        for (var wrong : List.of("192.0.2.1", "192.0.2.256/24", "192.0.2.1/31", "fd00::1/64", "eth1")) {
            assertThatThrownBy(() -> AgentConfig.of(properties("tunnel-device", "eth1", "tunnel-address", wrong)))
                    .isInstanceOf(AgentConfig.InvalidConfig.class)
                    .hasMessageContaining("length of its prefix");
        }
        assertThatThrownBy(() -> AgentConfig.of(
                        properties("tunnel-device", "eth1", "tunnel-address", "192.0.2.1/24", "tunnel-vlan", "4095")))
                .hasMessageContaining("1 to 4094");
    }

    @Test
    void theAddressOfThePortalIsNeeded() {
        assertThatThrownBy(() -> AgentConfig.of(new Properties())).hasMessageContaining("freehold.agent.portal-url");
    }
}
