package cloud.freehold.portal.shell;

import cloud.freehold.portal.common.Htmx;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.FlashMap;
import org.springframework.web.servlet.support.SessionFlashMapManager;

/**
 * Keeps what a form's answer says for the page that it leads to. The page before it is still there meanwhile, and its
 * parts are fetched again, from the same address, as soon as they hear of the very change: they would take the words,
 * even a secret that is shown once, to where nobody sees them. So a part gets only what a form says that was sent as a
 * part.
 */
@Component(DispatcherServlet.FLASH_MAP_MANAGER_BEAN_NAME)
class PageFlashMaps extends SessionFlashMapManager {

    private static final String FOR_PART = PageFlashMaps.class.getName();

    @Override
    protected boolean isFlashMapForRequest(FlashMap map, HttpServletRequest request) {
        boolean part = isPart(request);
        return map.getOrDefault(FOR_PART, part).equals(part) && super.isFlashMapForRequest(map, request);
    }

    @Override
    protected void updateFlashMaps(List<FlashMap> maps, HttpServletRequest request, HttpServletResponse response) {
        // Those of requests before this one have their mark already.
        maps.forEach(map -> map.putIfAbsent(FOR_PART, isPart(request)));
        super.updateFlashMaps(maps, request, response);
    }

    private static boolean isPart(HttpServletRequest request) {
        return Htmx.of(request).partial();
    }
}
