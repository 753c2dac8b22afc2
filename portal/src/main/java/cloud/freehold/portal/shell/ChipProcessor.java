package cloud.freehold.portal.shell;

import java.util.Locale;
import java.util.Map;
import org.thymeleaf.context.ITemplateContext;
import org.thymeleaf.engine.AttributeName;
import org.thymeleaf.model.IProcessableElementTag;
import org.thymeleaf.processor.element.AbstractAttributeTagProcessor;
import org.thymeleaf.processor.element.IElementTagStructureHandler;
import org.thymeleaf.templatemode.TemplateMode;
import org.unbescape.html.HtmlEscape;

/**
 * {@code <span fh:chip="${vm.state}" fh:says="${words}"></span>}: a state with its icon, so that it is told by more than
 * a colour. Without {@code fh:says} the chip says the state's own word.
 */
final class ChipProcessor extends AbstractAttributeTagProcessor {

    private static final String SAYS = "says";

    /** Icons by state; any other state gets a dot. */
    private static final Map<String, String> ICONS = Map.ofEntries(
            Map.entry("running", "player-play-filled"),
            Map.entry("stopped", "player-stop-filled"),
            Map.entry("paused", "player-pause-filled"),
            Map.entry("starting", "loader-2"),
            Map.entry("stopping", "loader-2"),
            Map.entry("creating", "loader-2"),
            Map.entry("deleting", "loader-2"),
            Map.entry("rebooting", "loader-2"),
            Map.entry("applying", "loader-2"),
            Map.entry("queued", "clock"),
            Map.entry("pending", "clock"),
            Map.entry("confirming", "hourglass"),
            Map.entry("enforced", "shield-check-filled"),
            Map.entry("done", "circle-check"),
            Map.entry("active", "circle-check"),
            Map.entry("online", "circle-check"),
            Map.entry("failed", "alert-circle"),
            Map.entry("error", "alert-circle"),
            Map.entry("away", "plug-connected-x"),
            Map.entry("expired", "clock-pause"),
            Map.entry("allow", "check"),
            Map.entry("drop", "ban"),
            Map.entry("off", "circle-minus"),
            Map.entry("warning", "alert-triangle"),
            Map.entry("info", "info-circle"));

    private final String prefix;
    private final Icons icons;

    ChipProcessor(String prefix, Icons icons) {
        super(TemplateMode.HTML, prefix, "span", false, "chip", true, FreeholdDialect.PRECEDENCE, true);
        this.prefix = prefix;
        this.icons = icons;
    }

    @Override
    protected void doProcess(
            ITemplateContext context,
            IProcessableElementTag tag,
            AttributeName attribute,
            String value,
            IElementTagStructureHandler structure) {
        String state = AttributeText.of(context, value).toLowerCase(Locale.ROOT);
        String says = AttributeText.of(context, tag.getAttributeValue(prefix, SAYS));
        String icon = ICONS.getOrDefault(state, "circle-dot");
        structure.removeAttribute(prefix, SAYS);
        structure.setAttribute("class", "fh-chip");
        structure.setAttribute("data-state", HtmlEscape.escapeHtml4Xml(state));
        structure.setBody(
                "<svg class=\"fh-icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\" focusable=\"false\">"
                        + icons.use(context, icon) + "</svg><span>"
                        + HtmlEscape.escapeHtml4Xml(says.isEmpty() ? state : says) + "</span>",
                false);
    }
}
