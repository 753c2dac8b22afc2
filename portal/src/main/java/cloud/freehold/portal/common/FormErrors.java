package cloud.freehold.portal.common;

import cloud.freehold.portal.common.InvalidInputException.FieldProblem;
import java.util.List;
import java.util.Objects;
import org.springframework.validation.BindingResult;

/** Puts what the domain refused beside the field that it concerns. */
public final class FormErrors {

    private FormErrors() {}

    public static void add(BindingResult binding, FreeholdException refused) {
        List<FieldProblem> fields = refused instanceof InvalidInputException input ? input.fields() : List.of();
        if (fields.isEmpty()) {
            binding.reject(refused.code(), Objects.requireNonNullElse(refused.getMessage(), refused.title()));
        }
        for (FieldProblem field : fields) {
            binding.rejectValue(field.field(), refused.code(), field.message());
        }
    }
}
