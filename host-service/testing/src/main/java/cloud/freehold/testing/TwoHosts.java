package cloud.freehold.testing;

import cloud.freehold.api.desired.DesiredState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * What the portal tells two hosts whose VMs share a network: {@code web} on the first, {@code db} on the second, which lets
 * anybody in on one TCP port. The portal's tests compare what it serves with this, the agent's tests feed this to agents: so
 * neither can drift from the other.
 */
public final class TwoHosts {

    /** Of db. */
    public static final int OPEN_PORT = 443;

    private static final Pattern ID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    private static final Pattern REVISION = Pattern.compile("(?<name>\"[a-z]*[rR]evision\"\\s*:\\s*)[0-9]+");
    private static final Pattern TIME = Pattern.compile("\"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[^\"]*Z\"");

    private TwoHosts() {}

    /** Full states, the first host's first. */
    public static List<DesiredState> states() {
        return List.of(Wire.JSON.readValue(text(), DesiredState[].class));
    }

    public static String text() {
        try (var in = TwoHosts.class.getResourceAsStream("two-hosts.json")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * What two hosts were told, in the form of {@link #text}: ids are numbered in their order, revisions and times are always
     * the same ones.
     */
    public static String normalised(String toldOne, String toldTwo) {
        Map<String, String> ids = new LinkedHashMap<>();
        List<JsonNode> told = new ArrayList<>();
        for (String text : List.of(toldOne, toldTwo)) {
            String plain = ID.matcher(text)
                    .replaceAll(id -> ids.computeIfAbsent(
                            id.group(), any -> String.format("00000000-0000-4000-8000-%012d", ids.size() + 1)));
            plain = REVISION.matcher(plain).replaceAll("${name}3");
            told.add(Wire.JSON.readTree(TIME.matcher(plain).replaceAll("\"2026-01-01T00:00:00Z\"")));
        }
        return Wire.JSON.writerWithDefaultPrettyPrinter().writeValueAsString(told) + "\n";
    }
}
