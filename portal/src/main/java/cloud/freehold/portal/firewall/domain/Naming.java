package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.InvalidInputException.FieldProblem;
import java.util.ArrayList;
import java.util.List;

/** Names of groups stand in rules and files as {@code group:NAME}, so a name holds nothing that separates there. */
final class Naming {

    private static final String NAME = "[\\p{L}\\p{N}]([\\p{L}\\p{M}\\p{N} ._-]{0,61}[\\p{L}\\p{M}\\p{N}._-])?";
    private static final int DESCRIPTION_LIMIT = 500;

    private Naming() {}

    static void check(String name, String description) {
        List<FieldProblem> problems = new ArrayList<>();
        if (!name.matches(NAME)) {
            problems.add(new FieldProblem(
                    "name",
                    name.isBlank()
                            ? "Give it a name, for example web or office."
                            : "A name has 1 to 63 letters, digits, spaces, dots, dashes and underscores, and starts with a letter or"
                                    + " digit."));
        }
        if (description.length() > DESCRIPTION_LIMIT) {
            problems.add(new FieldProblem(
                    "description",
                    "The description has " + description.length() + " characters; at most " + DESCRIPTION_LIMIT
                            + " fit."));
        } else if (description.chars().anyMatch(c -> Character.isISOControl(c) && c != '\n' && c != '\r')) {
            problems.add(new FieldProblem("description", "The description has control characters. Remove them."));
        }
        if (!problems.isEmpty()) {
            throw new InvalidInputException("input.invalid", problems.get(0).message(), problems);
        }
    }
}
