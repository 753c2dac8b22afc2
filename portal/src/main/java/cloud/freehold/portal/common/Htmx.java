package cloud.freehold.portal.common;

import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

/**
 * What htmx 4 says about a request. It sends the target as {@code tag#id}; a boosted or history request wants the whole
 * page ({@code HX-Request-Type: full}).
 */
public record Htmx(
        boolean request, boolean partial, @Nullable String target) {

    public static final String REDIRECT = "HX-Redirect";
    public static final String TRIGGER = "HX-Trigger";
    public static final String RETARGET = "HX-Retarget";
    public static final String RESWAP = "HX-Reswap";

    public static Htmx of(HttpServletRequest request) {
        boolean htmx = "true".equals(request.getHeader("HX-Request"));
        boolean full = "full".equals(request.getHeader("HX-Request-Type"));
        return new Htmx(htmx, htmx && !full, targetId(request.getHeader("HX-Target")));
    }

    private static @Nullable String targetId(@Nullable String header) {
        return header == null ? null : header.substring(header.indexOf('#') + 1);
    }

    /** The fragment for an htmx request, the page for everything else (also without JavaScript). */
    public String view(String page, String fragment) {
        return partial ? fragment : page;
    }
}
