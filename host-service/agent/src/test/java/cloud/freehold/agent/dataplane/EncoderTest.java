package cloud.freehold.agent.dataplane;

import static cloud.freehold.agent.Objects.group;
import static cloud.freehold.agent.Objects.id;
import static cloud.freehold.agent.Objects.nic;
import static cloud.freehold.agent.Objects.rule;
import static cloud.freehold.agent.dataplane.Layouts.ADDR;
import static cloud.freehold.agent.dataplane.Layouts.GROUP;
import static cloud.freehold.agent.dataplane.Layouts.PORT;
import static cloud.freehold.agent.dataplane.Layouts.RULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.agent.Objects;
import cloud.freehold.api.desired.DesiredNic;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collections;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EncoderTest {
    @Test
    void writesIdsInNetworkOrder() {
        var memory = Encoder.id(UUID.fromString("01020304-0506-0708-090a-0b0c0d0e0f10"));
        assertThat(memory.getByteArray(0, 16)).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
    }

    @Test
    void writesPorts() {
        var port = Encoder.port(new Change.PutNic(nic("nic", "vm", 9), "web", Path.of("/run/x.sock")));
        assertThat(port.getInt(PORT.at("struct_size"))).isEqualTo(PORT.size());
        assertThat(port.getLong(PORT.at("generation"))).isEqualTo(9);
        assertThat(port.getString(PORT.at("socket_path"))).isEqualTo("/run/x.sock");
        assertThat(port.getString(PORT.at("hostname"))).isEqualTo("web");
        assertThat(port.getByteArray(PORT.at("mac"), 6)).containsExactly(0x0a, 0x58, 0, 0, 0, 1);
        assertThat(port.getInt(PORT.at("n_addrs"))).isEqualTo(3);
        assertThat(port.getByteArray(PORT.at("addrs"), 8)).containsExactly(4, 32, 0, 0, 10, 0, 0, 5);
        long second = PORT.at("addrs") + ADDR.size();
        assertThat(port.getByteArray(second, 8)).containsExactly(6, 128, 0, 0, 0x20, 0x01, 0x0d, (byte) 0xb8);
        long third = second + ADDR.size();
        assertThat(port.getByteArray(third, 8)).containsExactly(4, 24, 0, 0, 10, 9, 0, 0);
    }

    @Test
    void writesRulesWithWhatIsNotSaidAsAny() {
        var encoded = Encoder.group(group(3, rule("ssh", Objects.MEMBERS)));
        assertThat(encoded.memory().getInt(GROUP.at("n_rules"))).isEqualTo(1);
        assertThat(encoded.memory().getInt(GROUP.at("rule_size"))).isEqualTo(RULE.size());
        assertThat(encoded.memory().getPointer(GROUP.at("rules")))
                .isEqualTo(encoded.pointedTo().share(0));
        var rule = encoded.pointedTo();
        assertThat(rule.getShort(RULE.at("protocol"))).isEqualTo((short) 6);
        assertThat(rule.getShort(RULE.at("port_min"))).isEqualTo((short) 22);
        assertThat(rule.getShort(RULE.at("icmp_type")) & 0xffff).isEqualTo(0xffff);
        assertThat(rule.getByte(RULE.at("remote"))).isEqualTo((byte) 2);
        assertThat(rule.getByteArray(RULE.at("set"), 16))
                .isEqualTo(Encoder.id(id("group")).getByteArray(0, 16));
    }

    @Test
    void timesAreNanosecondsAndZeroMeansNone() {
        assertThat(Encoder.nanos(null)).isZero();
        assertThat(Encoder.nanos(Instant.EPOCH)).isEqualTo(1);
        assertThat(Encoder.nanos(Instant.parse("2026-01-01T00:00:00.5Z"))).isEqualTo(1_767_225_600_500_000_000L);
        assertThat(Encoder.nanos(Instant.MAX)).isEqualTo(Long.MAX_VALUE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "localhost",
                "10.0.0",
                "10.0.0.1/33",
                "10.0.0.1/-1",
                "2001:db8::/129",
                "1.2.3.4/x",
                "::1%eth0"
            })
    void whatIsNoAddressIsRefused(String text) {
        assertThatThrownBy(() -> IpPrefix.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void limitsAreSaid() {
        var nic = nic("nic", "vm", 1);
        var tooMany = new DesiredNic(
                nic.id(),
                1,
                nic.tenantId(),
                nic.vmId(),
                nic.networkId(),
                0,
                nic.mac(),
                Collections.nCopies(40, "10.0.0.1"),
                null,
                true,
                1,
                1,
                4096,
                86400,
                null);
        assertThatThrownBy(() -> Encoder.port(new Change.PutNic(tooMany, "", Path.of("/x"))))
                .hasMessageContaining("at most 32");
    }
}
