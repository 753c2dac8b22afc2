package cloud.freehold.e2e;

import com.microsoft.playwright.APIResponse;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.RequestOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** acme's API, asked as a program would over a portal that comes and goes: again, with one key, until there is an answer. */
final class Api {

    private static final JsonMapper JSON = JsonMapper.shared();
    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private static final String BASE = "/api/v1/tenants/acme";
    private static final int SERVER_ERRORS = 500;

    private final Page page;

    Api(Page page) {
        this.page = page;
    }

    JsonNode get(String path) {
        return JSON.readTree(bytes(path));
    }

    byte[] bytes(String path) {
        return answered("GET " + path, () -> page.request().get(BASE + path));
    }

    /** The operation that it began. */
    UUID begin(String path, Map<String, ?> body) {
        String key = UUID.randomUUID().toString();
        byte[] answer = answered("POST " + path, () -> page.request().post(BASE + path, signed(body, key)));
        return UUID.fromString(JSON.readTree(answer).path("id").asString());
    }

    void delete(String path) {
        answered("DELETE " + path, () -> page.request().delete(BASE + path, signed(Map.of(), "")));
    }

    /** A form of a page. */
    void submit(String path) {
        answered("POST " + path, () -> page.request().post(path, signed(Map.of(), "")));
    }

    private RequestOptions signed(Map<String, ?> body, String key) {
        page.navigate("/t/acme/operations");
        RequestOptions options = RequestOptions.create().setHeader(meta("csrf-header"), meta("csrf-token"));
        if (!key.isEmpty()) {
            options.setHeader("Idempotency-Key", key);
        }
        return body.isEmpty() && key.isEmpty() ? options : options.setData(body);
    }

    private String meta(String name) {
        return page.locator("meta[name=" + name + "]").getAttribute("content");
    }

    private interface Request {
        APIResponse send();
    }

    private static byte[] answered(String what, Request request) {
        APIResponse answer = Await.until(what, PATIENCE, request::send, response -> response.status() < SERVER_ERRORS);
        if (!answer.ok()) {
            throw new AssertionError(
                    what + ": " + answer.status() + " " + new String(answer.body(), StandardCharsets.UTF_8));
        }
        return answer.body();
    }
}
