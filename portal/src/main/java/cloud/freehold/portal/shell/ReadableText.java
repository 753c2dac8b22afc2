package cloud.freehold.portal.shell;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Arrays;
import org.springframework.boot.jackson.JacksonComponent;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.deser.jdk.StringDeserializer;
import tools.jackson.databind.deser.std.StdDeserializer;

/**
 * Refuses text that cannot be stored or shown: NUL, which PostgreSQL does not take, and halves of surrogate pairs. At the
 * doors, so that no field of any form has to think of it.
 */
@Component
@Order(Ordered.LOWEST_PRECEDENCE)
class ReadableText extends OncePerRequestFilter {

    private final ProblemWriter problems;

    ReadableText(ProblemWriter problems) {
        this.problems = problems;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        boolean readable = request.getParameterMap().entrySet().stream()
                .allMatch(parameter -> isReadable(parameter.getKey())
                        && Arrays.stream(parameter.getValue()).allMatch(ReadableText::isReadable));
        if (readable) {
            chain.doFilter(request, response);
        } else {
            problems.write(
                    request,
                    response,
                    Problem.ofInput(
                            400,
                            "input.text",
                            "A field holds a character that no text can have. Type it again instead of pasting it."));
        }
    }

    static boolean isReadable(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == 0) {
                return false;
            }
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c)) {
                return false;
            }
        }
        return true;
    }

    /** The same for each text in a JSON body. */
    @JacksonComponent
    static class InJson extends StdDeserializer<String> {

        InJson() {
            super(String.class);
        }

        @Override
        public String deserialize(JsonParser parser, DeserializationContext context) {
            String text = StringDeserializer.instance.deserialize(parser, context);
            if (text != null && !isReadable(text)) {
                throw context.weirdStringException("…", String.class, "a character that no text can have");
            }
            return text;
        }
    }
}
