package cloud.freehold.portal.shell;

import java.util.Set;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.resource.ResourceUrlProvider;
import org.thymeleaf.dialect.AbstractProcessorDialect;
import org.thymeleaf.processor.IProcessor;

/**
 * {@code fh:icon} and {@code fh:chip} in templates. What long tables hold thousands of is no fragment, because a fragment
 * costs as much as the rest of a row does.
 */
@Component
class FreeholdDialect extends AbstractProcessorDialect {

    /** After Thymeleaf's own loops, conditions and attributes. */
    static final int PRECEDENCE = 1500;

    private final ResourceUrlProvider urls;

    FreeholdDialect(ResourceUrlProvider urls) {
        super("Freehold", "fh", PRECEDENCE);
        this.urls = urls;
    }

    @Override
    public Set<IProcessor> getProcessors(String prefix) {
        Icons icons = new Icons(urls);
        return Set.of(new IconProcessor(prefix, icons), new ChipProcessor(prefix, icons));
    }
}
