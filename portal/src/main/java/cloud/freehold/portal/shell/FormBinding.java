package cloud.freehold.portal.shell;

import org.springframework.core.Ordered;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.Order;
import org.springframework.web.bind.WebDataBinder;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.InitBinder;

/** A form that is a record takes what its components name and nothing else, however deep a client builds its field names. */
@ControllerAdvice
@Order(Ordered.HIGHEST_PRECEDENCE)
class FormBinding {

    @InitBinder
    void onlyDeclaredFields(WebDataBinder binder) {
        ResolvableType type = binder.getTargetType();
        Class<?> form = type == null ? null : type.resolve();
        Object target = binder.getTarget();
        if (form != null && form.isRecord()
                || target != null && target.getClass().isRecord()) {
            binder.setDeclarativeBinding(true);
        }
    }
}
