package cloud.freehold.agent.backup;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.api.command.HostCommand.DrillPoint.Check;
import cloud.freehold.api.desired.DesiredNetwork;
import cloud.freehold.api.desired.DesiredNic;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A network with two ends and nothing else: the throwaway VM with the address that its original has, and the host's kernel with the gateway's, which hands that
 * address out and looks whether a service answers. It is a network namespace of its own, which vanishes with the process that it was made for.
 */
final class DrillNetwork {
    private static final String DEVICE = "fh0";
    private static final String NOBODY = "nobody";
    /** All that the server of addresses needs, which a hostile guest talks to. */
    private static final String SERVER_CAPABILITIES = "-all,+net_bind_service,+net_raw";

    private final String gateway;
    private final int prefix;
    private final String address;
    private final String mac;

    private DrillNetwork(String gateway, int prefix, String address, String mac) {
        this.gateway = gateway;
        this.prefix = prefix;
        this.address = address;
        this.mac = mac;
    }

    /** Empty: the NIC has no IPv4 address in any of its network's subnets. */
    static Optional<DrillNetwork> of(DesiredNic nic, DesiredNetwork network) {
        for (var subnet : network.subnets()) {
            if (subnet.cidr().contains(":") || subnet.gateway() == null) {
                continue;
            }
            int prefix = Integer.parseInt(subnet.cidr().replaceFirst(".*/", ""));
            for (var address : nic.addresses()) {
                if (!address.contains(":")) {
                    return Optional.of(new DrillNetwork(subnet.gateway(), prefix, address, nic.mac()));
                }
            }
        }
        return Optional.empty();
    }

    /** What QEMU is to be started in. */
    List<String> prefix(AgentConfig config, ThrowawayVm vm) throws IOException {
        var settings = vm.file("udhcpd.conf");
        Files.writeString(
                settings,
                String.join(
                        "\n",
                        "interface " + DEVICE,
                        "start " + address,
                        "end " + address,
                        "lease_file " + vm.file("leases"),
                        "pidfile " + vm.file("udhcpd.pid"),
                        "option subnet " + mask(prefix),
                        "option router " + gateway,
                        "option lease 86400",
                        ""));
        var script =
                "ip link set lo up && ip tuntap add dev $1 mode tap user $2 && ip addr add $3 dev $1 && ip link set $1 up &&"
                        + " { setpriv --reuid $2 --regid $2 --clear-groups --no-new-privs --inh-caps $5 --ambient-caps $5 --bounding-set $5"
                        + " busybox udhcpd -f -S $4 </dev/null >/dev/null 2>&1 & } && shift 5 && exec \"$@\"";
        return List.of(
                "setpriv",
                "--pdeathsig",
                "KILL",
                "unshare",
                "--net",
                "--pid",
                "--fork",
                "--kill-child=KILL",
                "sh",
                "-c",
                script,
                "drill",
                DEVICE,
                config.qemuUser(),
                gateway + "/" + prefix,
                settings.toString(),
                SERVER_CAPABILITIES);
    }

    private static String mask(int prefix) {
        long mask = prefix == 0 ? 0 : 0xffffffffL << 32 - prefix & 0xffffffffL;
        return (mask >> 24) + "." + (mask >> 16 & 255) + "." + (mask >> 8 & 255) + "." + (mask & 255);
    }

    List<String> devices() {
        return List.of(
                "-netdev",
                "tap,id=net,ifname=" + DEVICE + ",script=no,downscript=no",
                "-device",
                "virtio-net-pci,netdev=net,mac=" + mac);
    }

    String address() {
        return address;
    }

    /** Whether the service answers, asked from the other end; a few seconds at the most. */
    boolean answers(long pid, Check check) throws IOException, InterruptedException {
        var namespace = namespace(pid);
        if (namespace.isEmpty()) {
            return false;
        }
        var command = new ArrayList<>(List.of(
                "nsenter",
                "--net=" + namespace.get(),
                "setpriv",
                "--reuid",
                NOBODY,
                "--clear-groups",
                "--no-new-privs"));
        if (check.path() == null) {
            command.addAll(List.of("timeout", "4", "bash", "-c", ": </dev/tcp/" + address + "/" + check.port()));
        } else {
            command.addAll(List.of(
                    "curl",
                    "--disable",
                    "--noproxy",
                    "*",
                    "--proto",
                    "=http",
                    "--silent",
                    "--fail",
                    "--output",
                    "/dev/null",
                    "--max-time",
                    "5",
                    "--max-filesize",
                    "16777216",
                    "--globoff",
                    "http://" + address + ":" + check.port() + check.path()));
        }
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectInput(Path.of("/dev/null").toFile())
                .start();
        try {
            return process.waitFor(8, TimeUnit.SECONDS) && process.exitValue() == 0;
        } finally {
            process.destroyForcibly();
        }
    }

    /** Of the process that was started in it, or of its child. */
    private static Optional<Path> namespace(long pid) {
        var own = Path.of("/proc/self/ns/net");
        return ProcessHandle.of(pid)
                .flatMap(parent -> java.util.stream.Stream.concat(
                                parent.descendants(), java.util.stream.Stream.of(parent))
                        .map(process -> Path.of("/proc/" + process.pid() + "/ns/net"))
                        .filter(path -> isOther(path, own))
                        .findFirst());
    }

    private static boolean isOther(Path path, Path own) {
        try {
            return !Files.readSymbolicLink(path).equals(Files.readSymbolicLink(own));
        } catch (IOException e) {
            return false;
        }
    }
}
