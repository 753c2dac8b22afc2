package cloud.freehold.portal.shell;

import cloud.freehold.portal.common.FreeholdException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.ExceptionHandler;

/** Turns whatever a controller throws into one kind of answer. */
@ControllerAdvice
@Order(Ordered.HIGHEST_PRECEDENCE)
class ProblemAdvice {

    private final Problems problems;
    private final ProblemWriter writer;

    ProblemAdvice(Problems problems, ProblemWriter writer) {
        this.problems = problems;
        this.writer = writer;
    }

    @ExceptionHandler(FreeholdException.class)
    void expected(FreeholdException failure, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        answer(failure, request, response);
    }

    @ExceptionHandler(Exception.class)
    void any(Exception failure, HttpServletRequest request, HttpServletResponse response) throws Exception {
        if (failure instanceof org.springframework.security.core.AuthenticationException
                || failure instanceof org.springframework.security.access.AccessDeniedException) {
            throw failure;
        }
        answer(failure, request, response);
    }

    private void answer(Exception failure, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        if (!response.isCommitted()) {
            writer.write(request, response, problems.of(failure));
        }
    }
}
