package cloud.freehold.portal.shell;

import java.util.regex.Pattern;
import org.springframework.beans.InvalidPropertyException;
import org.springframework.beans.PropertyAccessException;
import org.springframework.core.Ordered;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.Order;
import org.springframework.validation.BindingResult;
import org.springframework.validation.DefaultBindingErrorProcessor;
import org.springframework.web.bind.WebDataBinder;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.InitBinder;
import org.springframework.web.context.request.WebRequest;

/**
 * A form that is a record takes what its components name and nothing else, however deep a client builds its field names.
 * No form here numbers its fields ({@code rule[9]}), and Spring's binding of records fails on a number that it did not
 * expect, so these are refused before.
 *
 * <p>What people type is text in every form. A component of another type holds what the page itself wrote, such as a version
 * or a choice: a value that does not fit it is no mistake to show beside a field, and Spring would bind no form at all.
 */
@ControllerAdvice
@Order(Ordered.HIGHEST_PRECEDENCE)
class FormBinding {

    private static final Pattern NUMBERED = Pattern.compile("\\[\\d+]");

    @InitBinder
    void onlyDeclaredFields(WebDataBinder binder, WebRequest request) {
        ResolvableType type = binder.getTargetType();
        Class<?> form = type == null ? null : type.resolve();
        Object target = binder.getTarget();
        if (form != null && form.isRecord()
                || target != null && target.getClass().isRecord()) {
            refuseNumberedFields(request);
            binder.setDeclarativeBinding(true);
            binder.setBindingErrorProcessor(new Mismatches());
        }
    }

    private static void refuseNumberedFields(WebRequest request) {
        request.getParameterNames().forEachRemaining(name -> {
            if (NUMBERED.matcher(name).find()) {
                throw new InvalidPropertyException(Object.class, name, "forms here have no numbered fields");
            }
        });
    }

    private static final class Mismatches extends DefaultBindingErrorProcessor {
        @Override
        public void processPropertyAccessException(PropertyAccessException mismatch, BindingResult result) {
            throw mismatch;
        }
    }
}
