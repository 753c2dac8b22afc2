package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.common.Json;
import cloud.freehold.agent.libvirt.Hypervisor;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.api.desired.DesiredVolume;
import cloud.freehold.api.observed.ObservedVm.GuestDisk;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * How a Linux guest uses its disks: read from its /sys by the guest agent's file commands. A guest whose agent may not read files does not tell. What it
 * says is its own word.
 */
final class GuestDisks {
    private static final int MOST_QUEUES = 16;
    private static final int MOST_BYTES = 256;
    private static final Pattern CHOSEN = Pattern.compile("\\[([a-z0-9-]{1,20})\\]");

    private final Hypervisor hypervisor;
    private final UUID vm;

    GuestDisks(Hypervisor hypervisor, UUID vm) {
        this.hypervisor = hypervisor;
        this.vm = vm;
    }

    /**
     * @return null: the guest does not let itself be asked
     * @throws HypervisorException its agent is not there, or busy
     */
    List<GuestDisk> ask(List<DesiredVolume> volumes) throws HypervisorException {
        var disks = new ArrayList<GuestDisk>();
        for (var volume : volumes) {
            var device = "vd" + (char) ('a' + volume.index());
            var place = "/sys/block/" + device + "/";
            if (read(place + "serial")
                    .filter(DomainFactory.serial(volume.id())::equals)
                    .isPresent()) {
                disks.add(new GuestDisk(
                        volume.id(),
                        device,
                        read(place + "queue/scheduler").map(GuestDisks::chosen).orElse(null),
                        read(place + "queue/rotational").map("1"::equals).orElse(null),
                        read(place + "queue/max_sectors_kb")
                                .map(GuestDisks::kibibytes)
                                .orElse(null),
                        queues(place + "mq/")));
            }
        }
        return disks.isEmpty() ? null : List.copyOf(disks);
    }

    /** "mq-deadline [none]", or the only one there is. */
    static String chosen(String schedulers) {
        var matcher = CHOSEN.matcher(schedulers);
        if (matcher.find()) {
            return matcher.group(1);
        }
        return schedulers.matches("[a-z0-9-]{1,20}") ? schedulers : null;
    }

    private static Long kibibytes(String text) {
        return text.matches("[0-9]{1,9}") ? Long.valueOf(Long.parseLong(text) << 10) : null;
    }

    private Integer queues(String place) throws HypervisorException {
        int count = 0;
        while (count < MOST_QUEUES && read(place + count + "/cpu_list").isPresent()) {
            count++;
        }
        return count == 0 ? null : count;
    }

    private Optional<String> read(String path) throws HypervisorException {
        var handle = answer("guest-file-open", Map.of("path", path, "mode", "r"));
        if (handle.isEmpty()) {
            return Optional.empty();
        }
        try {
            return answer("guest-file-read", Map.of("handle", handle.get().asLong(), "count", MOST_BYTES))
                    .map(read -> read.path("buf-b64").asString(""))
                    .map(GuestDisks::decoded);
        } finally {
            answer("guest-file-close", Map.of("handle", handle.get().asLong()));
        }
    }

    private static String decoded(String base64) {
        try {
            return new String(Base64.getDecoder().decode(base64), StandardCharsets.ISO_8859_1).strip();
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    /** Empty: the guest refused. */
    private Optional<JsonNode> answer(String command, Map<String, ?> arguments) throws HypervisorException {
        try {
            var question = Json.MAPPER.writeValueAsString(Map.of("execute", command, "arguments", arguments));
            return Optional.of(
                    Json.MAPPER.readTree(hypervisor.askAgent(vm, question)).path("return"));
        } catch (JacksonException e) {
            return Optional.empty();
        } catch (HypervisorException e) {
            if (e.kind() == HypervisorException.Kind.REFUSED) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
