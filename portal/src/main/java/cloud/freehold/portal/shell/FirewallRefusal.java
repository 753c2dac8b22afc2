package cloud.freehold.portal.shell;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.security.web.firewall.RequestRejectedHandler;
import org.springframework.stereotype.Component;

/** An address or header that no browser sends: control characters, encoded slashes, path traversal. */
@Component
class FirewallRefusal implements RequestRejectedHandler {

    private final ProblemWriter problems;

    FirewallRefusal(ProblemWriter problems) {
        this.problems = problems;
    }

    @Override
    public void handle(HttpServletRequest request, HttpServletResponse response, RequestRejectedException refused)
            throws IOException {
        problems.write(request, response, Problems.http(400));
    }
}
