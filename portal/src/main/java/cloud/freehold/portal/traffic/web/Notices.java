package cloud.freehold.portal.traffic.web;

import cloud.freehold.portal.common.Htmx;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Map;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Says something in the corner of a page that htmx changed. */
@Component
class Notices {

    private final JsonMapper json;

    Notices(JsonMapper json) {
        this.json = json;
    }

    void say(HttpServletResponse response, String text) {
        response.setHeader(
                Htmx.TRIGGER, json.writeValueAsString(Map.of("notice", Map.of("text", text, "tone", "good"))));
    }
}
