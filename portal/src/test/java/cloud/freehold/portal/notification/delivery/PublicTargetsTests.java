package cloud.freehold.portal.notification.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PublicTargetsTests {

    private final PublicTargets guarded = new PublicTargets(false);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.9.9.9",
                "0.0.0.0",
                "10.1.2.3",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.1.1",
                "169.254.169.254",
                "100.64.0.1",
                "100.127.255.255",
                "192.0.0.1",
                "192.0.2.1",
                "198.18.0.1",
                "198.51.100.1",
                "203.0.113.1",
                "224.0.0.1",
                "240.0.0.1",
                "255.255.255.255",
                "::1",
                "::",
                "fe80::1",
                "fec0::1",
                "fc00::1",
                "fd12:3456::1",
                "ff02::1",
                "::ffff:10.0.0.1",
                "::ffff:127.0.0.1",
                "64:ff9b::a00:1",
                "2002:a00:1::",
                "2001::1",
                "2001:db8::1",
                "::7f00:1"
            })
    void innerAddressesAreRefused(String address) throws UnknownHostException {
        assertThat(PublicTargets.isPublic(InetAddress.getByName(address))).isFalse();
        assertThatThrownBy(() -> guarded.resolve(address)).isInstanceOf(UnknownHostException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1.1.1.1",
                "8.8.8.8",
                "172.32.0.1",
                "100.128.0.1",
                "198.20.0.1",
                "2606:4700::1111",
                "2a00:1450::1"
            })
    void publicOnesPass(String address) throws UnknownHostException {
        assertThat(PublicTargets.isPublic(InetAddress.getByName(address))).isTrue();
        assertThat(guarded.resolve(address)).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "a.localhost",
                "db.internal",
                "printer.local",
                "127.1",
                "2130706433",
                "[::1]",
                "10.0.0.1"
            })
    void innerNamesAreRefusedAtOnce(String name) {
        assertThat(guarded.mayName(name)).isFalse();
    }

    @Test
    void nameThatLeadsInsideIsRefusedWhenItIsConnectedTo() {
        assertThat(guarded.mayName("hooks.example.com")).isTrue();
        assertThatThrownBy(() -> guarded.resolve("localhost")).isInstanceOf(UnknownHostException.class);
    }

    @Test
    void providerMayAllowThem() throws UnknownHostException {
        PublicTargets open = new PublicTargets(true);
        assertThat(open.mayName("localhost")).isTrue();
        assertThat(open.resolve("127.0.0.1")).hasSize(1);
    }
}
