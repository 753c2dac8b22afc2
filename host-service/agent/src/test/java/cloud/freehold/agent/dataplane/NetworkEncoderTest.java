package cloud.freehold.agent.dataplane;

import static cloud.freehold.agent.Objects.id;
import static cloud.freehold.agent.Objects.nic;
import static cloud.freehold.agent.dataplane.Layouts.ADDR;
import static cloud.freehold.agent.dataplane.Layouts.ID;
import static cloud.freehold.agent.dataplane.Layouts.PORT;
import static cloud.freehold.agent.dataplane.Layouts.PUBLIC;
import static cloud.freehold.agent.dataplane.Layouts.REMOTE_PORT;
import static cloud.freehold.agent.dataplane.Layouts.ROUTE;
import static cloud.freehold.agent.dataplane.Layouts.ROUTER;
import static cloud.freehold.agent.dataplane.Layouts.SEGMENT;
import static cloud.freehold.agent.dataplane.Layouts.UPLINK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.agent.Objects;
import cloud.freehold.api.desired.DesiredNic;
import cloud.freehold.api.desired.DesiredNic.PublicAddress;
import cloud.freehold.api.desired.DesiredRouter;
import com.sun.jna.Pointer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class NetworkEncoderTest {
    private static byte[] bytes(UUID id) {
        return Encoder.id(id).getByteArray(0, 16);
    }

    private static byte[] bytes(Pointer from, long offset) {
        return from.getByteArray(offset, 16);
    }

    @Test
    void aNetworkOfThisHostHasATenantAndNoTransport() {
        var segment = NetworkEncoder.segment(Objects.network(3));
        assertThat(segment.getInt(SEGMENT.at("struct_size"))).isEqualTo(SEGMENT.size());
        assertThat(bytes(segment, SEGMENT.at("tenant"))).isEqualTo(bytes(Objects.TENANT));
        assertThat(segment.getShort(SEGMENT.at("transport"))).isZero();
        assertThat(segment.getShort(SEGMENT.at("flags"))).isZero();
    }

    @Test
    void anExternalNetworkHasATransportAndNoTenant() {
        var segment = NetworkEncoder.segment(Objects.external(3));
        assertThat(bytes(segment, SEGMENT.at("tenant"))).containsOnly(0);
        assertThat(bytes(segment, SEGMENT.at("uplink"))).isEqualTo(bytes(id("uplink")));
        assertThat(segment.getShort(SEGMENT.at("transport"))).isEqualTo((short) 2);
        assertThat(segment.getShort(SEGMENT.at("vlan"))).isEqualTo((short) 50);
        assertThat(segment.getShort(SEGMENT.at("flags"))).isEqualTo((short) 1);
    }

    @Test
    void writesRouters() {
        var router = NetworkEncoder.router(Objects.router(4));
        assertThat(router.getInt(ROUTER.at("struct_size"))).isEqualTo(ROUTER.size());
        assertThat(router.getLong(ROUTER.at("generation"))).isEqualTo(4);
        assertThat(router.getInt(ROUTER.at("n_segments"))).isEqualTo(2);
        assertThat(bytes(router, ROUTER.at("segments") + ID.size())).isEqualTo(bytes(id("other network")));
        assertThat(router.getInt(ROUTER.at("n_routes"))).isEqualTo(2);
        long second = ROUTER.at("routes") + (long) ROUTE.size();
        assertThat(router.getByteArray(second + ROUTE.at("prefix"), 2)).containsExactly(6, 0);
        assertThat(router.getByteArray(second + ROUTE.at("via"), 5)).containsExactly(6, (byte) 128, 0, 0, (byte) 0xfd);
        assertThat(bytes(router, ROUTER.at("external"))).isEqualTo(bytes(id("external")));
        var many = new DesiredRouter(
                id("router"), 1, Objects.TENANT, Collections.nCopies(33, id("network")), List.of(), null);
        assertThatThrownBy(() -> NetworkEncoder.router(many)).hasMessageContaining("at most 32");
    }

    @Test
    void writesUplinks() {
        var uplink = NetworkEncoder.uplink(Objects.uplink(5));
        assertThat(uplink.getString(UPLINK.at("device"))).isEqualTo("eth1");
        assertThat(uplink.getInt(UPLINK.at("mtu"))).isEqualTo(9000);
        assertThat(uplink.getShort(UPLINK.at("vlan"))).isEqualTo((short) 7);
        assertThat(uplink.getByteArray(UPLINK.at("address"), 8)).containsExactly(4, 24, 0, 0, (byte) 192, 0, 2, 1);
        assertThat(uplink.getByteArray(UPLINK.at("gateway"), 8))
                .containsExactly(4, 32, 0, 0, (byte) 192, 0, 2, (byte) 254);
        assertThat(uplink.getByteArray(UPLINK.at("mac"), 6)).containsExactly(0x0a, 0x58, 0, 0, 1, 1);
    }

    @Test
    void writesRemoteNics() {
        var remote = NetworkEncoder.remoteNic(Objects.remoteNic(6));
        assertThat(bytes(remote, REMOTE_PORT.at("segment"))).isEqualTo(bytes(id("network")));
        assertThat(remote.getByteArray(REMOTE_PORT.at("tunnel"), 8)).containsExactly(4, 32, 0, 0, (byte) 192, 0, 2, 2);
        assertThat(remote.getInt(REMOTE_PORT.at("n_addrs"))).isEqualTo(2);
        assertThat(remote.getByte(REMOTE_PORT.at("addrs") + ADDR.size())).isEqualTo((byte) 6);
    }

    @Test
    void writesPublicAddresses() {
        var port = Encoder.port(new Change.PutNic(
                known(
                        new PublicAddress("198.51.100.20", "10.0.0.5", 0, 0),
                        new PublicAddress("198.51.100.10", null, 2048, 3071)),
                "web",
                Path.of("/x")));
        assertThat(port.getInt(PORT.at("n_public"))).isEqualTo(2);
        long floating = PORT.at("public_");
        assertThat(port.getInt(floating + PUBLIC.at("kind"))).isEqualTo(1);
        assertThat(port.getByteArray(floating + PUBLIC.at("address"), 8))
                .containsExactly(4, 32, 0, 0, (byte) 198, 51, 100, 20);
        assertThat(port.getByteArray(floating + PUBLIC.at("inside"), 8)).containsExactly(4, 32, 0, 0, 10, 0, 0, 5);
        long shared = floating + PUBLIC.size();
        assertThat(port.getInt(shared + PUBLIC.at("kind"))).isEqualTo(2);
        assertThat(port.getShort(shared + PUBLIC.at("port_min"))).isEqualTo((short) 2048);
        assertThat(port.getShort(shared + PUBLIC.at("port_max"))).isEqualTo((short) 3071);
        assertThat(port.getByte(shared + PUBLIC.at("inside"))).isZero();
    }

    private static DesiredNic known(PublicAddress... addresses) {
        var nic = nic("nic", "vm", 1);
        return new DesiredNic(
                nic.id(),
                1,
                nic.tenantId(),
                nic.vmId(),
                nic.networkId(),
                0,
                nic.mac(),
                nic.addresses(),
                null,
                true,
                1,
                1,
                4096,
                86400,
                List.of(),
                List.of(addresses));
    }
}
