package cloud.freehold.agent.dataplane;

import static cloud.freehold.agent.Objects.full;
import static cloud.freehold.agent.Objects.id;
import static cloud.freehold.agent.Objects.network;
import static cloud.freehold.agent.Objects.overTunnels;
import static cloud.freehold.agent.dataplane.Layouts.UPLINK_STATUS;
import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.agent.Objects;
import cloud.freehold.agent.Waiting;
import cloud.freehold.agent.desired.Desired;
import cloud.freehold.api.Problem;
import cloud.freehold.api.desired.DesiredNic;
import cloud.freehold.api.desired.DesiredRemoteNic;
import cloud.freehold.api.desired.DesiredUplink;
import cloud.freehold.api.observed.RuleHits;
import cloud.freehold.testing.TwoHosts;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two real dataplanes in two network namespaces with a wire between them are told by desired state alone of each other's
 * NICs, and find each other's tunnel end. The portal's tests make sure that it tells two hosts what {@link TwoHosts} holds;
 * here packets cross by it.
 */
@Tag("integration")
class TunnelIntegrationTest {
    private static final Path BUILD = Path.of(System.getProperty("freehold.repository"), "native/target/build");
    private static final CtlLibrary LIBRARY =
            CtlLibrary.load(BUILD.resolve("ctl/libfreeholdctl.so").toString());
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private final List<Process> processes = new ArrayList<>();
    private final List<Dataplane> told = new ArrayList<>();

    @AfterEach
    void stop() throws InterruptedException {
        told.forEach(Dataplane::close);
        Collections.reverse(processes);
        for (var process : processes) {
            process.destroyForcibly().waitFor();
        }
    }

    private long start(String... command) throws IOException {
        var whole = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL"));
        whole.addAll(List.of(command));
        var process = new ProcessBuilder(whole).inheritIO().start();
        processes.add(process);
        return process.pid();
    }

