package cloud.freehold.portal.shell;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.context.request.async.AsyncRequestTimeoutException;
import org.springframework.web.util.DisconnectedClientHelper;

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

    @ExceptionHandler(Exception.class)
    void any(Exception failure, HttpServletRequest request, HttpServletResponse response) throws Exception {
        if (failure instanceof org.springframework.security.core.AuthenticationException
                || failure instanceof org.springframework.security.access.AccessDeniedException) {
            throw failure;
        }
        if (!response.isCommitted()) {
            writer.write(request, response, problems.of(failure));
        } else if (!endsAStream(failure)) {
            // A part of the answer is out: only a connection that breaks tells its reader that it is not the whole.
            throw failure;
        }
    }

    private static boolean endsAStream(Exception failure) {
        return failure instanceof AsyncRequestTimeoutException
                || DisconnectedClientHelper.isClientDisconnectedException(failure);
    }
}
