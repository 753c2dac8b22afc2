package cloud.freehold.portal.search.web;

import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.search.Search;
import cloud.freehold.portal.search.SearchHit;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;

/** The page of results, and the same list as a fragment for the palette. */
@Controller
class SearchController {

    private final Search search;

    SearchController(Search search) {
        this.search = search;
    }

    @GetMapping("/t/{tenantSlug}/search")
    String find(TenantScope scope, @RequestParam(defaultValue = "") String q, HttpServletRequest request, Model model) {
        List<SearchHit> hits = search.find(scope.tenantId(), q);
        model.addAttribute("q", q);
        model.addAttribute("hits", hits);
        return Htmx.of(request).view("search/page", "search/page :: hits");
    }
}
