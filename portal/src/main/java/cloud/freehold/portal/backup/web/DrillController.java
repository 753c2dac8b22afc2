package cloud.freehold.portal.backup.web;

import cloud.freehold.portal.backup.DrillId;
import cloud.freehold.portal.backup.Upkeep;
import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import org.springframework.http.CacheControl;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;

/** Restore drills: how they ended, how long they took, what the console showed. */
@Controller
@RequestMapping("/t/{tenantSlug}/backups/drills")
class DrillController {

    private static final int SHOWN = 25;

    private final Upkeep upkeep;

    DrillController(Upkeep upkeep) {
        this.upkeep = upkeep;
    }

    @GetMapping
    String list(
            TenantScope scope, @RequestParam(defaultValue = "") String after, HttpServletRequest request, Model model) {
        model.addAttribute(
                "page", upkeep.drills(scope.tenantId(), null, after.isEmpty() ? null : DrillId.of(after), SHOWN));
        return Htmx.of(request).view("backup/drills", "backup/_drills :: list");
    }

    @GetMapping("/{drillId}/screenshot")
    ResponseEntity<byte[]> screenshot(TenantScope scope, @PathVariable String drillId) {
        byte[] picture = upkeep.screenshot(scope.tenantId(), DrillId.of(drillId))
                .orElseThrow(() -> new NotFoundException("This drill has no picture of its console."));
        return ResponseEntity.ok()
                .contentType(MediaType.IMAGE_PNG)
                .cacheControl(CacheControl.maxAge(Duration.ofDays(30)).cachePrivate())
                .header("X-Content-Type-Options", "nosniff")
                .body(picture);
    }
}
