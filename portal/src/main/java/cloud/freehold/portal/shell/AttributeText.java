package cloud.freehold.portal.shell;

import org.jspecify.annotations.Nullable;
import org.thymeleaf.context.ITemplateContext;
import org.thymeleaf.standard.expression.StandardExpressions;

/** The values of attributes of {@link FreeholdDialect}. */
final class AttributeText {

    private AttributeText() {}

    /** An expression's value, or the text as it stands; empty for none. */
    static String of(ITemplateContext context, @Nullable String value) {
        if (value == null || !value.contains("${")) {
            return value == null ? "" : value;
        }
        Object result = StandardExpressions.getExpressionParser(context.getConfiguration())
                .parseExpression(context, value)
                .execute(context);
        return result == null ? "" : result.toString();
    }
}
