package cloud.freehold.e2e;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A demo guest, asked through its QEMU guest agent: the way in does not use the network that is under test.
 *
 * @param vm the VM's id, which is the libvirt domain's too
 */
record Guest(String name, UUID vm) {

    private static final JsonMapper JSON = JsonMapper.shared();
    private static final Duration CALL = Duration.ofSeconds(20);
    static final Duration CONNECT = Duration.ofMillis(1500);

    record Result(int exitCode, String output) {}

    /** Runs a shell command in the guest to its end. */
    Result run(String command, Duration atMost) {
        var arguments = JSON.createObjectNode().put("path", "/bin/sh").put("capture-output", true);
        arguments.putArray("arg").add("-c").add(command);
        int pid = ask("guest-exec", arguments).path("pid").asInt();
        JsonNode status = Await.until(
                name + ": " + command,
                atMost,
                () -> ask("guest-exec-status", JSON.createObjectNode().put("pid", pid)),
                answer -> answer.path("exited").asBoolean());
        byte[] output = Base64.getDecoder().decode(status.path("out-data").asString(""));
        return new Result(status.path("exitcode").asInt(-1), new String(output, StandardCharsets.UTF_8).strip());
    }

    String output(String command) {
        return run(command, CALL).output();
    }

    /** "connected 3 ms", or why not: "timed out", "refused", ... */
    String connect(String address, int port) {
        return output("fhprobe connect %s %d %d".formatted(address, port, CONNECT.toMillis()));
    }

    String udp(String address, int port) {
        return output("fhprobe udp %s %d %d".formatted(address, port, CONNECT.toMillis()));
    }

    boolean reaches(String address, int port) {
        return connect(address, port).startsWith("connected ");
    }

    /** A connection that sends a line every 20 ms from now on. */
    Transfer transfer(String address, int port) {
        return Transfer.start(this, address, port);
    }

    String ipv4() {
        return address("ip -4 -o addr show eth0 scope global");
    }

    String ipv6() {
        return address("ip -6 -o addr show eth0 scope global");
    }

    String mac() {
        return output("cat /sys/class/net/eth0/address");
    }

    /** How many seconds the guest has been up: grows as long as it is not restarted. */
    double uptime() {
        return Double.parseDouble(output("cut -d' ' -f1 /proc/uptime"));
    }

    boolean answers() {
        try {
            ask("guest-ping", JSON.createObjectNode());
            return true;
        } catch (IllegalStateException e) {
            return false;
        }
    }

    private String address(String command) {
        return Await.until(
                name + " has an address",
                Duration.ofSeconds(30),
                () -> output(command + " | awk '{split($4, a, \"/\"); print a[1]; exit}'"),
                text -> !text.isEmpty());
    }

    private JsonNode ask(String command, JsonNode arguments) {
        var request = JSON.createObjectNode().put("execute", command);
        request.set("arguments", arguments);
        String answer = Command.run(
                CALL,
                List.of(
                                "virsh",
                                "-q",
                                "-c",
                                Instance.libvirtUri(),
                                "qemu-agent-command",
                                "--timeout",
                                "15",
                                vm.toString(),
                                request.toString())
                        .toArray(String[]::new));
        return JSON.readTree(answer).path("return");
    }
}
