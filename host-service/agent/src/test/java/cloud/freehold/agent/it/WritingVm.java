package cloud.freehold.agent.it;

import cloud.freehold.agent.common.Json;
import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.desired.DesiredImage;
import cloud.freehold.api.desired.DesiredVolume;
import cloud.freehold.api.desired.PowerState;
import cloud.freehold.api.observed.ObservedVm;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/** A VM with two disks, a file system on the first and nothing on the second; its writer fills both. */
final class WritingVm implements AutoCloseable {
    static final Duration BOOT = Duration.ofMinutes(4);
    static final long BOOT_BYTES = 64L << 20;
    static final long DATA_BYTES = 32L << 20;
    private static final int NIC_NUMBER = 10;

    final Tenant tenant = new Tenant();
    final UUID id = UUID.randomUUID();
    final UUID boot = UUID.randomUUID();
    final UUID data = UUID.randomUUID();
    private final UUID nic = UUID.randomUUID();
    final Acknowledgements acknowledged;
    private final Rig rig;
    private final DesiredImage image;
    private List<DesiredVolume> volumes;

    WritingVm(Rig rig) throws IOException {
        this(rig, DATA_BYTES);
    }

    /** @param dataBytes of the second disk */
    WritingVm(Rig rig, long dataBytes) throws IOException {
        this(rig, DesiredVolume.Origin.IMAGE, DesiredVolume.Origin.BLANK, dataBytes);
        awaitGuest(0);
    }

    /** Whose volumes come from somewhere; not waited for. */
    WritingVm(Rig rig, DesiredVolume.Origin bootFrom, DesiredVolume.Origin dataFrom) throws IOException {
        this(rig, bootFrom, dataFrom, DATA_BYTES);
    }

    private WritingVm(Rig rig, DesiredVolume.Origin bootFrom, DesiredVolume.Origin dataFrom, long dataBytes)
            throws IOException {
        this.rig = rig;
        this.image = rig.guest.image();
        this.volumes = List.of(
                new DesiredVolume(boot, "boot", 0, BOOT_BYTES, bootFrom, null),
                new DesiredVolume(data, "data", 1, dataBytes, dataFrom, null));
        this.acknowledged = new Acknowledgements(
                rig.directory.resolve("vms").resolve(id.toString()).resolve("console.log"));
        power(PowerState.RUNNING);
    }

    void power(PowerState power) {
        rig.portal.publish(
                revision -> List.of(tenant.vm(id, revision, power, image, volumes.toArray(DesiredVolume[]::new))));
    }

    /** Changes the VM that runs. */
    void volumes(DesiredVolume... now) {
        volumes = List.of(now);
        power(PowerState.RUNNING);
    }

    List<DesiredVolume> volumes() {
        return volumes;
    }

    /** @param report only those from this one on count */
    ObservedVm awaitGuest(int report) {
        return awaitFrom(report, vm -> vm.state() == ObservedVm.State.RUNNING && vm.guest() != null, BOOT);
    }

    /** Switches off by the guest, as a tenant does. */
    void stop() {
        int from = rig.portal.reports().size();
        power(PowerState.STOPPED);
        awaitFrom(from, vm -> vm.state() == ObservedVm.State.STOPPED, BOOT);
    }

    void start() {
        int from = rig.portal.reports().size();
        power(PowerState.RUNNING);
        awaitGuest(from);
    }

    ObservedVm await(Predicate<ObservedVm> condition, Duration atMost) {
        return awaitFrom(0, condition, atMost);
    }

    ObservedVm awaitFrom(int report, Predicate<ObservedVm> condition, Duration atMost) {
        Predicate<ObservedVm> isIt = vm -> vm.id().equals(id) && condition.test(vm);
        return rig.portal.awaitReport(report, one -> one.vms().stream().anyMatch(isIt), atMost).vms().stream()
                .filter(isIt)
                .findFirst()
                .orElseThrow();
    }

    /** Goes on after what an earlier writer wrote; leaves the guest time for other things. */
    void startWriting() throws IOException {
        startWriting(20);
    }

    /** As quickly as it can: no barrier comes by itself. */
    void startWritingWithoutPause() throws IOException {
        startWriting(0);
    }

