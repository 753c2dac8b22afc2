package cloud.freehold.portal.shell;

import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.InvalidInputException.FieldProblem;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;

/** What went wrong, for a page, a fragment or the API. */
record Problem(int status, String code, String title, String text, List<FieldProblem> fields) {

    Problem(int status, String code, String title, String text) {
        this(status, code, title, text, List.of());
    }

    /** Something about what was sent, as a whole. */
    static Problem ofInput(int status, String code, String text) {
        return new Problem(status, code, InvalidInputException.TITLE, text);
    }

    /** The API always answers in JSON, whatever the client accepts. */
    static boolean wantsJson(HttpServletRequest request) {
        String path = request.getRequestURI();
        Object failedPath = request.getAttribute(jakarta.servlet.RequestDispatcher.ERROR_REQUEST_URI);
        String asked = failedPath instanceof String original ? original : path;
        return asked.startsWith("/api/") || asked.startsWith("/agent/");
    }
}
