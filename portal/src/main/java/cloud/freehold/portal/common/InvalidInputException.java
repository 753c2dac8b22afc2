package cloud.freehold.portal.common;

import java.util.List;

/** What was sent cannot be accepted; names the fields where it is known. */
public final class InvalidInputException extends FreeholdException {

    private static final long serialVersionUID = 1L;

    /** Above whatever was entered wrongly. */
    public static final String TITLE = "Please check what you entered";

    /** One field and what is wrong with it, in a sentence. */
    public record FieldProblem(String field, String message) implements java.io.Serializable {}

    private final List<FieldProblem> fields;

    public InvalidInputException(String code, String message) {
        this(code, message, List.of());
    }

    public InvalidInputException(String code, String message, List<FieldProblem> fields) {
        super(code, message);
        this.fields = List.copyOf(fields);
    }

    /** One wrong field. */
    public static InvalidInputException field(String code, String field, String message) {
        return new InvalidInputException(code, message, List.of(new FieldProblem(field, message)));
    }

    public List<FieldProblem> fields() {
        return fields;
    }

    @Override
    public int status() {
        return 422;
    }

    @Override
    public String title() {
        return TITLE;
    }
}
