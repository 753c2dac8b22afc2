package cloud.freehold.portal.shell;

import cloud.freehold.portal.common.RequestId;
import cloud.freehold.portal.common.Uuid7;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.slf4j.MDC;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Gives each request an id of our own making (what a client sends could be anything), in logs, the response and errors.
 * It is the outermost filter, so it also answers when the filters behind it cannot, for example because sessions cannot
 * be read while the database is away.
 */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
class RequestIdFilter extends OncePerRequestFilter {

    private static final String ATTRIBUTE = "requestId";

    private final Uuid7 ids;
    private final Problems problems;
    private final ProblemWriter writer;

    RequestIdFilter(Uuid7 ids, Problems problems, ProblemWriter writer) {
        this.ids = ids;
        this.problems = problems;
        this.writer = writer;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        String id = request.getAttribute(ATTRIBUTE) instanceof String known
                ? known
                : ids.next().toString();
        request.setAttribute(ATTRIBUTE, id);
        MDC.put(RequestId.MDC_KEY, id);
        response.setHeader("X-Request-Id", id);
        try {
            chain.doFilter(request, response);
        } catch (RuntimeException failure) {
            if (response.isCommitted()) {
                throw failure;
            }
            response.reset();
            response.setHeader("X-Request-Id", id);
            writer.write(request, response, problems.of(failure));
        } finally {
            MDC.remove(RequestId.MDC_KEY);
        }
    }

    @Override
    protected boolean shouldNotFilterAsyncDispatch() {
        return false;
    }
}
