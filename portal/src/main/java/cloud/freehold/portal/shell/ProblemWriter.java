package cloud.freehold.portal.shell;

import cloud.freehold.portal.common.RequestId;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.stereotype.Component;
import org.thymeleaf.ITemplateEngine;
import org.thymeleaf.context.WebContext;
import org.thymeleaf.web.servlet.JakartaServletWebApplication;
import tools.jackson.databind.json.JsonMapper;

/** Writes a problem straight to the response; also for failures in filters, where there is no controller. */
@Component
class ProblemWriter {

    private final ITemplateEngine templates;
    private final JsonMapper json;

    ProblemWriter(ITemplateEngine templates, JsonMapper json) {
        this.templates = templates;
        this.json = json;
    }

    void write(HttpServletRequest request, HttpServletResponse response, Problem problem) throws IOException {
        response.setStatus(problem.status());
        response.setCharacterEncoding("UTF-8");
        response.setHeader("Cache-Control", "no-store");
        if (problem.status() == HttpServletResponse.SC_SERVICE_UNAVAILABLE) {
            response.setHeader("Retry-After", "5");
        }
        if (Problem.wantsJson(request)) {
            response.setContentType("application/problem+json");
            response.getWriter().write(json.writeValueAsString(asJson(request, problem)));
        } else {
            response.setContentType("text/html;charset=UTF-8");
            response.getWriter().write(page(request, response, problem));
        }
    }

    private String page(HttpServletRequest request, HttpServletResponse response, Problem problem) {
        var exchange = JakartaServletWebApplication.buildApplication(request.getServletContext())
                .buildExchange(request, response);
        WebContext context = new WebContext(exchange, request.getLocale());
        context.setVariable("problem", problem);
        context.setVariable(
                "requestId", RequestId.current().map(RequestId::toString).orElse(null));
        return templates.process("shell/problem", context);
    }

    private static Map<String, Object> asJson(HttpServletRequest request, Problem problem) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("type", "about:blank");
        body.put("title", problem.title());
        body.put("status", problem.status());
        body.put("detail", problem.text());
        body.put("code", problem.code());
        if (!problem.fields().isEmpty()) {
            body.put("fields", problem.fields());
        }
        RequestId.current().ifPresent(id -> body.put("requestId", id.toString()));
        return body;
    }
}
