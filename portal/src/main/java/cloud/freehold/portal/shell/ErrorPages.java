package cloud.freehold.portal.shell;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.RequestMapping;

/** The last resort of the servlet container: failures outside of controllers get the same pages. */
@Controller
class ErrorPages implements ErrorController {

    private final Problems problems;
    private final ProblemWriter writer;

    ErrorPages(Problems problems, ProblemWriter writer) {
        this.problems = problems;
        this.writer = writer;
    }

    @RequestMapping("/error")
    void error(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (response.isCommitted()) {
            // The container breaks the connection; a page at the end of half a file would look like a part of it.
            return;
        }
        if (request.getAttribute(RequestDispatcher.ERROR_EXCEPTION) instanceof Exception failure) {
            writer.write(request, response, problems.of(failure));
            return;
        }
        // Somebody who opens /error by hand has asked for a page that there is not.
        Object status = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE);
        writer.write(request, response, Problems.http(status instanceof Integer code ? code : 404));
    }
}
