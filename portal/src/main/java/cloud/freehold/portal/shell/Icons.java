package cloud.freehold.portal.shell;

import org.jspecify.annotations.Nullable;
import org.springframework.web.servlet.resource.ResourceUrlProvider;
import org.thymeleaf.context.ITemplateContext;
import org.thymeleaf.context.IWebContext;

/** References to the sprite of icons; their names are in {@code static/icons.txt}. */
final class Icons {

    private static final String SPRITE = "/vendor/icons/icons.svg";

    private final ResourceUrlProvider urls;
    private volatile @Nullable String versionedSprite;

    Icons(ResourceUrlProvider urls) {
        this.urls = urls;
    }

    /** The inner part of an {@code <svg>}. */
    String use(ITemplateContext context, String name) {
        return "<use href=\"" + sprite(context) + "#" + name.replaceAll("[^a-z0-9-]", "") + "\"></use>";
    }

    /** The path with its version does not change while this program runs. */
    private String sprite(ITemplateContext context) {
        String known = versionedSprite;
        if (known == null) {
            String versioned = urls.getForLookupPath(SPRITE);
            String application = context instanceof IWebContext web
                    ? web.getExchange().getRequest().getApplicationPath()
                    : "";
            known = application + (versioned == null ? SPRITE : versioned);
            versionedSprite = known;
        }
        return known;
    }
}
