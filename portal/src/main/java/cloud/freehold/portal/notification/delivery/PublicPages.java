package cloud.freehold.portal.notification.delivery;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** Addresses of the portal's pages for those who are elsewhere. */
@Component
class PublicPages {

    private final String base;

    PublicPages(@Value("${freehold.public-url:}") String base) {
        this.base = base.endsWith("/") ? base.substring(0, base.length() - 1) : base;
    }

    /** Null when there is no page, or the provider has not said where the portal is. */
    @Nullable
    String url(@Nullable String path) {
        return path == null || base.isEmpty() ? null : base + path;
    }
}
