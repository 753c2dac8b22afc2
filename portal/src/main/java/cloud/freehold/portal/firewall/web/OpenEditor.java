package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.firewall.RuleId;
import cloud.freehold.portal.firewall.domain.Direction;
import cloud.freehold.portal.firewall.domain.FieldError;
import cloud.freehold.portal.firewall.domain.RuleInput;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The row that is being edited.
 *
 * @param rule null for a new rule
 */
record OpenEditor(@Nullable RuleId rule, Direction direction, RuleInput input, Map<String, FieldError> errors) {

    static OpenEditor of(@Nullable RuleId rule, Direction direction, RuleInput input, List<FieldError> errors) {
        return new OpenEditor(
                rule,
                direction,
                input,
                errors.stream().collect(Collectors.toMap(FieldError::field, Function.identity(), (a, b) -> a)));
    }

    public boolean isNew() {
        return rule == null;
    }

    public boolean edits(RuleId id) {
        return id.equals(rule);
    }

    public boolean addsTo(Direction where) {
        return rule == null && direction == where;
    }
}
