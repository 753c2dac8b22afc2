package cloud.freehold.agent.it;

import cloud.freehold.agent.Waiting;
import cloud.freehold.testing.FakePortal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A whole host for tests: libvirtd of its own, the real dataplane, the agent as a process that can be killed. */
final class Rig implements AutoCloseable {
    private static final Path REPOSITORY = Path.of(System.getProperty("freehold.repository"));
    static final Path NATIVE = Path.of(System.getProperty(
            "freehold.native", REPOSITORY.resolve("native/target/build").toString()));

    static final Path STORE = Path.of(System.getProperty(
            "freehold.store", NATIVE.resolve("store/freehold-store").toString()));

    /** Whom the store's program runs as, and whose stores are: one that Debian has, who may read nothing of the host's own. */
    static final String STORE_USER = "backup";

    final Path directory;
    final FakePortal portal;
    final Guest guest;
    /** What only root may read, as all is in a clone below root's home. */
    private final Path helper;

    private final Path storeProgram;
    private final String storePriority;
    private Process libvirtd;
    private Process dataplane;
    private Process agent;

    Rig() throws IOException {
        // A busy machine would not let the store's program come to its turn.
        this("normal");
    }

    /** @param storePriority as the agent's setting of that name */
    Rig(String storePriority) throws IOException {
        this.storePriority = storePriority;
        directory = ownDirectory();
        // QEMU runs as another user.
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
        // The repository may lie where its user does not come.
        storeProgram = directory.resolve("freehold-store");
        if (Files.exists(STORE)) {
            Files.copy(STORE, storeProgram);
            Files.setPosixFilePermissions(storeProgram, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        portal = FakePortal.start();
        guest = Guest.find(REPOSITORY);
        guest.offer(portal);
        startLibvirtd();
        startDataplane();
        Files.writeString(directory.resolve("token"), portal.newToken("rig"));
        Files.writeString(directory.resolve("ca.pem"), portal.authorityPem());
        helper = Files.createDirectory(
                directory.resolve("helper"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        for (var file : List.of("vmlinuz", "helper.img")) {
            Files.createSymbolicLink(helper.resolve(file), guest.directory().resolve(file));
        }
        Files.writeString(directory.resolve("agent.properties"), settings());
        startAgent();
    }

    /** Where the launcher removes what is left, also after a kill; a path of the system's choice without it. */
    private static Path ownDirectory() throws IOException {
        var home = System.getenv("FREEHOLD_HOME");
        var instance = System.getenv("FREEHOLD_INSTANCE");
        return home == null || instance == null
                ? Files.createTempDirectory("fh-agent-")
                : Files.createDirectory(Path.of(home, instance, "it"));
    }

    private void startLibvirtd() throws IOException {
        var script = directory.resolve("private-libvirtd.sh");
        try (var in = Rig.class.getResourceAsStream("/private-libvirtd.sh")) {
            Files.copy(in, script);
        }
        libvirtd = start(
                "libvirtd-rig",
                List.of(
                        "setpriv",
                        "--pdeathsig",
                        "KILL",
                        "unshare",
                        "--mount",
                        "--propagation",
                        "private",
                        "--pid",
                        "--fork",
                        "--kill-child",
                        "--mount-proc",
                        "bash",
                        script.toString(),
                        directory.toString()));
        await("libvirtd", Duration.ofMinutes(2), () -> Files.exists(libvirtSocket()));
    }

    private Path libvirtSocket() {
        return directory.resolve("libvirt_run_libvirt/libvirt-sock");
    }

    void killLibvirtd() throws IOException {
        Files.createFile(directory.resolve("kill"));
        await("libvirtd's end", Duration.ofMinutes(1), () -> !Files.exists(directory.resolve("kill")));
    }

    /** It answers nothing until {@link #thawLibvirtd}. */
    void freezeLibvirtd() throws IOException {
        Files.createFile(directory.resolve("stop"));
    }

    void thawLibvirtd() throws IOException {
        Files.deleteIfExists(directory.resolve("stop"));
    }

    /** What a test left dead lives again. */
    void heal() throws IOException {
        thawLibvirtd();
        if (!dataplane.isAlive()) {
            startDataplane();
        }
        if (!agent.isAlive()) {
            startAgent();
        }
    }

    void startDataplane() throws IOException {
        Files.deleteIfExists(directory.resolve("dataplane.sock"));
        Files.createDirectories(directory.resolve("dataplane"));
        dataplane = start(
                "dataplane",
                List.of(
                        "setpriv",
                        "--pdeathsig",
                        "KILL",
                        NATIVE.resolve("dataplane/freehold-dataplane").toString(),
                        "--control",
                        directory.resolve("dataplane.sock").toString(),
                        "--state",
                        directory.resolve("dataplane").toString()));
        await("the dataplane", Duration.ofMinutes(2), () -> Files.exists(directory.resolve("dataplane.sock")));
    }

    void killDataplane() {
        kill(dataplane);
    }

    /** As after a reboot of the host. */
    void forgetDataplaneState() throws IOException {
        deleteTree(directory.resolve("dataplane"));
    }

    /** The program that reads for a backup or writes for a restore. */
    void killStore() {
        kill("store program", storePrograms());
    }

    Stream<ProcessHandle> storePrograms() {
        return processes(line -> line.startsWith(storeProgram.toString()))
                .filter(process -> agent.descendants().anyMatch(process::equals));
    }

    /** Which a VM that is restored live reads from. */
    void killPointServer() {
        kill("nbdkit", pointServers());
    }

    Stream<ProcessHandle> pointServers() {
        return processes(line -> line.startsWith("nbdkit") && line.contains(directory.toString()));
    }

    /** Which looks into points. */
    Stream<ProcessHandle> helperGuests() {
        return processes(line -> line.contains("qemu-system") && line.contains(directory + "/vms/.work/"));
    }

    void killQemu(UUID vm) {
        kill("QEMU of " + vm, qemu(vm));
    }

    private static void kill(String what, Stream<ProcessHandle> processes) {
        processes
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + what + " runs"))
                .destroyForcibly();
    }

    /** Frozen: neither the guest nor the monitor answers. */
    void stopQemu(UUID vm) {
        try {
            new ProcessBuilder(
                            "kill",
                            "-STOP",
                            Long.toString(qemu(vm).findFirst().orElseThrow().pid()))
                    .start()
                    .waitFor();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    Stream<ProcessHandle> qemu(UUID vm) {
        return processes(
                line -> line.contains("qemu-system") && line.contains("guest=") && line.contains(vm.toString()));
    }

    /** Of the one that runs now; it sees folders of its own. */
    long libvirtdPid() {
        return libvirtd.descendants()
                .filter(process -> commandLine(process).startsWith("libvirtd"))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no libvirtd runs"))
                .pid();
    }

    ProcessHandle agent() {
        return agent.toHandle();
    }

    private static Stream<ProcessHandle> processes(Predicate<String> commandLine) {
        return ProcessHandle.allProcesses().filter(process -> commandLine.test(commandLine(process)));
    }

    private static String commandLine(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
        } catch (IOException e) {
            return "";
        }
    }

    /** How it is connected to. */
    private String libvirt() {
        return "qemu+unix:///system?socket=" + libvirtSocket();
    }

    String virsh(String... arguments) throws IOException {
        var command = new ArrayList<>(List.of("timeout", "20", "virsh", "-q", "-c", libvirt()));
        command.addAll(List.of(arguments));
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    /** Starts a shell command in the guest, through its agent. */
    void inGuest(UUID vm, String command) throws IOException {
        var request = "{\"execute\":\"guest-exec\",\"arguments\":{\"path\":\"/bin/sh\",\"arg\":[\"-c\",\"%s\"]}}"
                .formatted(command);
        var answer = virsh("qemu-agent-command", "--timeout", "15", vm.toString(), request);
        if (!answer.contains("\"pid\"")) {
            throw new AssertionError("the guest did not run " + command + ": " + answer);
        }
    }

    private String settings() {
        return String.join(
                "\n",
                "freehold.agent.portal-url=" + portal.url(),
                "freehold.agent.host-name=rig",
                "freehold.agent.instance=it" + ProcessHandle.current().pid(),
                "freehold.agent.state-dir=" + directory.resolve("agent"),
                "freehold.agent.vms-dir=" + directory.resolve("vms"),
                "freehold.agent.sockets-dir=" + directory.resolve("ports"),
                "freehold.agent.token-file=" + directory.resolve("token"),
                "freehold.agent.ca-file=" + directory.resolve("ca.pem"),
                "freehold.agent.libvirt-uri=" + libvirt(),
                "freehold.agent.dataplane-socket=" + directory.resolve("dataplane.sock"),
                "freehold.agent.ctl-library=" + NATIVE.resolve("ctl/libfreeholdctl.so"),
                "freehold.agent.accelerator=tcg",
                "freehold.agent.store-program=" + storeProgram,
                "freehold.agent.store-user=" + STORE_USER,
                "freehold.agent.store-priority=" + storePriority,
                "freehold.agent.store-plugin=" + STORE.resolveSibling("freehold-store-plugin.so"),
                "freehold.agent.helper-dir=" + helper,
                "freehold.agent.pools=other=" + directory.resolve("other-pool"),
                "freehold.agent.shutdown-grace-seconds=20",
                "");
    }

    void startAgent() throws IOException {
        agent = start(
                "agent",
                List.of(
                        "setpriv",
                        "--pdeathsig",
                        "KILL",
                        "java",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xmx128m",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        "cloud.freehold.agent.AgentMain",
                        directory.resolve("agent.properties").toString()));
    }

    void killAgent() {
        kill(agent);
    }

    /** What the VM wrote to its console. */
    String console(UUID vm) {
        var log = directory.resolve("vms").resolve(vm.toString()).resolve("console.log");
        try {
            return Files.exists(log) ? Files.readString(log, StandardCharsets.ISO_8859_1) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Process start(String name, List<String> command) throws IOException {
        var log = directory.resolve(name + ".log").toFile();
        return new ProcessBuilder(new ArrayList<>(command))
                .redirectErrorStream(true)
                .redirectInput(new java.io.File("/dev/null"))
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
                .start();
    }

    private static void kill(Process process) {
        if (process != null) {
            process.destroyForcibly();
            try {
                process.waitFor(10, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    static void await(String what, Duration atMost, BooleanSupplier condition) {
        Waiting.await(what, atMost, condition);
    }

    /** What agent, dataplane and libvirtd said, for a failure's message. */
    String logs() {
        var text = new StringBuilder();
        for (var name : List.of("agent", "dataplane", "libvirtd", "libvirtd-rig")) {
            text.append("--- ").append(name).append('\n').append(log(name));
        }
        return text.toString();
    }

    private String log(String name) {
        try {
            return Files.readString(directory.resolve(name + ".log"));
        } catch (IOException e) {
            return "(" + e.getMessage() + ")\n";
        }
    }

    @Override
    public void close() throws IOException {
        kill(agent);
        kill(libvirtd);
        kill(dataplane);
        portal.close();
        if (System.getProperty("freehold.keep") == null) {
            deleteTree(directory);
        }
    }

    private static void deleteTree(Path root) throws IOException {
        try (var files = Files.walk(root)) {
            for (var file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