    private static boolean ran(String... command) {
        try {
            return new ProcessBuilder(command).start().waitFor() == 0;
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void run(String... command) {
        assertThat(ran(command)).as(String.join(" ", command)).isTrue();
    }

    private static void await(String what, BooleanSupplier condition) {
        Waiting.await(what, SOON, condition);
    }

    private static String namespace(long pid) {
        return "/proc/" + pid + "/ns/net";
    }

    /** A process that holds a network namespace of its own. */
    private long holder() throws Exception {
        var ours = Files.readSymbolicLink(Path.of("/proc/self/ns/net"));
        long pid = start("unshare", "--net", "sleep", "600");
        await("a namespace", () -> {
            try {
                return !Files.readSymbolicLink(Path.of(namespace(pid))).equals(ours);
            } catch (IOException e) {
                return false;
            }
        });
        return pid;
    }

    /** Joins the two namespaces' devices of these names. */
    private static void wire(long one, String device, long two, String other) {
        run(("ip link add " + device + " netns " + one + " type veth peer name " + other + " netns " + two).split(" "));
    }

    private Path startDataplane(long holder, String device) throws Exception {
        run("nsenter", "--net=" + namespace(holder), "ip", "link", "set", device, "up");
        var state = Files.createDirectory(directory.resolve(device + "-" + holder));
        var socket = directory.resolve(device + "-" + holder + ".sock");
        start(
                "nsenter",
                "--net=" + namespace(holder),
                BUILD.resolve("dataplane/freehold-dataplane").toString(),
                "--control",
                socket.toString(),
                "--state",
                state.toString(),
                "--uplink",
                device + ":af_packet");
        await("the dataplane " + device, () -> Files.exists(socket));
        return socket;
    }

    private static Desired desired(String device, String own, String remote, String tunnel) {
        return Desired.NOTHING
                .with(full(
                        3,
                        overTunnels(network(2)),
                        new DesiredUplink(id("uplink"), 1, device, 0, 0, own + "/24", null, null),
                        new DesiredRemoteNic(
                                id(remote),
                                3,
                                Objects.TENANT,
                                id("network"),
                                "0a:58:00:00:00:02",
                                List.of("10.0.0.6"),
                                tunnel)))
                .orElseThrow();
    }

    private void tell(Path socket, Desired desired) throws InterruptedException {
        var seen = new Applied();
        var dataplane = new Dataplane(
                        () -> CtlLink.open(LIBRARY, socket.toString()), directory, seen, Clock.systemUTC())
                .start();
        told.add(dataplane);
        dataplane.want(desired);
        assertThat(seen.revisions.poll(SOON.toSeconds(), TimeUnit.SECONDS))
                .as("applied")
                .isEqualTo(desired.revision());
    }

    private static int neighbours(Path socket) {
        var ctl = new PointerByReference();
        assertThat(LIBRARY.fh_ctl_open(socket.toString(), 2_000, ctl)).isZero();
        try {
            var status = Encoder.zeroed(UPLINK_STATUS.size());
            status.setInt(UPLINK_STATUS.at("struct_size"), UPLINK_STATUS.size());
            var count = new IntByReference();
            assertThat(LIBRARY.fh_ctl_uplinks(ctl.getValue(), 2_000, new LongByReference(), status, 1, count))
                    .isZero();
            assertThat(count.getValue()).isEqualTo(1);
            return status.getInt(UPLINK_STATUS.at("neighbours_resolved"));
        } finally {
            LIBRARY.fh_ctl_close(ctl.getValue());
        }
    }

    @Test
    void eachFindsTheOthersTunnelEnd() throws Exception {
        long one = holder();
        long two = holder();
        wire(one, "upa", two, "upb");
        var a = startDataplane(one, "upa");
        var b = startDataplane(two, "upb");
        tell(a, desired("upa", "192.0.2.1", "db", "192.0.2.2"));
        assertThat(neighbours(a)).as("nobody has this tunnel end yet").isZero();
        tell(b, desired("upb", "192.0.2.2", "web", "192.0.2.1"));
        await("the first knows the way to the second", () -> neighbours(a) == 1);
        await("the second knows the way to the first", () -> neighbours(b) == 1);
    }

    @Test
    void packetsCrossByWhatThePortalTellsTwoHosts() throws Exception {
        long one = holder();
        long two = holder();
        wire(one, "eth1", two, "eth1");
        var states = TwoHosts.states();
        var web = states.get(0).nics().get(0);
        var db = states.get(1).nics().get(0);
        tell(startDataplane(one, "eth1"), Desired.NOTHING.with(states.get(0)).orElseThrow());
        tell(startDataplane(two, "eth1"), Desired.NOTHING.with(states.get(1)).orElseThrow());
        start(Stream.of(
                        List.of(BUILD.resolve("tests/system/crossing").toString()),
                        end(web),
                        end(db),
                        List.of(Integer.toString(TwoHosts.OPEN_PORT)))
                .flatMap(List::stream)
                .toArray(String[]::new));
        var crossing = processes.get(processes.size() - 1);
        assertThat(crossing.waitFor(2 * SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(crossing.exitValue()).as("its standard error says why").isZero();
    }

    private List<String> end(DesiredNic nic) {
        return List.of(
                VhostSockets.of(directory, nic.id()).toString(),
                nic.mac(),
                nic.addresses().get(0));
    }

    private static final class Applied implements DataplaneListener {
        final BlockingQueue<Long> revisions = new LinkedBlockingQueue<>();

        @Override
        public void applied(UUID epoch, long revision, Instant enforcedAt, Map<UUID, NicApplied> nics) {
            revisions.add(revision);
        }

        @Override
        public void ports(List<NicCounters> ports) {}

        @Override
        public void drops(List<DropEvent> dropped) {}

        @Override
        public void ruleHits(List<RuleHits> cumulative) {}

        @Override
        public void dataplane(String version, Problem problem) {}
    }
}
