package cloud.freehold.portal.shell;

import org.thymeleaf.context.ITemplateContext;
import org.thymeleaf.engine.AttributeName;
import org.thymeleaf.model.IProcessableElementTag;
import org.thymeleaf.processor.element.AbstractAttributeTagProcessor;
import org.thymeleaf.processor.element.IElementTagStructureHandler;
import org.thymeleaf.templatemode.TemplateMode;

/**
 * {@code <svg fh:icon="pencil"></svg>}; the value is a name or an expression. An icon is decoration: its control has a
 * text or a label of its own.
 */
final class IconProcessor extends AbstractAttributeTagProcessor {

    private final Icons icons;

    IconProcessor(String prefix, Icons icons) {
        super(TemplateMode.HTML, prefix, "svg", false, "icon", true, FreeholdDialect.PRECEDENCE, true);
        this.icons = icons;
    }

    @Override
    protected void doProcess(
            ITemplateContext context,
            IProcessableElementTag tag,
            AttributeName attribute,
            String value,
            IElementTagStructureHandler structure) {
        structure.setAttribute("class", "fh-icon");
        structure.setAttribute("viewBox", "0 0 24 24");
        structure.setAttribute("aria-hidden", "true");
        structure.setAttribute("focusable", "false");
        structure.setBody(icons.use(context, AttributeText.of(context, value)), false);
    }
}
