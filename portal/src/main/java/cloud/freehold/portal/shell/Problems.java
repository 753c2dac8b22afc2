package cloud.freehold.portal.shell;

import cloud.freehold.portal.common.FreeholdException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.InvalidInputException.FieldProblem;
import jakarta.validation.ConstraintViolationException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.InvalidPropertyException;
import org.springframework.beans.TypeMismatchException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.dao.PessimisticLockingFailureException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.TransactionSystemException;
import org.springframework.validation.BindException;
import org.springframework.validation.FieldError;
import org.springframework.web.ErrorResponse;
import org.springframework.web.method.annotation.HandlerMethodValidationException;
import org.springframework.web.method.annotation.MethodArgumentTypeMismatchException;

/**
 * Says what a failure means to the person who asked. Only what is meant for people is shown; the rest is logged with
 * the request's id.
 */
@Component
class Problems {

    private static final Logger log = LoggerFactory.getLogger(Problems.class);

    Problem of(Exception failure) {
        if (failure instanceof FreeholdException expected) {
            List<FieldProblem> fields = expected instanceof InvalidInputException input ? input.fields() : List.of();
            return new Problem(expected.status(), expected.code(), expected.title(), sentence(expected), fields);
        }
        Problem problem = badInput(failure);
        if (problem == null) {
            problem = database(failure);
        }
        if (problem == null && failure instanceof ErrorResponse response) {
            problem = http(response.getStatusCode().value());
        }
        if (problem == null || problem.status() == 500) {
            log.error("Request failed", failure);
        } else if (problem.status() > 500) {
            log.warn("Request failed for now: {}", failure.toString());
        }
        return problem != null ? problem : http(500);
    }

    private static String sentence(FreeholdException failure) {
        String message = failure.getMessage();
        return message == null ? failure.title() : message;
    }

    private static @Nullable Problem badInput(Exception failure) {
        if (failure instanceof BindException binding) {
            List<FieldProblem> fields = binding.getFieldErrors().stream()
                    .map(error -> new FieldProblem(error.getField(), message(error)))
                    .toList();
            String text = fields.isEmpty()
                    ? "Something you entered is not valid."
                    : fields.get(0).field() + ": " + fields.get(0).message();
            return new Problem(422, "input.invalid", InvalidInputException.TITLE, text, fields);
        }
        if (failure instanceof TypeMismatchException mismatch) {
            String name = mismatch instanceof MethodArgumentTypeMismatchException argument
                    ? argument.getName()
                    : mismatch.getPropertyName();
            return Problem.ofInput(400, "input.type", "\"" + name + "\" does not have the form that is expected here.");
        }
        if (failure instanceof ConstraintViolationException || failure instanceof HandlerMethodValidationException) {
            return Problem.ofInput(422, "input.invalid", "A value is missing, too long or outside its limits.");
        }
        if (failure instanceof InvalidPropertyException) {
            return Problem.ofInput(400, "input.field", "A field was sent that this form does not have.");
        }
        if (failure instanceof HttpMessageNotReadableException) {
            return Problem.ofInput(
                    400, "input.unreadable", "The body of the request could not be read as the expected JSON.");
        }
        return null;
    }

    private static String message(FieldError error) {
        if (error.isBindingFailure()) {
            return "does not have the form that is expected here";
        }
        String message = error.getDefaultMessage();
        return message == null ? "is not valid" : message;
    }

    private static @Nullable Problem database(Exception failure) {
        if (failure instanceof OptimisticLockingFailureException
                || failure instanceof PessimisticLockingFailureException) {
            return new Problem(
                    409,
                    "conflict.stale",
                    "Somebody was faster",
                    "It was changed by somebody else meanwhile, so nothing of yours was saved. Reload to see the"
                            + " present state and try again.");
        }
        if (failure instanceof DuplicateKeyException) {
            return new Problem(
                    409, "conflict.duplicate", "This exists already", "Choose another name or value and try again.");
        }
        if (failure instanceof DataIntegrityViolationException violation) {
            log.warn("The database refused what the portal let through", violation);
            return Problem.ofInput(422, "input.refused", "A value is outside what can be stored. Nothing was changed.");
        }
        if (isDatabaseAway(failure)) {
            return new Problem(
                    503,
                    "database.away",
                    "Not available right now",
                    "The database did not answer. Reload in a few seconds to see whether your change was saved, and"
                            + " make it again if it was not.");
        }
        return null;
    }

    static boolean isDatabaseAway(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof CannotCreateTransactionException
                    || cause instanceof DataAccessResourceFailureException
                    || cause instanceof TransientDataAccessException
                    || cause instanceof TransactionSystemException
                    || cause instanceof org.hibernate.TransactionException
                    || cause instanceof SQLTransientConnectionException
                    || cause instanceof SQLException sql && isConnectionState(sql.getSQLState())) {
                return true;
            }
        }
        return false;
    }

    /** Class 08: the connection broke; class 57: the server shuts down or starts up. */
    private static boolean isConnectionState(@Nullable String state) {
        return state != null && (state.startsWith("08") || state.startsWith("57P"));
    }

    static Problem http(int status) {
        return switch (status) {
            case 400 -> Problem.ofInput(400, "input.unreadable", "The request could not be understood.");
            case 403 -> new Problem(403, "access.refused", "This is not open to you", "Nothing was changed.");
            case 404 ->
                new Problem(
                        404,
                        "not-found",
                        "There is nothing here",
                        "It may have been deleted, or it belongs to a tenant that you are not in. Check the address, or"
                                + " switch the tenant in the menu.");
            case 405 -> new Problem(405, "request.method", "This cannot be done here", "Nothing was changed.");
            case 413 ->
                new Problem(
                        413, "input.too-large", "That is too much at once", "Send a smaller file or fewer entries.");
            case 503 ->
                new Problem(
                        503,
                        "unavailable",
                        "Not available right now",
                        "Nothing was changed. Try again in a few seconds.");
            default ->
                status < 500
                        ? new Problem(status, "request.refused", "The request was refused", "Nothing was changed.")
                        : new Problem(
                                500,
                                "internal",
                                "Something went wrong on our side",
                                "It has been recorded under the request number below. Try again; if it happens again, tell"
                                        + " the provider that number.");
        };
    }
}
