package cloud.freehold.portal.common;

import cloud.freehold.portal.common.InvalidInputException.FieldProblem;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.springframework.validation.BindingResult;

/** Puts what the domain refused beside the field that it concerns. */
public final class FormErrors {

    private FormErrors() {}

    /**
     * Answers a form that was sent.
     *
     * @param work carries it out; gives the view to go on to
     * @param again gives the view with the form as it was sent, for a 422 with what was refused beside its fields
     * @throws NotFoundException when what the form is about is not there: then there is no form to show either
     */
    public static String answer(
            BindingResult binding, HttpServletResponse response, Supplier<String> work, Supplier<String> again) {
        if (!binding.hasErrors()) {
            try {
                return work.get();
            } catch (NotFoundException gone) {
                throw gone;
            } catch (FreeholdException refused) {
                add(binding, refused);
            }
        }
        response.setStatus(422);
        return again.get();
    }

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
