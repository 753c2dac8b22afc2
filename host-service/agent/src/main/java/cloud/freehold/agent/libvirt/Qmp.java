package cloud.freehold.agent.libvirt;

import cloud.freehold.agent.common.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** QMP's messages. */
final class Qmp {

    /** @param id null: none */
    static String message(String command, Map<String, ?> arguments, String id) {
        var message = new LinkedHashMap<String, Object>();
        message.put("execute", command);
        if (arguments != null) {
            message.put("arguments", arguments);
        }
        if (id != null) {
            message.put("id", id);
        }
        return Json.MAPPER.writeValueAsString(message);
    }

    static JsonNode result(JsonNode answer, String command) throws HypervisorException {
        if (answer.has("error")) {
            throw new HypervisorException(
                    HypervisorException.Kind.REFUSED,
                    "QEMU refused " + command + ": "
                            + answer.path("error").path("desc").asString(""));
        }
        return answer.path("return");
    }

    private Qmp() {}
}