    private void startWriting(int pauseMillis) throws IOException {
        stopWriting();
        var began = Instant.now();
        run("setsid fhwriter write " + pauseMillis + " /srv/records /dev/vdb >/dev/ttyS0 2>&1 </dev/null &");
        Rig.await("the writer's first records", BOOT, () -> acknowledged.since(began) >= 5);
    }

    void stopWriting() throws IOException {
        say("killall fhwriter 2>/dev/null; while pidof fhwriter; do sleep 0.1; done; sync");
    }

    /** Runs in the guest; what it says is lost. */
    void run(String script) throws IOException {
        exec(script);
    }

    /** Waits for the agent: a guest that has just been started is not up yet. */
    private long exec(String script) {
        var arguments = Map.of("path", "/bin/sh", "arg", List.of("-c", script), "capture-output", true);
        var said = new AtomicReference<JsonNode>();
        Rig.await("the guest's agent", BOOT, () -> {
            said.set(agent("guest-exec", arguments));
            return said.get().has("pid");
        });
        return said.get().path("pid").asLong();
    }

    /** Runs in the guest, to its end. */
    String say(String script) throws IOException {
        long pid = exec(script);
        var answer = new AtomicReference<JsonNode>();
        Rig.await(script, BOOT, () -> {
            answer.set(agent("guest-exec-status", Map.of("pid", pid)));
            return answer.get().path("exited").asBoolean(false);
        });
        return new String(
                        Base64.getDecoder().decode(answer.get().path("out-data").asString("")), StandardCharsets.UTF_8)
                .strip();
    }

    /** Missing: it does not answer. */
    private JsonNode agent(String command, Map<String, ?> arguments) {
        try {
            var question = Json.MAPPER.writeValueAsString(Map.of("execute", command, "arguments", arguments));
            return Json.MAPPER
                    .readTree(rig.virsh("qemu-agent-command", id.toString(), question))
                    .path("return");
        } catch (JacksonException e) {
            return MissingNode.getInstance();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** How much later it is by the guest's clock than by this machine's; as exactly as half the quickest answer takes. */
    Duration clockAhead() {
        var ahead = Duration.ZERO;
        var quickest = BOOT;
        for (int i = 0; i < 10; i++) {
            var asked = Instant.now();
            long nanos = agent("guest-get-time", Map.of()).asLong(0);
            var took = Duration.between(asked, Instant.now());
            if (nanos != 0 && took.compareTo(quickest) < 0) {
                quickest = took;
                ahead = Duration.between(asked.plus(took.dividedBy(2)), Instant.EPOCH.plusNanos(nanos));
            }
        }
        return ahead;
    }

    /** Of a volume. */
    Path file(UUID volume) {
        return rig.directory.resolve("vms").resolve(id.toString()).resolve(volume + ".qcow2");
    }

    String freezeStatus() throws IOException {
        return rig.virsh("qemu-agent-command", id.toString(), "{\"execute\":\"guest-fsfreeze-status\"}");
    }

    /** The agent's line is away for a moment when libvirtd has just come back. */
    void awaitThawed() {
        Rig.await(
                "a guest that is not frozen",
                BOOT,
                () -> agent("guest-fsfreeze-status", Map.of()).asString("").equals("thawed"));
    }

    String state() throws IOException {
        return rig.virsh("domstate", id.toString()).strip();
    }

    /** QEMU's own answer. */
    String monitor(String command) throws IOException {
        return rig.virsh("qemu-monitor-command", id.toString(), "{\"execute\":\"" + command + "\"}");
    }

    /** Plugs a NIC, if it has none yet. Returns when its guest has an address. */
    void joinNetwork() {
        int from = rig.portal.reports().size();
        rig.portal.publish(revision ->
                List.of(tenant.network(revision), tenant.group(revision), tenant.nic(nic, id, revision, NIC_NUMBER)));
        awaitFrom(from, this::isOnTheNetwork, BOOT);
    }

    private boolean isOnTheNetwork(ObservedVm vm) {
        return vm.guest() != null && vm.guest().addresses().contains("10.1.0." + NIC_NUMBER);
    }

    void remove() {
        int from = rig.portal.reports().size();
        rig.portal.remove(new ObjectRef(ObjectKind.VM, id));
        awaitFrom(from, vm -> vm.state() == ObservedVm.State.DELETED, BOOT);
    }

    @Override
    public void close() {
        acknowledged.close();
        remove();
    }
}
