package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.CommandHandler;
import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.MonitorSocket;
import cloud.freehold.agent.storage.StorageException;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.CommandResult.DrillDone;
import cloud.freehold.api.command.HostCommand.DrillPoint;
import cloud.freehold.api.desired.DesiredImage.Role;
import cloud.freehold.api.desired.DesiredVm;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tries out whether a point can be lived from: boots it in a {@link ThrowawayVm} without a way out, looks for a sign of life, takes a picture of its screen. That
 * there is none is what a drill is there to find, and no failure of the order.
 */
final class DrillHandler implements CommandHandler<DrillPoint> {
    private static final Logger LOG = LoggerFactory.getLogger(DrillHandler.class);
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final Duration LOOK = Duration.ofMillis(500);
    private static final Duration TO_CLEAN_UP = Duration.ofSeconds(10);
    private static final int MOST_PICTURE_BYTES = 2 << 20;
    private static final long RESERVE_MIB = 512;
    private static final String AGENT = "agent";
    private static final String MONITOR = "monitor";

    private final BackupHost host;

    DrillHandler(BackupHost host) {
        this.host = host;
    }

    @Override
    public Class<DrillPoint> type() {
        return DrillPoint.class;
    }

    @Override
    public Set<UUID> exclusive(DrillPoint command) {
        return Set.of(command.id());
    }

    @Override
    public Outcome carryOut(DrillPoint command, Order order)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        var like = host.desired().get().vms().get(command.like());
        if (like == null) {
            throw new OrderFailure(
                    ProblemCode.NOT_THERE, "The VM whose size and image the drill takes is not on this host any more.");
        }
        checkMemory(like);
        return KilledException.<Outcome, OrderFailure>onceMore(order, () -> tryOut(command, order, like));
    }

    private Outcome tryOut(DrillPoint command, Order order, DesiredVm like)
            throws OrderFailure, IOException, InterruptedException {
        long began = System.nanoTime();
        order.progress(5, "preparing a throwaway VM");
        var job = StoreJob.of("serve", command.id(), command.tenantId(), command.store(), order.input());
        try (var vm = ThrowawayVm.prepare(host.config(), job, command.volumes());
                var over = order.whenOver(vm::close)) {
            var network = network(command);
            vm.start(host.config(), shape(like, vm, network), command.volumes().size());
            vm.awaitUp(MONITOR);
            long booted = System.nanoTime();
            order.progress(30, "booting");
            boolean lives = lives(command, order, vm, network);
            long now = System.nanoTime();
            var result = new DrillDone(
                    lives,
                    Duration.ofNanos(now - began).toMillis(),
                    Duration.ofNanos(now - booted).toMillis(),
                    check(command, lives),
                    picture(vm));
            return new Outcome(lives ? "the point came to life" : "no sign of life was found", result);
        }
    }

    private static void checkMemory(DesiredVm like) throws OrderFailure, IOException {
        for (var line : Files.readAllLines(java.nio.file.Path.of("/proc/meminfo"))) {
            if (line.startsWith("MemAvailable:")
                    && Long.parseLong(line.replaceAll("\\D", "")) / 1024 < like.memoryMib() + RESERVE_MIB) {
                throw new OrderFailure(
                        ProblemCode.HOST_CAPACITY,
                        "The host has not enough memory free for the throwaway VM. Repeat the drill later.");
            }
        }
    }

    /** For a service that is to be asked; the guest agent needs none. */
    private Optional<DrillNetwork> network(DrillPoint command) throws OrderFailure {
        if (command.check() == null) {
            return Optional.empty();
        }
        var desired = host.desired().get();
        var network = desired.nicsOf(command.like()).stream()
                .filter(nic -> desired.networks().containsKey(nic.networkId()))
                .flatMap(nic -> DrillNetwork.of(nic, desired.networks().get(nic.networkId())).stream())
                .findFirst();
        if (network.isEmpty()) {
            throw new OrderFailure(
                    ProblemCode.WRONG_STATE,
                    "The VM has no network interface with an IPv4 address, so no service of it can be asked. Let the drill look for the"
                            + " guest agent instead.");
        }
        return network;
    }

    private ThrowawayVm.Shape shape(DesiredVm like, ThrowawayVm vm, Optional<DrillNetwork> network)
            throws OrderFailure, IOException {
        var more = new ArrayList<>(List.of("-device", "VGA", "-device", "virtio-rng-pci"));
        more.addAll(vm.port(AGENT, "org.qemu.guest_agent.0"));
        more.addAll(List.of(
                "-chardev",
                "socket,id=" + MONITOR + ",server=on,wait=off,path="
                        + vm.file(MONITOR).toString().replace(",", ",,"),
                "-mon",
                "chardev=" + MONITOR + ",mode=control"));
        network.ifPresent(one -> more.addAll(one.devices()));
        boolean kvm = host.kvm().getAsBoolean();
        try {
            var commandLine = like.image() == null || like.image().commandLine() == null
                    ? ""
                    : like.image().commandLine();
            return new ThrowawayVm.Shape(
                    kvm,
                    like.vcpus(),
                    like.memoryMib(),
                    host.files()
                            .copy(like.image(), Role.KERNEL, vm.file("kernel"))
                            .orElse(null),
                    host.files()
                            .copy(like.image(), Role.INITRD, vm.file("initrd"))
                            .orElse(null),
                    // On the screen, too, of which a picture is taken.
                    "console=tty0 " + commandLine + (kvm ? "" : " no_timer_check"),
                    network.isPresent() ? network.get().prefix(host.config(), vm) : List.of(),
                    more);
        } catch (StorageException e) {
            throw new OrderFailure(e.code(), e.forTenant(), e);
        }
    }

    private boolean lives(DrillPoint command, Order order, ThrowawayVm vm, Optional<DrillNetwork> network)
            throws OrderFailure, IOException, InterruptedException {
        var left = order.left().minus(TO_CLEAN_UP);
        long end = System.nanoTime() + (left.compareTo(PATIENCE) < 0 ? left : PATIENCE).toNanos();
        while (System.nanoTime() < end && vm.runs()) {
            boolean now = network.isPresent()
                    ? network.get().answers(vm.pid(), command.check())
                    : GuestPing.answers(vm.file(AGENT));
            if (now) {
                return true;
            }
            order.pause(LOOK);
        }
        return false;
    }

    private static String check(DrillPoint command, boolean passed) {
        var check = command.check();
        if (check == null) {
            return passed ? "The guest agent answered." : "The guest agent did not answer.";
        }
        var what = check.path() == null
                ? "TCP port " + check.port()
                : "HTTP on port " + check.port() + ", " + check.path() + ",";
        return what + (passed ? " answered." : " did not answer.");
    }

    /** Null: there is none. */
    private static String picture(ThrowawayVm vm) {
        try (var monitor = MonitorSocket.open(vm.file(MONITOR))) {
            var file = vm.beside("screen");
            monitor.ask("screendump", Map.of("filename", file.toString(), "format", "png"));
            try (var in = Files.newInputStream(file)) {
                var bytes = in.readNBytes(MOST_PICTURE_BYTES + 1);
                return bytes.length > MOST_PICTURE_BYTES
                        ? null
                        : Base64.getEncoder().encodeToString(bytes);
            }
        } catch (HypervisorException | IOException e) {
            LOG.info("No picture of the screen: {}", e.getMessage());
            return null;
        }
    }
}
